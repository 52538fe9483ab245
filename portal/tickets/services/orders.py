"""What happens to orders afterwards: paid, pending again, cancelled as a whole or ticket by ticket."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal.core import audit
from portal.core.actors import Actor, EventScope
from portal.core.clock import now
from portal.core.database import db
from portal.core.errors import Conflict, NotFound
from portal.tickets.models import Order, OrderPosition
from portal.tickets.services.rooms import Problems, Rooms, SeatTake, VoucherUse

#: Orders whose tickets hold their seats and vouchers.
LIVE = ("n", "p")


def set_status(*, actor: Actor, event: EventScope, order_id: int, status: str, rooms: Rooms) -> bool:
    """Mark an order paid (``p``) or pending (``n``); whether anything changed.

    One that expired takes its seats and vouchers again; raises `InvalidList` where somebody else has them by now, and
    `Conflict` for a cancelled order.
    """
    order = locked_order(event, order_id)
    if order.status == status:
        return False
    if order.status == "c":
        raise Conflict("This order is cancelled. It cannot be paid any more.")
    if order.status not in LIVE:
        _take_again(event.event_id, positions_of(order), rooms)
    before, order.status = order.status, status
    db.session.flush()
    record(actor, event, "order.status_changed", order, status=[before, status])
    return True


def cancel_order(*, actor: Actor, event: EventScope, order_id: int, rooms: Rooms) -> bool:
    """Cancel an order: its seats are free, its vouchers may be used again. Whether it was not cancelled before."""
    order = locked_order(event, order_id)
    if order.status == "c":
        return False
    before = order.status
    if before in LIVE:
        _free(event.event_id, positions_of(order), rooms)
    order.status = "c"
    db.session.flush()
    record(actor, event, "order.cancelled", order, status=[before, "c"])
    return True


def cancel_position(*, actor: Actor, event: EventScope, order_id: int, position_id: int, rooms: Rooms) -> bool:
    """Cancel a ticket with its add-ons; with the last one the order is cancelled. Whether it was not before."""
    order = locked_order(event, order_id)
    positions = positions_of(order)
    wanted = next((each for each in positions if each.id == position_id), None)
    if wanted is None:
        if position_id in {each.id for each in order.positions}:
            return False
        raise NotFound("This ticket does not exist, or it belongs to another order.")
    if order.status == "c":
        return False
    gone = [each for each in positions if position_id in (each.id, each.addon_to_id)]
    if order.status in LIVE:
        _free(event.event_id, gone, rooms)
    for each in gone:
        each.canceled = True
    # What shows beside the tickets (who holds a seat, what a gate counts) asks when the order changed.
    order.modified = now()
    db.session.flush()
    record(actor, event, "order.position_cancelled", order, positions=[each.positionid for each in gone])
    if len(gone) == len(positions):
        before, order.status = order.status, "c"
        db.session.flush()
        record(actor, event, "order.cancelled", order, status=[before, "c"])
    return True


def locked_order(event: EventScope, order_id: int) -> Order:
    """An order of the event, for this transaction alone. Raises `NotFound`."""
    statement = sa.select(Order).where(Order.event_id == event.event_id, Order.id == order_id).with_for_update()
    found = db.session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise NotFound("This order does not exist, or it belongs to another event.")
    return found


def positions_of(order: Order) -> list[OrderPosition]:
    """The tickets of a locked order that are not cancelled."""
    db.session.expire(order, ["positions"])
    return [each for each in order.positions if not each.canceled]


def record(actor: Actor, event: EventScope, action: str, order: Order, **data: Any) -> None:
    """An entry in the order's history."""
    audit.record(
        actor=actor,
        action=action,
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="order",
        object_id=order.id,
        data={"code": order.code, **data},
    )


def _free(event_id: int, positions: Sequence[OrderPosition], rooms: Rooms) -> None:
    """Give back vouchers. A seat is free without a word: who holds it follows from the order and its tickets."""
    vouchers = [each.voucher_id for each in positions if each.voucher_id is not None]
    if vouchers:
        rooms.count_vouchers(event_id, vouchers, back=True)


def _take_again(event_id: int, positions: Sequence[OrderPosition], rooms: Rooms) -> None:
    problems = Problems()
    uses = [
        VoucherUse(place, each.voucher_id, each.item_id, each.variation_id, each.subevent_id, each.seat_id)
        for place, each in enumerate(positions)
        if each.voucher_id is not None
    ]
    takes = [
        SeatTake(place, each.seat_id, each.item_id, each.subevent_id, each.voucher_id)
        for place, each in enumerate(positions)
        if each.seat_id is not None
    ]
    if uses:
        rooms.check_vouchers(event_id, uses, problems)
    if takes:
        rooms.take_seats(event_id, takes, problems)
    problems.check(len(positions))
    if uses:
        rooms.count_vouchers(event_id, [use.voucher_id for use in uses])
