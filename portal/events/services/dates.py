"""The dates of a series: made, changed, and deleted as long as nothing belongs to them."""

import datetime as dt

import sqlalchemy as sa

from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput, NotFound
from portal.core.sentences import Sentence
from portal.events.models import SubEvent
from portal.events.services.changes import count, record
from portal.events.services.manage import ENDS_FIRST

USED = Sentence(
    "Tickets, seats, vouchers or check-in lists belong to this date: it cannot be deleted. Hide it instead."
)
_PARTS = ("order_positions", "cart_positions", "vouchers", "seats", "checkin_lists")


def save_date(
    *,
    actor: Actor,
    event: EventScope,
    subevent_id: int | None,
    name: dict[str, str],
    date_from: dt.datetime,
    date_to: dt.datetime | None,
    active: bool,
) -> int:
    """Make a date, or set one; its id. Raises `NotFound` for an event that is no series, and for another's date."""
    if not event.has_subevents:
        raise NotFound("This event is no series.")
    if date_to is not None and date_to < date_from:
        raise InvalidInput({"date_to": [ENDS_FIRST]})
    date = SubEvent(event_id=event.event_id) if subevent_id is None else _locked(event, subevent_id)
    date.name, date.date_from, date.date_to, date.active = name, date_from, date_to, active
    db.session.add(date)
    db.session.flush()
    action = "date.created" if subevent_id is None else "date.changed"
    record(actor, event, action, "date", date.id, name=name)
    return date.id


def delete_date(*, actor: Actor, event: EventScope, subevent_id: int) -> None:
    """Delete a date that nothing belongs to. Raises `Conflict` with the reason for another."""
    date = _locked(event, subevent_id)
    if any(count(table, subevent_id=date.id) for table in _PARTS):
        raise Conflict(USED)
    name = date.name
    db.session.delete(date)
    db.session.flush()
    record(actor, event, "date.deleted", "date", subevent_id, name=name)


def _locked(event: EventScope, subevent_id: int) -> SubEvent:
    statement = sa.select(SubEvent).where(SubEvent.event_id == event.event_id, SubEvent.id == subevent_id)
    found = db.session.scalars(statement.with_for_update()).one_or_none()
    if found is None:
        raise NotFound("This date does not exist, or it belongs to another event.")
    return found
