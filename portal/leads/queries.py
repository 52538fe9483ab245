"""Reads about one exhibitor's leads: a page of them, one with its history, figures and what can be filtered by."""

import datetime as dt
from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from portal.core import clock, statements
from portal.core.database import db
from portal.core.text import like_words
from portal.leads.models import Lead, LeadVersion
from portal.tickets.fields import (
    PERSON_COLUMNS,
    FieldEntry,
    FieldReader,
    GivenAnswer,
    ShownFields,
    answers_of,
)
from portal.tickets.models import OrderPosition

PAGE_SIZE = 50
SORTS = ("newest", "oldest", "name", "name-desc", "rating", "rating-desc")
QUARTER = 900

_COLUMNS = (
    Lead.id,
    Lead.scanned,
    Lead.first_upload,
    Lead.modified,
    Lead.notes,
    Lead.rating,
    Lead.tags,
    Lead.device_name,
    Lead.device_uuid,
    *PERSON_COLUMNS,
)


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """What a reader looks for. ``rating`` is a number of stars or ``none``; ``day`` is one of the event's zone."""

    q: str = ""
    rating: str = ""
    tag: str = ""
    note: bool = False
    device: str = ""
    day: dt.date | None = None
    sort: str = "newest"

    @property
    def narrows(self) -> bool:
        """Whether some leads may be left out."""
        return bool(self.q.strip() or self.rating or self.tag or self.note or self.device or self.day)


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead as its exhibitor sees it; ``name`` and ``company`` are empty where the event does not show them."""

    id: int
    name: str
    company: str
    scanned: dt.datetime
    first_upload: dt.datetime
    modified: dt.datetime
    notes: str
    rating: int | None
    tags: list[str]
    device_name: str | None
    device_uuid: str | None
    fields: list[FieldEntry]
    name_parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeadPage:
    """A page of leads, and how many there are."""

    rows: list[LeadRow]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to filter by, as it is shown, and how many leads have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers above the list. ``hours`` are the last two days with leads, each from its first to its last hour."""

    total: int
    today: int
    last_hour: int
    rated: int
    ratings: list[Choice]
    days: list[tuple[dt.date, int]]
    hours: list[tuple[dt.datetime, int]]
    by_hour: Mapping[dt.datetime, int]

    def of_day(self, day: dt.date) -> list[tuple[dt.datetime, int]]:
        """A day from its first to its last hour with leads; nothing for a day without any."""
        return _whole_day(day, self.by_hour)


def lead_page(
    *,
    exhibitor_id: int,
    timezone: str,
    reader: FieldReader,
    shown: ShownFields,
    wanted: LeadFilter,
    page: int,
    total: int | None = None,
) -> LeadPage:
    """Three queries at most, whatever the number of rows; a page behind the end is the last one.

    ``total`` is the number of leads that are wanted, where it is known already.
    """
    conditions = _conditions(exhibitor_id, timezone, wanted)
    if total is None:
        total = db.session.scalar(sa.select(sa.func.count()).select_from(Lead).where(*conditions)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    statement = (
        sa.select(*_COLUMNS)
        .join(OrderPosition, OrderPosition.id == Lead.position_id)
        .where(*conditions)
        .order_by(*_order(wanted.sort))
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    rows = db.session.execute(statement).all() if total else []
    answers = answers_of(shown, [row.position_id for row in rows])
    return LeadPage([_row(row, reader, answers) for row in rows], total, page, pages)


def newest(*, exhibitor_id: int, reader: FieldReader, shown: ShownFields, limit: int, offset: int) -> list[LeadRow]:
    """Some of an exhibitor's leads, the newest first."""
    wanted = {"exhibitor": exhibitor_id, "limit": limit, "offset": offset}
    found = [_Found._make(row) for row in statements.rows(_NEWEST, wanted)]
    answers = answers_of(shown, [row.position_id for row in found])
    return [_row(row, reader, answers) for row in found]


def lead(*, exhibitor_id: int, lead_id: int, reader: FieldReader, shown: ShownFields) -> LeadRow | None:
    """One lead of the exhibitor; None for another's."""
    row = db.session.execute(
        sa.select(*_COLUMNS)
        .join(OrderPosition, OrderPosition.id == Lead.position_id)
        .where(Lead.id == lead_id, Lead.exhibitor_id == exhibitor_id)
    ).one_or_none()
    return None if row is None else _row(row, reader, answers_of(shown, [row.position_id]))


def ids(*, exhibitor_id: int, timezone: str, wanted: LeadFilter, only_new: bool = False) -> list[int]:
    """The leads that a filter finds, in its order; ``only_new`` those that no export handed out yet."""
    conditions = _conditions(exhibitor_id, timezone, wanted)
    if only_new:
        conditions.append(Lead.exported.is_(None))
    return list(db.session.scalars(sa.select(Lead.id).where(*conditions).order_by(*_order(wanted.sort))))


def some(*, exhibitor_id: int, lead_ids: Sequence[int], reader: FieldReader, shown: ShownFields) -> dict[int, LeadRow]:
    """Leads of an exhibitor by their ids, those of them that exist."""
    rows = db.session.execute(
        sa.select(*_COLUMNS)
        .join(OrderPosition, OrderPosition.id == Lead.position_id)
        .where(Lead.id.in_(lead_ids), Lead.exhibitor_id == exhibitor_id)
    ).all()
    answers = answers_of(shown, [row.position_id for row in rows])
    return {row.id: _row(row, reader, answers) for row in rows}


def in_batches(
    *, exhibitor_id: int, lead_ids: Sequence[int], reader: FieldReader, shown: ShownFields, size: int
) -> Iterator[LeadRow]:
    """Leads in the order of ``lead_ids``, ``size`` at a time; no transaction is open between the batches."""
    for start in range(0, len(lead_ids), size):
        wanted = lead_ids[start : start + size]
        found = some(exhibitor_id=exhibitor_id, lead_ids=wanted, reader=reader, shown=shown)
        db.session.rollback()
        yield from (found[lead_id] for lead_id in wanted if lead_id in found)


def pseudonyms(exhibitor_id: int) -> dict[int, str | None]:
    """The pseudonymization ids of those who were scanned, by lead."""
    statement = (
        sa.select(Lead.id, OrderPosition.pseudonymization_id)
        .join(OrderPosition, OrderPosition.id == Lead.position_id)
        .where(Lead.exhibitor_id == exhibitor_id)
    )
    return {lead_id: badge for lead_id, badge in db.session.execute(statement)}


def name_schemes(exhibitor_id: int) -> set[str]:
    """The schemes of the names that an exhibitor's leads have."""
    scheme = OrderPosition.attendee_name_parts["_scheme"].as_string()
    statement = (
        sa.select(scheme)
        .join(Lead, Lead.position_id == OrderPosition.id)
        .where(Lead.exhibitor_id == exhibitor_id)
        .distinct()
    )
    return {name for name in db.session.scalars(statement) if name}


@dataclass(frozen=True, slots=True)
class ExportMark:
    """How many leads there are, how many of them are new, and when the last export was that made others old."""

    total: int
    new: int
    last: dt.datetime | None
    last_count: int


def export_mark(exhibitor_id: int) -> ExportMark:
    """Two queries."""
    total, old, last = db.session.execute(
        sa.select(sa.func.count(), sa.func.count(Lead.exported), sa.func.max(Lead.exported)).where(
            Lead.exhibitor_id == exhibitor_id
        )
    ).one()
    counted = sa.select(sa.func.count()).where(Lead.exhibitor_id == exhibitor_id, Lead.exported == last)
    return ExportMark(total, total - old, last, (db.session.scalar(counted) or 0) if last else 0)


def versions(lead_id: int) -> Sequence[LeadVersion]:
    """What a lead was set to, the newest first."""
    return db.session.scalars(
        sa.select(LeadVersion).where(LeadVersion.lead_id == lead_id).order_by(LeadVersion.id.desc()).limit(200)
    ).all()


def _row(row: Any, reader: FieldReader, answers: dict[int, dict[str, GivenAnswer]]) -> LeadRow:
    given = answers.get(row.position_id)
    fields = reader.entries(row, given)
    values = {entry["id"]: entry["value"] for entry in fields}
    return LeadRow(
        id=row.id,
        name=values.get("attendee_name", ""),
        company=values.get("company", ""),
        scanned=row.scanned,
        first_upload=row.first_upload,
        modified=row.modified,
        notes=row.notes,
        rating=row.rating,
        tags=row.tags,
        device_name=row.device_name,
        device_uuid=row.device_uuid,
        fields=fields,
        name_parts=row.attendee_name_parts or {} if "attendee_name" in values else {},
    )


# ------------------------------------------------------------------------------------------------------- filters


def _conditions(exhibitor_id: int, timezone: str, wanted: LeadFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [Lead.exhibitor_id == exhibitor_id]
    conditions += [Lead.search_text.like(pattern, escape="\\") for pattern in like_words(wanted.q)]
    if wanted.rating:
        conditions.append(Lead.rating.is_(None) if wanted.rating == "none" else Lead.rating == int(wanted.rating))
    if wanted.tag:
        conditions.append(_has_tag(wanted.tag))
    if wanted.note:
        conditions.append(Lead.notes != "")
    if wanted.device:
        conditions.append(_device() == wanted.device)
    if wanted.day:
        start, end = day_bounds(wanted.day, timezone)
        conditions += [Lead.scanned >= start, Lead.scanned < end]
    return conditions


def _device() -> sa.ColumnElement[str]:
    """What tells devices apart: the uuid, else the name that its user gave it."""
    return sa.func.coalesce(sa.func.nullif(Lead.device_uuid, ""), Lead.device_name, "")


def _postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def _each_tag() -> sa.TableValuedAlias:
    """The tags of a lead as rows with one column ``value``."""
    function = sa.func.jsonb_array_elements_text if _postgresql() else sa.func.json_each
    return function(Lead.tags).table_valued("value")


def _has_tag(tag: str) -> sa.ColumnElement[bool]:
    if _postgresql():
        return sa.cast(Lead.tags, JSONB).contains([tag])
    tags = _each_tag()
    return sa.exists(sa.select(1).select_from(tags).where(tags.c.value == tag))


def _order(sort: str) -> tuple[sa.ColumnElement[Any], ...]:
    """The order of a list: without ties, so that pages neither repeat nor miss a lead."""
    newest = (Lead.scanned.desc(), Lead.id.desc())
    if sort == "oldest":
        return Lead.scanned.asc(), Lead.id.asc()
    if sort == "name":  # a lead's search text begins with the folded name
        return Lead.search_text.asc(), Lead.id.asc()
    if sort == "name-desc":
        return Lead.search_text.desc(), Lead.id.desc()
    if sort == "rating":
        return sa.func.coalesce(Lead.rating, 9).asc(), *newest
    if sort == "rating-desc":
        return sa.func.coalesce(Lead.rating, -1).desc(), *newest
    return newest


#: A tuple that is read by the names of its columns; the type checker knows it by nothing but them.
_tuple: Any = namedtuple
_Found = _tuple("_Found", sa.select(*_COLUMNS).selected_columns.keys())
_NEWEST = (
    sa.select(*_COLUMNS)
    .join(OrderPosition, OrderPosition.id == Lead.position_id)
    .where(Lead.exhibitor_id == sa.bindparam("exhibitor", type_=sa.BigInteger()))
    .order_by(*_order("newest"))
    .limit(sa.bindparam("limit", type_=sa.Integer()))
    .offset(sa.bindparam("offset", type_=sa.Integer()))
)


def day_bounds(day: dt.date, timezone: str) -> tuple[dt.datetime, dt.datetime]:
    """A day of the event's zone, from midnight to midnight."""
    zone = ZoneInfo(timezone)
    start = dt.datetime.combine(day, dt.time(), zone)
    return start, dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone)


# ------------------------------------------------------------------------------------------------------- figures


def figures(*, exhibitor_id: int, timezone: str) -> Figures:
    """Two queries: ratings with what is recent, and the leads by quarter of an hour."""
    zone, now = ZoneInfo(timezone), clock.now()
    today, tomorrow = day_bounds(now.astimezone(zone).date(), timezone)
    rows = db.session.execute(
        sa.select(
            Lead.rating,
            sa.func.count(),
            sa.func.count(sa.case((sa.and_(Lead.scanned >= today, Lead.scanned < tomorrow), 1))),
            sa.func.count(sa.case((Lead.scanned.between(now - dt.timedelta(hours=1), now), 1))),
        )
        .where(Lead.exhibitor_id == exhibitor_id)
        .group_by(Lead.rating)
    ).all()
    by_hour = _by_hour(exhibitor_id, zone)
    days: dict[dt.date, int] = {}
    for hour, count in by_hour.items():
        days[hour.date()] = days.get(hour.date(), 0) + count
    return Figures(
        total=sum(row[1] for row in rows),
        today=sum(row[2] for row in rows),
        last_hour=sum(row[3] for row in rows),
        rated=sum(row[1] for row in rows if row[0] is not None),
        ratings=[
            Choice("none" if rating is None else str(rating), "", count)
            for rating, count, *_ in sorted(rows, key=lambda row: -1 if row[0] is None else row[0], reverse=True)
        ],
        days=sorted(days.items()),
        hours=[entry for day in sorted(days)[-2:] for entry in _whole_day(day, by_hour)],
        by_hour=by_hour,
    )


def _by_hour(exhibitor_id: int, zone: ZoneInfo) -> dict[dt.datetime, int]:
    """Leads by local hour. The database counts quarters, which fit the hours of every zone."""
    seconds = sa.extract("epoch", Lead.scanned)
    quarter: sa.ColumnElement[int] = seconds // QUARTER
    if _postgresql():
        quarter = sa.cast(sa.func.floor(seconds / QUARTER), sa.BigInteger)
    counted = sa.select(quarter.label("quarter"), sa.func.count()).where(Lead.exhibitor_id == exhibitor_id)
    found: dict[dt.datetime, int] = {}
    for number, count in db.session.execute(counted.group_by("quarter")):
        local = dt.datetime.fromtimestamp(number * QUARTER, zone).replace(minute=0, second=0, microsecond=0)
        found[local] = found.get(local, 0) + count
    return found


def _whole_day(day: dt.date, by_hour: Mapping[dt.datetime, int]) -> list[tuple[dt.datetime, int]]:
    """Every hour from the day's first to its last lead."""
    hours = sorted(hour for hour in by_hour if hour.date() == day)
    if not hours:
        return []
    between = range(hours[0].hour, hours[-1].hour + 1)
    counts = {hour.hour: by_hour[hour] for hour in hours}
    return [(hours[0].replace(hour=number), counts.get(number, 0)) for number in between]


def tag_choices(*, exhibitor_id: int, offered: Sequence[str]) -> list[Choice]:
    """The event's tags in its order, then those that the exhibitor's leads have besides, with their counts."""
    tags = _each_tag()
    counted = (
        sa.select(tags.c.value, sa.func.count())
        .select_from(Lead)
        .join(tags, sa.true())
        .where(Lead.exhibitor_id == exhibitor_id)
        .group_by(tags.c.value)
    )
    counts = {str(value): count for value, count in db.session.execute(counted)}
    names = dict.fromkeys((*offered, *sorted(counts)))
    return [Choice(name, name, counts.get(name, 0)) for name in names]


def device_choices(*, exhibitor_id: int) -> list[Choice]:
    """The devices that scanned, by the name that each had last."""
    rows = db.session.execute(
        sa.select(_device().label("device"), sa.func.max(Lead.device_name), sa.func.count())
        .where(Lead.exhibitor_id == exhibitor_id, _device() != "")
        .group_by("device")
    ).all()
    return sorted((Choice(device, name or device, count) for device, name, count in rows), key=lambda each: each.label)
