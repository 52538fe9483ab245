"""Reads about one exhibitor's leads: a page of them, one with its history, batches for files."""

import datetime as dt
from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from portal.core import statements
from portal.core.database import db
from portal.leads.models import Lead, LeadVersion
from portal.leads.queries.filters import LeadFilter, Shape, conditions, order, parameters, shape_of
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
    shape, values = shape_of(wanted), parameters(exhibitor_id, timezone, wanted)
    if total is None:
        total = int(statements.rows(_count(shape), values)[0][0])
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    part = {"limit": PAGE_SIZE, "offset": (page - 1) * PAGE_SIZE}
    found = statements.rows(_some(shape, wanted.sort), values | part) if total else ()
    rows = [_Found._make(row) for row in found]
    answers = answers_of(shown, [row.position_id for row in rows])
    return LeadPage([_row(row, reader, answers) for row in rows], total, page, pages)


@lru_cache(maxsize=200)
def _count(shape: Shape) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(sa.func.count()).select_from(Lead).where(*conditions(shape))


@lru_cache(maxsize=200)
def _some(shape: Shape, sort: str) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(*_COLUMNS)
        .join(OrderPosition, OrderPosition.id == Lead.position_id)
        .where(*conditions(shape))
        .order_by(*order(sort))
        .limit(sa.bindparam("limit", type_=sa.Integer()))
        .offset(sa.bindparam("offset", type_=sa.Integer()))
    )


def newest(*, exhibitor_id: int, reader: FieldReader, shown: ShownFields, limit: int, offset: int) -> list[LeadRow]:
    """Some of an exhibitor's leads, the newest first."""
    part = {"exhibitor": exhibitor_id, "limit": limit, "offset": offset}
    found = [_Found._make(row) for row in statements.rows(_some(shape_of(LeadFilter()), "newest"), part)]
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
    wants = conditions(shape_of(wanted))
    if only_new:
        wants.append(Lead.exported.is_(None))
    statement = sa.select(Lead.id).where(*wants).order_by(*order(wanted.sort))
    return list(db.session.scalars(statement, parameters(exhibitor_id, timezone, wanted)))


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


#: A tuple that is read by the names of its columns; the type checker knows it by nothing but them.
_tuple: Any = namedtuple
_Found = _tuple("_Found", sa.select(*_COLUMNS).selected_columns.keys())
