"""Reads for organizers: an event's exhibitors as a list to search, filter and sort, and one of them."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from portal.core.database import db
from portal.core.statements import one_of_ids, run
from portal.core.text import fold, like_words
from portal.exhibitors.models import AccessCode, Exhibitor, ExhibitorTag, ExhibitorVoucher, exhibitor_tag_links

Sort = Literal["name", "booth", "leads", "vouchers", "used"]
SORTS: tuple[Sort, ...] = ("name", "booth", "leads", "vouchers", "used")
#: These start with the largest.
LARGEST_FIRST = ("leads", "vouchers", "used")

FLAGS = {
    "scan": Exhibitor.allow_lead_scanning,
    "leads": Exhibitor.allow_lead_access,
    "vouchers": Exhibitor.allow_voucher_access,
}

#: How it stands with an exhibitor's code: by the name of the filter.
SENT: Mapping[str, sa.ColumnElement[bool]] = {
    "unsent": Exhibitor.code_sent.is_(None),
    "failed": Exhibitor.code_sent_error.is_not(None),
    "nobody": sa.func.coalesce(Exhibitor.contact_email, "") == "",
}

_links = exhibitor_tag_links.c
_LAST_USED = (
    sa.select(sa.func.max(AccessCode.last_used))
    .where(AccessCode.exhibitor_id == Exhibitor.id)
    .correlate(Exhibitor)
    .scalar_subquery()
)
_VOUCHERS = (
    sa.select(sa.func.count())
    .where(ExhibitorVoucher.exhibitor_id == Exhibitor.id)
    .correlate(Exhibitor)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class ExhibitorFilter:
    """What an organizer looks for: words, a tag by its id, one of `FLAGS`, one of `SENT`; and in which order."""

    q: str = ""
    tag: int | None = None
    flag: str = ""
    sent: str = ""
    sort: Sort = "name"
    reverse: bool = False

    @property
    def narrows(self) -> bool:
        """Whether some exhibitors may be left out."""
        return bool(self.q.strip() or self.tag is not None or self.flag or self.sent)


@dataclass(frozen=True, slots=True)
class TagChoice:
    """A tag of the event and how many exhibitors have it."""

    id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class ExhibitorRow:
    """An exhibitor in the list."""

    id: int
    name: str
    booth: str | None
    contact_name: str | None
    contact_email: str | None
    internal_id: str | None
    vouchers: int
    last_used: dt.datetime | None
    code_sent: dt.datetime | None
    code_sent_error: str | None
    tags: Sequence[str]
    may: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class ChosenRow:
    """An exhibitor that something shall be done with."""

    id: int
    name: str
    contact_email: str | None
    code_sent: dt.datetime | None


def tag_choices(event_id: int) -> list[TagChoice]:
    """The event's tags by name."""
    statement = (
        sa.select(ExhibitorTag.id, ExhibitorTag.name, sa.func.count(_links.exhibitor_id))
        .outerjoin(exhibitor_tag_links, _links.tag_id == ExhibitorTag.id)
        .where(ExhibitorTag.event_id == event_id)
        .group_by(ExhibitorTag.id, ExhibitorTag.name)
    )
    return sorted((TagChoice(*row) for row in db.session.execute(statement)), key=lambda tag: fold(tag.name))


def flag_counts(event_id: int) -> tuple[int, dict[str, int]]:
    """How many exhibitors there are, and how many have each of `FLAGS` and are each of `SENT`."""
    wanted = {**FLAGS, **{f"sent_{name}": condition for name, condition in SENT.items()}}
    counts = (sa.func.count(sa.case((condition, 1))) for condition in wanted.values())
    row = db.session.execute(sa.select(sa.func.count(), *counts).where(Exhibitor.event_id == event_id)).one()
    return row[0], dict(zip(wanted, row[1:], strict=True))


def ordered_ids(
    event_id: int, wanted: ExhibitorFilter, tags: Sequence[TagChoice], leads: Mapping[int, int] | None = None
) -> list[int]:
    """The ids of all exhibitors that match, in their order; one query.

    Names sort without case and accents, booths by their numbers (A2 before A10): no two databases agree on either,
    so it is done here, over three columns. ``leads`` counts for the order by leads.
    """
    weight = {"used": _LAST_USED, "vouchers": _VOUCHERS}.get(wanted.sort, sa.null())
    rows = db.session.execute(
        sa.select(Exhibitor.id, Exhibitor.name, Exhibitor.booth, weight).where(
            Exhibitor.event_id == event_id, *_conditions(wanted, tags)
        )
    ).all()
    ordered = sorted(((id_, _natural(name), booth, heavy) for id_, name, booth, heavy in rows), key=lambda row: row[1])
    if wanted.sort == "booth":
        ordered.sort(key=lambda row: (not row[2], _natural(row[2] or "")))
    elif wanted.sort == "leads":
        ordered.sort(key=lambda row: -(leads or {}).get(row[0], 0))
    elif wanted.sort == "vouchers":
        ordered.sort(key=lambda row: -row[3])
    elif wanted.sort == "used":
        ordered.sort(key=lambda row: (row[3] is None, -row[3].timestamp() if row[3] else 0))
    ids = [row[0] for row in ordered]
    return ids[::-1] if wanted.reverse else ids


_NUMBERS = re.compile(r"(\d+)")


def _natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A key that sorts numbers inside of text by their value."""
    parts = _NUMBERS.split(fold(text))
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts if part)


def _conditions(wanted: ExhibitorFilter, tags: Sequence[TagChoice]) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    for word, pattern in zip(fold(wanted.q).split(), like_words(wanted.q), strict=False):
        found: list[sa.ColumnElement[bool]] = [Exhibitor.search_text.like(pattern, escape="\\")]
        named = [tag.id for tag in tags if word in fold(tag.name)]
        if named:
            found.append(_tagged(named))
        conditions.append(sa.or_(*found))
    if wanted.tag is not None:
        conditions.append(_tagged([wanted.tag]))
    if wanted.flag:
        conditions.append(FLAGS[wanted.flag].is_(True))
    if wanted.sent:
        conditions.append(SENT[wanted.sent])
    return conditions


def _tagged(tag_ids: Sequence[int]) -> sa.ColumnElement[bool]:
    return Exhibitor.id.in_(sa.select(_links.exhibitor_id).where(_links.tag_id.in_(tag_ids)))


_ROW = (
    "id",
    "name",
    "booth",
    "contact_name",
    "contact_email",
    "internal_id",
    "vouchers",
    "last_used",
    "code_sent",
    "code_sent_error",
)


def rows(ids: Sequence[int]) -> list[ExhibitorRow]:
    """The exhibitors of a page, in the order of ``ids``; two queries."""
    tagged: dict[int, list[str]] = {}
    named = (
        sa.select(_links.exhibitor_id, ExhibitorTag.name)
        .join(ExhibitorTag, ExhibitorTag.id == _links.tag_id)
        .where(_links.exhibitor_id.in_(ids))
    )
    for exhibitor_id, name in db.session.execute(named):
        tagged.setdefault(exhibitor_id, []).append(name)
    found = db.session.execute(
        sa.select(
            Exhibitor.id,
            Exhibitor.name,
            Exhibitor.booth,
            Exhibitor.contact_name,
            Exhibitor.contact_email,
            Exhibitor.internal_id,
            _VOUCHERS.label("vouchers"),
            _LAST_USED.label("last_used"),
            Exhibitor.code_sent,
            Exhibitor.code_sent_error,
            *FLAGS.values(),
        ).where(Exhibitor.id.in_(ids))
    )
    by_id = {
        row.id: ExhibitorRow(
            **{name: getattr(row, name) for name in _ROW},
            tags=sorted(tagged.get(row.id, []), key=fold),
            may={flag: getattr(row, column.key) for flag, column in FLAGS.items()},
        )
        for row in found
    }
    return [by_id[id_] for id_ in ids if id_ in by_id]


def chosen(event_id: int, ids: Sequence[int]) -> list[ChosenRow]:
    """Those of ``ids`` that the event has, by name; one query."""
    found = run(_CHOSEN, {"event": event_id, "ids": list(ids)}).all()
    return sorted((ChosenRow(*row) for row in found), key=lambda row: _natural(row.name))


_CHOSEN = sa.select(Exhibitor.id, Exhibitor.name, Exhibitor.contact_email, Exhibitor.code_sent).where(
    Exhibitor.event_id == sa.bindparam("event"), one_of_ids(Exhibitor.id, "ids")
)
_VOUCHERS_OF = sa.select(sa.func.count()).where(one_of_ids(ExhibitorVoucher.exhibitor_id, "ids"))


def voucher_total(ids: Sequence[int]) -> int:
    """How many vouchers are given to some exhibitors."""
    return int(run(_VOUCHERS_OF, {"ids": list(ids)}).scalar_one())


# ---------------------------------------------------------------------------------------------------- one exhibitor


def exhibitor_of(event_id: int, exhibitor_id: int) -> Exhibitor | None:
    """An exhibitor of the event, with its tags and codes; None for another event's."""
    return db.session.scalars(
        sa.select(Exhibitor)
        .where(Exhibitor.id == exhibitor_id, Exhibitor.event_id == event_id)
        .options(sa.orm.selectinload(Exhibitor.tags), sa.orm.selectinload(Exhibitor.access_codes))
    ).one_or_none()
