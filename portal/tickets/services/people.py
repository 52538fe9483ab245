"""Whose tickets they are: names, addresses, seats and products of tickets, the invoice's name of orders."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import NotFound
from portal.core.names import compose
from portal.core.statements import one_of_ids, run
from portal.tickets.models import OrderPosition
from portal.tickets.search import position_search_text
from portal.tickets.services.orders import LIVE, locked_order, record
from portal.tickets.services.rooms import Problems, Rooms, SeatTake
from portal.tickets.services.selling import ORDERS, PERSON, POSITIONS

_p, _o = POSITIONS.c, ORDERS.c
#: What an order says beside its tickets.
ORDER = ("email", "locale", "checkin_attention", "invoice_name_parts", "invoice_company")


def change_people(
    *, actor: Actor, event: EventScope, people: Mapping[int, Mapping[str, Any]], rooms: Rooms
) -> list[int]:
    """Set parts of what tickets say of their people (`PERSON`), by ticket; the ids of those that changed.

    What finds them, at the gate and among leads, is composed anew. The history names fields, never what they held.
    """
    rows = _locked(event.event_id, list(people))
    if len(rows) != len(people):
        raise NotFound("This ticket does not exist, or it belongs to another order.")
    changed = {
        id_: fields
        for id_, row in rows.items()
        if (fields := [name for name in PERSON if name in people[id_] and people[id_][name] != row[name]])
    }
    if not changed:
        return []
    now = clock.now()
    for id_, fields in changed.items():
        rows[id_] |= {name: people[id_][name] for name in fields}
        if "attendee_name_parts" in fields:
            rows[id_]["attendee_name"] = compose(rows[id_]["attendee_name_parts"]) or None
    statement = sa.update(POSITIONS).where(_p.id == sa.bindparam("row_id"))
    columns = (*PERSON, "attendee_name")
    statement = statement.values({name: sa.bindparam(f"new_{name}", type_=_p[name].type) for name in columns})
    statement = statement.values(modified=sa.bindparam("now", type_=_p.modified.type))
    values = [{"row_id": id_, "now": now, **{f"new_{name}": rows[id_][name] for name in columns}} for id_ in changed]
    db.session.connection().execute(statement, values)
    _refresh(event.event_id, list(changed), rooms)
    by_order: dict[int, dict[str, Any]] = {}
    for id_, fields in changed.items():
        entry = by_order.setdefault(rows[id_]["order_id"], {"code": rows[id_]["code"], "positions": [], "changed": []})
        entry["positions"].append(rows[id_]["positionid"])
        entry["changed"] = list(dict.fromkeys((*entry["changed"], *fields)))
    audit.record_each(
        actor=actor,
        action="order.people_changed",
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="order",
        entries=by_order,
    )
    return list(changed)


def change_order(*, actor: Actor, event: EventScope, order_id: int, values: Mapping[str, Any], rooms: Rooms) -> bool:
    """Set parts of what an order says beside its tickets (`ORDER`); whether anything changed."""
    order = locked_order(event, order_id)
    changed = [name for name in ORDER if name in values and values[name] != getattr(order, name)]
    if not changed:
        return False
    for name in changed:
        setattr(order, name, values[name])
    if "invoice_name_parts" in changed:
        order.invoice_name = compose(order.invoice_name_parts) or None
    db.session.flush()
    ids = list(db.session.scalars(sa.select(OrderPosition.id).where(OrderPosition.order_id == order.id)))
    _refresh(event.event_id, ids, rooms)
    record(actor, event, "order.changed", order, changed=changed)
    return True


def move(
    *, actor: Actor, event: EventScope, order_id: int, position_id: int, seat_id: int | None, rooms: Rooms
) -> bool:
    """Give a ticket another seat, or none; whether anything changed.

    Raises `InvalidList` on ``seat`` where somebody else holds it.
    """
    order = locked_order(event, order_id)
    statement = sa.select(OrderPosition).where(OrderPosition.id == position_id, OrderPosition.order_id == order.id)
    position = db.session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if position is None:
        raise NotFound("This ticket does not exist, or it belongs to another order.")
    if position.seat_id == seat_id:
        return False
    if seat_id is not None and order.status in LIVE and not position.canceled:
        problems = Problems()
        take = SeatTake(0, seat_id, position.item_id, position.subevent_id, position.voucher_id)
        rooms.take_seats(event.event_id, [take], problems)
        problems.check(1)
    before = position.seat_id
    position.seat_id, position.modified, order.modified = seat_id, clock.now(), clock.now()
    db.session.flush()
    rooms.seats_changed(event.event_id, [each for each in (before, seat_id) if each is not None])
    record(actor, event, "order.moved", order, positions=[position.positionid], seats=[before, seat_id])
    return True


def _locked(event_id: int, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Tickets of the event by id, with their orders' codes, for this transaction alone; orders are locked first."""
    orders = sa.select(_p.order_id).where(_p.event_id == sa.bindparam("event"), one_of_ids(_p.id, "ids"))
    lock = sa.select(_o.id).where(_o.id.in_(orders)).order_by(_o.id).with_for_update()
    run(lock, {"event": event_id, "ids": list(ids)})
    statement = (
        sa.select(_p.id, _p.order_id, _p.positionid, _p.attendee_name, _o.code, *(_p[name] for name in PERSON))
        .join(ORDERS, _o.id == _p.order_id)
        .where(_p.event_id == sa.bindparam("event"), one_of_ids(_p.id, "ids"))
        .order_by(_p.id)
    )
    return {row.id: dict(row._mapping) for row in run(statement, {"event": event_id, "ids": list(ids)})}


_parents = POSITIONS.alias("parents")
_TEXTS = (
    sa.select(
        _p.id,
        _p.attendee_name,
        _p.attendee_email,
        _p.company,
        _parents.c.attendee_name.label("parent_name"),
        _o.invoice_name,
        _o.invoice_company,
    )
    .select_from(POSITIONS.join(ORDERS, _o.id == _p.order_id).outerjoin(_parents, _parents.c.id == _p.addon_to_id))
    .where(sa.or_(one_of_ids(_p.id, "ids"), one_of_ids(_p.addon_to_id, "ids")))
)
_SET_TEXT = (
    sa.update(POSITIONS)
    .where(_p.id == sa.bindparam("row_id"))
    .values(search_text=sa.bindparam("text"), modified=sa.bindparam("now", type_=_p.modified.type))
)


def _refresh(event_id: int, ids: Sequence[int], rooms: Rooms) -> None:
    """Compose anew what finds these tickets and their add-ons; leads of them follow."""
    rows = run(_TEXTS, {"ids": list(ids)}).all()
    now = clock.now()
    values = [
        {"row_id": id_, "now": now, "text": position_search_text(**dict(zip(_ARGUMENTS, texts, strict=True)))}
        for id_, *texts in rows
    ]
    if values:
        db.session.connection().execute(_SET_TEXT, values)
    rooms.people_changed(event_id, [row.id for row in rows])
    db.session.expire_all()


_ARGUMENTS = ("attendee_name", "attendee_email", "company", "parent_name", "invoice_name", "invoice_company")
