"""Reads for organizers: the leads of all exhibitors of an event, to search, to count over time, to take along."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.core import clock
from portal.core.database import db
from portal.core.moments import in_zone
from portal.core.names import compose
from portal.core.periods import busy_hours, by_day, quarter
from portal.core.text import fold, like_words
from portal.exhibitors.models import Exhibitor
from portal.leads.models import Lead
from portal.tickets.fields import PERSON_COLUMNS, FieldReader, ShownFields, answers_of
from portal.tickets.models import Order, OrderPosition

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class EventLeadFilter:
    """What an organizer looks for: words, one exhibitor, a day of the event's zone."""

    q: str = ""
    exhibitor_id: int | None = None
    day: dt.date | None = None

    @property
    def narrows(self) -> bool:
        """Whether some leads may be left out."""
        return bool(self.q.strip() or self.exhibitor_id is not None or self.day)


@dataclass(frozen=True, slots=True)
class EventLead:
    """A lead in the list: who was scanned by whom, and when."""

    id: int
    exhibitor_id: int
    exhibitor: str
    name: str
    company: str | None
    rating: int | None
    tags: list[str]
    device_name: str | None
    scanned: dt.datetime


@dataclass(frozen=True, slots=True)
class EventLeadFigures:
    """Leads over time: all, today, by day, and by hour on the last two days that had any."""

    total: int
    today: int
    days: list[tuple[dt.date, int]]
    hours: list[tuple[dt.datetime, int]]


@dataclass(frozen=True, slots=True)
class Scanner:
    """An exhibitor and how many leads it has."""

    id: int
    name: str
    count: int


def _conditions(event_id: int, wanted: EventLeadFilter, zone: ZoneInfo) -> list[sa.ColumnElement[bool]]:
    whose = sa.select(Exhibitor.id).where(Exhibitor.event_id == event_id)
    if wanted.exhibitor_id is not None:
        whose = whose.where(Exhibitor.id == wanted.exhibitor_id)
    conditions: list[sa.ColumnElement[bool]] = [Lead.exhibitor_id.in_(whose)]
    conditions += [Lead.search_text.like(pattern, escape="\\") for pattern in like_words(wanted.q)]
    if wanted.day:
        start = dt.datetime.combine(wanted.day, dt.time(), zone)
        end = dt.datetime.combine(wanted.day + dt.timedelta(days=1), dt.time(), zone)
        conditions += [Lead.scanned >= start, Lead.scanned < end]
    return conditions


def count(event_id: int, wanted: EventLeadFilter, zone: ZoneInfo) -> int:
    """How many leads match."""
    statement = sa.select(sa.func.count()).select_from(Lead).where(*_conditions(event_id, wanted, zone))
    return db.session.scalar(statement) or 0


def page(event_id: int, wanted: EventLeadFilter, zone: ZoneInfo, *, limit: int, offset: int) -> list[EventLead]:
    """Some of the leads that match, the newest first; one query."""
    rows = db.session.execute(
        sa.select(
            Lead.id,
            Exhibitor.id,
            Exhibitor.name,
            OrderPosition.attendee_name,
            OrderPosition.attendee_name_parts,
            OrderPosition.company,
            Lead.rating,
            Lead.tags,
            Lead.device_name,
            Lead.scanned,
        )
        .join(Exhibitor, Exhibitor.id == Lead.exhibitor_id)
        .join(OrderPosition, OrderPosition.id == Lead.position_id)
        .where(*_conditions(event_id, wanted, zone))
        .order_by(Lead.scanned.desc(), Lead.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [
        EventLead(id_, owner, exhibitor, name or compose(parts), company, rating, tags, device, scanned)
        for id_, owner, exhibitor, name, parts, company, rating, tags, device, scanned in rows
    ]


def scanners(event_id: int) -> list[Scanner]:
    """All exhibitors of the event with their numbers of leads, those without any too; one query."""
    rows = db.session.execute(
        sa.select(Exhibitor.id, Exhibitor.name, sa.func.count(Lead.id))
        .outerjoin(Lead, Lead.exhibitor_id == Exhibitor.id)
        .where(Exhibitor.event_id == event_id)
        .group_by(Exhibitor.id, Exhibitor.name)
    )
    return sorted((Scanner(*row) for row in rows), key=lambda each: fold(each.name))


def figures(event_id: int, zone: ZoneInfo, exhibitor_id: int | None = None) -> EventLeadFigures:
    """One query, for all exhibitors or for one of them."""
    bucket = quarter(Lead.scanned)
    conditions = _conditions(event_id, EventLeadFilter(exhibitor_id=exhibitor_id), zone)
    counted = sa.select(bucket, sa.func.count()).where(*conditions).group_by(bucket)
    quarters = {found: number for found, number in db.session.execute(counted)}
    days = by_day(quarters, zone)
    today = days.get(clock.now().astimezone(zone).date(), 0)
    return EventLeadFigures(sum(quarters.values()), today, sorted(days.items()), busy_hours(quarters, zone, 2))


# ------------------------------------------------------------------------------------------------------- the export

#: The columns of an export before and after the fields that the event shows.
BEFORE = ("exhibitor", "booth", "order", "positionid")
AFTER = ("rating", "tags", "notes", "device_name", "device_uuid", "scanned", "first_upload")


def export_rows(
    event_id: int, wanted: EventLeadFilter, zone: ZoneInfo, *, shown: ShownFields, reader: FieldReader
) -> Iterator[list[object]]:
    """All leads that match, the first scanned first, with the fields that the event shows; in pieces of 1,000."""
    after: tuple[dt.datetime, int] | None = None
    while True:
        rows = _piece(event_id, wanted, zone, after)
        answers = answers_of(shown, [row.position_id for row in rows])
        for row in rows:
            person = [entry["value"] for entry in reader.entries(row, answers.get(row.position_id))]
            yield [
                row.exhibitor,
                row.booth,
                row.order,
                row.positionid,
                *person,
                row.rating,
                ", ".join(row.tags),
                row.notes,
                row.device_name,
                row.device_uuid,
                in_zone(row.scanned, zone),
                in_zone(row.first_upload, zone),
            ]
        if len(rows) < _CHUNK:
            return
        after = (rows[-1].scanned, rows[-1].id)


def _piece(
    event_id: int, wanted: EventLeadFilter, zone: ZoneInfo, after: tuple[dt.datetime, int] | None
) -> Sequence[Any]:
    statement = (
        sa.select(
            Lead.id,
            Exhibitor.name.label("exhibitor"),
            Exhibitor.booth,
            Order.code.label("order"),
            OrderPosition.positionid,
            Lead.rating,
            Lead.tags,
            Lead.notes,
            Lead.device_name,
            Lead.device_uuid,
            Lead.scanned,
            Lead.first_upload,
            *PERSON_COLUMNS,
        )
        .join(Exhibitor, Exhibitor.id == Lead.exhibitor_id)
        .join(OrderPosition, OrderPosition.id == Lead.position_id)
        .join(Order, Order.id == OrderPosition.order_id)
        .where(*_conditions(event_id, wanted, zone))
    )
    if after is not None:
        moment, last = after
        statement = statement.where(sa.or_(Lead.scanned > moment, sa.and_(Lead.scanned == moment, Lead.id > last)))
    return db.session.execute(statement.order_by(Lead.scanned, Lead.id).limit(_CHUNK)).all()
