"""Imports from CSV and XLSX: upload, columns with good guesses, a preview with what is wrong in which line, apply.

A feature describes its import as an `Import` and calls `add_steps`; both steps that matter, `plan` and `apply`, are its
own. Nothing is written before the last step, and that writes all rows or none.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext, ngettext
from flask_babel.speaklater import LazyString

from portal.core import uploads
from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.core.models import Upload
from portal.core.sheets import SIGNS, Sheet, read_sheet
from portal.core.text import fold
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import number
from portal.web.i18n import LOCALES

Kind = Literal["new", "changed", "same", "wrong"]

#: So many rows of each kind are shown before the last step.
SHOWN = {"wrong": 200, "new": 20, "changed": 50, "same": 0}
#: So many values of a column stand below its title.
EXAMPLES = 3
_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Column:
    """Something that a column of a file may hold.

    ``also`` are other titles it is known by; ``choices`` are values that may be set for all rows where no column of
    the file holds it.
    """

    name: str
    label: LazyString | str
    also: Sequence[str] = ()
    required: bool = False
    choices: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the file: the line it stands in, and the texts of the columns that were chosen, by their names."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a row would do. ``errors`` are messages by column; ``changes`` name what would be another value."""

    line: int
    label: str
    kind: Kind
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    changes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """An import of a feature.

    ``columns`` says what the files may hold; ``plan`` what each record would do, and reads only; ``apply`` does it in
    the request's transaction, planning anew, and raises `Refused` where a row is wrong by now. ``back`` is the endpoint
    of the list that is added to, where one goes afterwards, and ``listing`` its name.
    """

    kind: str
    title: LazyString
    about: LazyString
    permission: str
    back: str
    listing: LazyString
    columns: Callable[[EventScope], Sequence[Column]]
    plan: Callable[[EventScope, Sequence[Record]], Sequence[Planned]]
    apply: Callable[[Actor, EventScope, Sequence[Record]], Sequence[Planned]]
    template: str = "imports/preview.html"


class Refused(InvalidInput):
    """Rows are wrong: nothing was imported."""

    def __init__(self) -> None:
        super().__init__({"non_field_errors": ["Some rows are wrong. Nothing was imported."]})


def refuse_wrong(planned: Sequence[Planned]) -> None:
    """Raise `Refused` where one of the rows is wrong."""
    if any(each.kind == "wrong" for each in planned):
        raise Refused()


# ------------------------------------------------------------------------------------------------------- the columns


def _plain(title: str) -> str:
    return _WORDS.sub(" ", fold(title)).strip()


def guess(head: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """The name of a column for each title of a file, ``""`` where none fits; each name once.

    A title fits by the column's name, its label in any of the portal's languages, or another title it is known by;
    where none does, by the words that it begins with.
    """
    known: dict[str, str] = {}
    for locale in LOCALES:
        with force_locale(locale):
            for column in columns:
                for title in (column.name, str(column.label), *column.also):
                    known.setdefault(_plain(title), column.name)
    found = [known.get(_plain(title), "") for title in head]
    found = [name if name not in found[:place] else "" for place, name in enumerate(found)]
    for place, title in enumerate(head):
        if not found[place]:
            begins = (name for words, name in known.items() if len(words) > 3 and _plain(title).startswith(words + " "))
            found[place] = next((name for name in begins if name not in found), "")
    return found


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which column of the file holds what, and what is set for all rows."""

    names: Sequence[str]
    fixed: Mapping[str, str]
    errors: Sequence[str] = ()


def read_mapping(given: Mapping[str, str], sheet: Sheet, columns: Sequence[Column]) -> Chosen:
    """The mapping in a form or an address (``column-0``, ``fixed-<name>``), where it has one, else the guess."""
    known = {column.name: column for column in columns}
    if any(name.startswith("column-") for name in given):
        names = [given.get(f"column-{place}", "") for place in range(len(sheet.head))]
        names = [name if name in known else "" for name in names]
    else:
        names = guess(sheet.head, columns)
    fixed = {
        column.name: value
        for column in columns
        if column.name not in names
        and (value := given.get(f"fixed-{column.name}", ""))
        and value in (choice for choice, _ in column.choices)
    }
    twice = [str(known[name].label) for name, count in Counter(names).items() if name and count > 1]
    errors = [gettext("Two columns of the file are chosen as “%(name)s”.", name=name) for name in twice]
    errors += [
        gettext("No column of the file is chosen as “%(name)s”.", name=column.label)
        for column in columns
        if column.required and column.name not in names and column.name not in fixed
    ]
    return Chosen(names, fixed, errors)


def records_of(sheet: Sheet, mapping: Chosen) -> list[Record]:
    """The rows of a sheet by the names of their columns."""
    chosen = [(place, name) for place, name in enumerate(mapping.names) if name]
    return [
        Record(row.line, {**mapping.fixed, **{name: _unguarded(row.cells[place]) for place, name in chosen}})
        for row in sheet.rows
    ]


def _unguarded(text: str) -> str:
    """A cell without the apostrophe by which an export keeps it from becoming a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in SIGNS else text


# --------------------------------------------------------------------------------------------------------- the steps


def add_steps(blueprint: Blueprint, described: Import, *, path: str = "/import", name: str = "import") -> None:
    """Add an import's routes below an event's blueprint.

    Their endpoints are ``<name>_start``, ``_upload``, ``_preview``, ``_apply`` and ``_drop``.
    """
    steps = _Steps(described, f"{blueprint.name}.{name}")
    rule = event_member(described.permission)
    one = f"{path}/<int(max=9007199254740991):upload_id>"
    for suffix, address, method, step in (
        ("start", path, "GET", steps.start),
        ("upload", path, "POST", steps.upload),
        ("preview", one, "GET", steps.preview),
        ("apply", one, "POST", steps.apply),
        ("drop", f"{one}/drop", "POST", steps.drop),
    ):
        view = rule(_view(step))
        blueprint.add_url_rule(address, endpoint=f"{name}_{suffix}", view_func=view, methods=[method])


def _view(step: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    def view(organizer: str, event: str, **values: Any) -> ResponseReturnValue:
        return step(**values)

    view.__doc__ = step.__doc__
    return view


@dataclass(frozen=True, slots=True)
class _Steps:
    described: Import
    prefix: str

    def _url(self, step: str, **values: Any) -> str:
        scope = event_scope()
        values |= {"organizer": scope.organizer_slug, "event": scope.event_slug}
        return url_for(step if "." in step else f"{self.prefix}_{step}", **values)

    def _page(self, template: str, **context: Any) -> str:
        return pages.page(template, described=self.described, step_url=self._url, **context)

    def start(self) -> ResponseReturnValue:
        """The form to choose a file, and what its columns may be."""
        return self._start()

    def _start(self, errors: Mapping[str, Sequence[str]] | None = None) -> ResponseReturnValue:
        columns = self.described.columns(event_scope())
        page = self._page("imports/start.html", columns=columns, errors=errors or {})
        return (page, 422) if errors else page

    def upload(self) -> ResponseReturnValue:
        """Read the file and keep it until it is confirmed."""
        given = request.files.get("file")
        data = given.read() if given is not None else b""
        filename = (given.filename if given is not None else None) or ""
        if not data:
            return self._start({"file": [gettext("Choose a file.")]})
        try:
            read_sheet(data, filename)
        except InvalidInput as refused:
            return self._start(refused.fields)
        kept = uploads.keep(
            actor=actor(), kind=self.described.kind, event_id=event_scope().event_id, filename=filename, data=data
        )
        db.session.commit()
        return redirect(self._url("preview", upload_id=kept.id), 303)

    def preview(self, upload_id: int) -> ResponseReturnValue:
        """What the columns are taken for, and what each row would do."""
        return self._preview(self._kept(upload_id), request.args)

    def _kept(self, upload_id: int) -> Upload:
        scope = event_scope()
        return uploads.kept(actor=actor(), kind=self.described.kind, event_id=scope.event_id, upload_id=upload_id)

    def _preview(self, kept: Upload, given: Mapping[str, str], *, status: int = 200) -> ResponseReturnValue:
        scope = event_scope()
        columns = self.described.columns(scope)
        sheet = read_sheet(kept.data, kept.filename)
        mapping = read_mapping(given, sheet, columns)
        planned = [] if mapping.errors else self.described.plan(scope, records_of(sheet, mapping))
        counts = Counter(each.kind for each in planned)
        page = self._page(
            self.described.template,
            upload=kept,
            sheet=sheet,
            columns=columns,
            labels={column.name: column.label for column in columns},
            mapping=mapping,
            examples=_examples(sheet),
            counts=counts,
            shown={kind: [each for each in planned if each.kind == kind][:most] for kind, most in SHOWN.items()},
            ready=bool(planned) and not counts["wrong"] and bool(counts["new"] or counts["changed"]),
        )
        return page, status

    def apply(self, upload_id: int) -> ResponseReturnValue:
        """Import all rows, or say what is wrong by now and import none."""
        # Who clicks twice waits here, and then finds that the file is gone.
        db.session.execute(sa.select(Upload.id).where(Upload.id == upload_id).with_for_update())
        kept = self._kept(upload_id)
        scope = event_scope()
        sheet = read_sheet(kept.data, kept.filename)
        mapping = read_mapping(request.form, sheet, self.described.columns(scope))
        if mapping.errors:
            return self._preview(kept, request.form, status=422)
        try:
            done = self.described.apply(actor(), scope, records_of(sheet, mapping))
        except Refused:
            db.session.rollback()
            return self._preview(self._kept(upload_id), request.form, status=422)
        uploads.drop(kept)
        db.session.commit()
        flash(_said(Counter(each.kind for each in done)), "done")
        return redirect(self._url(self.described.back), 303)

    def drop(self, upload_id: int) -> ResponseReturnValue:
        """Forget the file; nothing changes."""
        try:
            uploads.drop(self._kept(upload_id))
        except NotFound:
            db.session.rollback()
        db.session.commit()
        flash(gettext("The file is discarded. Nothing changed."), "done")
        return redirect(self._url("start"), 303)


def _examples(sheet: Sheet) -> list[list[str]]:
    """The first values of each column, each once."""
    first = sheet.rows[:50]
    return [
        list(dict.fromkeys(row.cells[place][:60] for row in first if row.cells[place]))[:EXAMPLES]
        for place in range(len(sheet.head))
    ]


def _said(counts: Mapping[str, int]) -> str:
    new, changed, same = (counts.get(kind, 0) for kind in ("new", "changed", "same"))
    words = (
        ngettext("%(count)s row added", "%(count)s rows added", new, count=number(new)),
        ngettext("%(count)s changed", "%(count)s changed", changed, count=number(changed)),
        ngettext("%(count)s as it was", "%(count)s as they were", same, count=number(same)),
    )
    return gettext("Imported: %(words)s.", words=", ".join(words))
