"""Exhibitors from a table: what each row would do, and doing all of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError

from portal.core.actors import Actor, EventScope
from portal.core.names import SCHEMES, compose
from portal.core.sentences import Sentence
from portal.core.statements import run
from portal.events.models import Event
from portal.exhibitors import table
from portal.exhibitors.models import ExhibitorTag, exhibitor_tag_links
from portal.exhibitors.queries import EXHIBITORS
from portal.exhibitors.schemas import ExhibitorChangeSchema, ExhibitorWriteSchema
from portal.exhibitors.services import manage, tags
from portal.web import params
from portal.web.imports import Planned, Record, refuse_wrong

_YES, _NO = frozenset(("ja", "j", "x", "✓", "wahr")), frozenset(("nein", "-", "falsch"))
#: Names without a scheme get the first of these that has all their parts.
_SCHEMES = (
    "given_family",
    "title_given_family",
    "salutation_given_family",
    "salutation_title_given_family",
    "salutation_title_given_family_degree",
    "given_middle_family",
    "title_given_middle_family",
)
_TEXTS = frozenset(("name", "internal_id", "booth", "contact_email", "locale", "comment"))
_e = EXHIBITORS.c
_tags: sa.Table = ExhibitorTag.metadata.tables["exhibitor_tags"]
_links = exhibitor_tag_links.c
_events: sa.Table = Event.metadata.tables["events"]

_EXISTING = sa.select(EXHIBITORS).where(_e.event_id == sa.bindparam("event")).order_by(_e.id)
_TAGGED = (
    sa.select(_links.exhibitor_id, _tags.c.name)
    .join(_tags, _tags.c.id == _links.tag_id)
    .where(_tags.c.event_id == sa.bindparam("event"))
)
_TAG_NAMES = sa.select(_tags.c.name).where(_tags.c.event_id == sa.bindparam("event"))
#: Two imports into the same event come one after the other: the later one sees what the earlier one made.
_LOCK = sa.select(_events.c.id).where(_events.c.id == sa.bindparam("event")).with_for_update(key_share=True)


@dataclass(frozen=True, slots=True)
class _Row:
    planned: Planned
    exhibitor_id: int | None
    values: Mapping[str, Any]


class _Known:
    """The exhibitors that the event has, by what a row may name them with."""

    def __init__(self, event_id: int) -> None:
        tagged: dict[int, list[str]] = {}
        for exhibitor_id, name in run(_TAGGED, {"event": event_id}):
            tagged.setdefault(exhibitor_id, []).append(name)
        self.by_id: dict[int, dict[str, Any]] = {}
        self.by_internal_id: dict[str, list[int]] = {}
        for row in run(_EXISTING, {"event": event_id}).mappings():
            self.by_id[row["id"]] = {**row, "exhibitor_tags": sorted(tagged.get(row["id"], []))}
            if row["internal_id"]:
                self.by_internal_id.setdefault(row["internal_id"], []).append(row["id"])
        self.tags = set(run(_TAG_NAMES, {"event": event_id}).scalars())
        self.named: set[tuple[str, str]] = set()

    def find(self, record: Record, wrong: "_Wrong") -> int | None:
        """The exhibitor that a row names; None for a new one, and for one that it names wrongly."""
        number, internal_id = (record.values.get(name, "").strip() for name in ("id", "internal_id"))
        found: int | None = None
        if number:
            found = params.parse_id(number)
            if found not in self.by_id:
                wrong.add("id", Sentence("This event has no exhibitor with this number."))
                found = None
        elif internal_id:
            several = self.by_internal_id.get(internal_id, [])
            if len(several) > 1:
                wrong.add("internal_id", Sentence("Several exhibitors have this internal id. Name them by number."))
            found = several[0] if len(several) == 1 else None
        for kind, value in (("id", str(found or "")), ("internal_id", internal_id)):
            if value and (kind, value) in self.named:
                wrong.add(kind, Sentence("This is in the file twice."))
        self.named |= {("id", str(found or "")), ("internal_id", internal_id)}
        return found


class _Wrong(dict[str, list[str]]):
    """All that is wrong with a row, by column."""

    def add(self, column: str, *messages: str) -> None:
        self.setdefault(column, []).extend(messages)


def plan(event: EventScope, records: Sequence[Record]) -> list[Planned]:
    """What each row would do; nothing is written."""
    return [row.planned for row in _plan(event, records)]


def apply(actor: Actor, event: EventScope, records: Sequence[Record]) -> list[Planned]:
    """Create and change what the rows say, or raise `Refused` where one of them is wrong."""
    run(_LOCK, {"event": event.event_id})
    rows = _plan(event, records)
    refuse_wrong([row.planned for row in rows])
    known = set(run(_TAG_NAMES, {"event": event.event_id}).scalars())
    wanted = dict.fromkeys(name for row in rows for name in row.values.get("exhibitor_tags", ()))
    for name in wanted:
        if name not in known:
            tags.create_tag(actor=actor, event=event, name=name)
    for row in rows:
        if row.planned.kind == "new":
            manage.create(actor=actor, event=event, values=row.values)
        elif row.planned.kind == "changed" and row.exhibitor_id is not None:
            manage.update(actor=actor, event=event, exhibitor_id=row.exhibitor_id, values=row.values)
    manage.touch_event(event.event_id)
    return [row.planned for row in rows]


def _plan(event: EventScope, records: Sequence[Record]) -> list[_Row]:
    known = _Known(event.event_id)
    return [_planned(event, known, record) for record in records]


def _planned(event: EventScope, known: _Known, record: Record) -> _Row:
    name, wrong = record.values.get("name", ""), _Wrong()
    exhibitor_id = known.find(record, wrong)
    before = known.by_id[exhibitor_id] if exhibitor_id is not None else None
    # Who is named wrongly is perhaps none that is new: what is missing there is not missed.
    schema = ExhibitorChangeSchema(partial=True) if before or wrong else ExhibitorWriteSchema()
    given = _values(record, before, known.tags, wrong)
    if any(not tag or len(tag) > tags.MAX_NAME for tag in given.get("exhibitor_tags", ())):
        wrong.add("exhibitor_tags", Sentence("A tag has 1 to %(count)s characters.", count=tags.MAX_NAME))
    values: dict[str, Any] = {}
    try:
        values = schema.load(given)
    except ValidationError as error:
        for field, messages in error.messages_dict.items():
            wrong.add(_column(record, field), *messages)
    if wrong:
        return _Row(Planned(record.line, name, "wrong", wrong), None, {})
    if before is None:
        return _Row(Planned(record.line, name, "new"), None, values)
    if "locale" in values and not values["locale"]:
        values["locale"] = event.locale
    changed = [field for field, value in values.items() if _other(field, before, value)]
    kind = "changed" if changed else "same"
    labels = [table.label(_column(record, field)) for field in changed]
    return _Row(Planned(record.line, name, kind, changes=labels), exhibitor_id, values)  # type: ignore[arg-type]


def _column(record: Record, field: str) -> str:
    """The column that a field of an exhibitor stands in."""
    if field != "contact_name_parts":
        return field
    return "contact_scheme" if record.values.get("contact_scheme") else "contact_name"


def _other(field: str, before: Mapping[str, Any], value: Any) -> bool:
    if field == "exhibitor_tags":
        return bool(before[field] != sorted(value))
    return bool(before[field] != value)


def _values(record: Record, before: Mapping[str, Any] | None, tag_names: set[str], wrong: _Wrong) -> dict[str, Any]:
    """The row as a request would send it. An empty cell empties; one of a flag leaves it as it is."""
    values: dict[str, Any] = {}
    for name, text in record.values.items():
        if name in table.FLAGS:
            if text and (truth := _truth(text)) is None:
                wrong.add(name, Sentence("Write yes or no."))
            elif text:
                values[name] = truth
        elif name == "exhibitor_tags":
            values[name] = _tag_list(text, tag_names)
        elif name == "contact_cc_email":
            values[name] = text.replace(";", ",")
        elif name in _TEXTS:
            values[name] = text
    parts = _name_parts(record.values, before, wrong)
    return values if parts is None else values | {"contact_name_parts": parts}


def _truth(text: str) -> bool | None:
    lowered = text.lower()
    return True if lowered in _YES else False if lowered in _NO else params.boolean(text)


def _tag_list(text: str, known: set[str]) -> list[str]:
    """Names with semicolons between them, or commas; one that has a comma itself is known by its whole."""
    if text in known:
        return [text]
    return [name for each in text.split(";" if ";" in text else ",") if (name := each.strip())]


def _name_parts(values: Mapping[str, str], before: Mapping[str, Any] | None, wrong: _Wrong) -> dict[str, str] | None:
    """The contact's name as the columns have it; None where none of them is there."""
    given = {part: values[f"contact_{part}"] for part in table.PARTS if f"contact_{part}" in values}
    scheme, whole = values.get("contact_scheme", ""), values.get("contact_name")
    if not given and whole is None and not scheme:
        return None
    old = (before or {}).get("contact_name_parts") or {}
    if scheme and scheme not in SCHEMES:
        return {"_scheme": scheme}
    filled = {part for part, text in given.items() if text}
    if not scheme and filled:
        scheme = next((name for name in _SCHEMES if filled <= set(SCHEMES[name].parts)), "")
        if not scheme:
            wrong.add("contact_name", Sentence("No form of a name has all these parts. Name one."))
            return None
    if scheme:
        texts = {part: given.get(part, "") for part in SCHEMES[scheme].parts}
        if "full_name" in texts:
            texts["full_name"] = whole or ""
        new = {"_scheme": scheme, **texts} if any(texts.values()) else {}
    else:
        if whole and before and whole == (before["contact_name"] or compose(old)):
            return dict(old)
        new = {"_scheme": "full", "full_name": whole} if whole else {}
    same = {key: text for key, text in new.items() if text} == {key: text for key, text in old.items() if text}
    return dict(old) if same else new
