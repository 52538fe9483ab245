"""Reads for the REST API: an exhibitor's leads as the exhibitors' contract prints them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.core.statements import run
from portal.events.models import Event
from portal.exhibitors.models import Exhibitor
from portal.leads.models import Lead
from portal.tickets.fields import PERSON_COLUMNS, FieldReader, ShownFields, answers_of
from portal.tickets.models import Answer, Order, OrderPosition

_leads: sa.Table = Lead.metadata.tables["leads"]
_exhibitor: sa.BindParameter[int] = sa.bindparam("exhibitor", type_=sa.BigInteger())
_event: sa.BindParameter[int] = sa.bindparam("event", type_=sa.BigInteger())

_COUNT = sa.select(sa.func.count()).select_from(_leads).where(_leads.c.exhibitor_id == _exhibitor)
_PAGE = (
    sa.select(
        Order.code,
        OrderPosition.positionid,
        Lead.rating,
        Lead.notes,
        Lead.tags,
        Lead.first_upload,
        Lead.device_name,
        Lead.device_uuid,
        *PERSON_COLUMNS,
    )
    .select_from(Lead)
    .join(OrderPosition, OrderPosition.id == Lead.position_id)
    .join(Order, Order.id == OrderPosition.order_id)
    .where(
        Lead.id.in_(
            sa.select(_leads.c.id)
            .where(_leads.c.exhibitor_id == _exhibitor)
            .order_by(_leads.c.id)
            .limit(sa.bindparam("limit"))
            .offset(sa.bindparam("offset"))
        )
    )
    .order_by(Lead.id)
)
_EXHIBITOR = sa.select(
    Exhibitor.locale,
    Exhibitor.modified,
    sa.select(Event.modified).where(Event.id == _event).scalar_subquery(),
    sa.select(sa.func.max(_leads.c.modified)).where(_leads.c.exhibitor_id == _exhibitor).scalar_subquery(),
    sa.select(sa.func.max(OrderPosition.modified)).where(OrderPosition.event_id == _event).scalar_subquery(),
).where(Exhibitor.event_id == _event, Exhibitor.id == _exhibitor)
_ANSWERS = sa.select(sa.func.max(Answer.modified)).where(
    Answer.position_id.in_(sa.select(_leads.c.position_id).where(_leads.c.exhibitor_id == _exhibitor))
)


def reader_of(event_id: int, exhibitor_id: int) -> tuple[str, tuple[datetime | None, ...]] | None:
    """The language that an exhibitor reads its leads in, and when what they show last changed, answers apart.

    None where the event has no such exhibitor.
    """
    row = run(_EXHIBITOR, {"event": event_id, "exhibitor": exhibitor_id}).one_or_none()
    return None if row is None else (row[0], tuple(row[1:]))


def answers_changed(exhibitor_id: int, shown: ShownFields) -> datetime | None:
    """When answers of the leads last changed; None where the event shows none."""
    return run(_ANSWERS, {"exhibitor": exhibitor_id}).scalar() if shown.questions else None


def count(exhibitor_id: int) -> int:
    """How many leads an exhibitor has."""
    return int(run(_COUNT, {"exhibitor": exhibitor_id}).scalar_one())


def page(exhibitor_id: int, *, limit: int, offset: int, shown: ShownFields, locale: str) -> list[dict[str, Any]]:
    """Some of an exhibitor's leads, the first scanned first; labels in ``locale``, else in the event's."""
    rows = run(_PAGE, {"exhibitor": exhibitor_id, "limit": limit, "offset": offset}).all()
    reader = FieldReader(shown, locale)
    answers = answers_of(shown, [row.position_id for row in rows])
    return [
        {
            "attendee_order": row.code,
            "attendee_positionid": row.positionid,
            "rating": row.rating,
            "notes": row.notes,
            "tags": row.tags,
            "first_upload": row.first_upload,
            "data": reader.entries(row, answers.get(row.position_id)),
            "device_name": row.device_name,
            "device_uuid": row.device_uuid,
        }
        for row in rows
    ]
