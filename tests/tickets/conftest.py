"""A desk that sells: operations on orders as a view calls them, each committed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.accounts.models import PERMISSIONS
from portal.core.actors import Actor, EventScope
from portal.core.database import db, set_writing
from portal.core.errors import InvalidList
from portal.events.models import Event
from portal.tickets.models import Order, OrderPosition
from portal.tickets.services import orders, people, selling
from portal.tickets.services.selling import NewOrder, NewPosition
from portal.tickets.views.rooms import ROOMS
from portal.vouchers.models import Voucher
from tests.fair import Fair
from tests.seating.conftest import series  # noqa: F401 - a fixture

ACTOR = Actor("user", 1, "Ada")
T = TypeVar("T")


def scope_of(event: Event, organizer: str = "bigevents") -> EventScope:
    """An event for somebody who may do everything."""
    return EventScope(
        actor=ACTOR,
        organizer_id=event.organizer_id,
        organizer_slug=organizer,
        organizer_name="Big Events",
        event_id=event.id,
        event_slug=event.slug,
        event_name=event.name,
        locale=event.locale,
        timezone=event.timezone,
        currency=event.currency,
        has_subevents=event.has_subevents,
        permissions=frozenset(PERMISSIONS),
    )


@dataclass
class Desk:
    """Sells at the fair."""

    app: Flask
    fair: Fair
    event_id: int

    def do(self, work: Callable[[EventScope], T]) -> T:
        """An operation in a transaction of its own."""
        with self.app.app_context():
            set_writing(True)
            scope = scope_of(db.session.get_one(Event, self.event_id))
            try:
                done = work(scope)
                db.session.commit()
            except BaseException:
                db.session.rollback()
                raise
            return done

    def position(self, **values: Any) -> NewPosition:
        """A standard ticket, early bird."""
        return NewPosition(**({"item_id": self.fair.item, "variation_id": self.fair.variation} | values))

    def sell(self, *positions: NewPosition, **values: Any) -> selling.Made:
        """An order with these tickets."""
        wanted = [NewOrder(positions=positions or (self.position(),), **values)]
        return self.do(lambda event: selling.create_orders(actor=ACTOR, event=event, orders=wanted, rooms=ROOMS))[0]

    def refusal(self, *positions: NewPosition, **values: Any) -> Any:
        """What is wrong with each of these tickets."""
        with pytest.raises(InvalidList) as refused:
            self.sell(*positions, **values)
        return refused.value.entries

    def status(self, order_id: int, status: str) -> bool:
        return self.do(
            lambda event: orders.set_status(actor=ACTOR, event=event, order_id=order_id, status=status, rooms=ROOMS)
        )

    def cancel(self, order_id: int, position_id: int | None = None) -> bool:
        """Cancel an order, or a ticket of it."""

        def work(event: EventScope) -> bool:
            if position_id is None:
                return orders.cancel_order(actor=ACTOR, event=event, order_id=order_id, rooms=ROOMS)
            return orders.cancel_position(
                actor=ACTOR, event=event, order_id=order_id, position_id=position_id, rooms=ROOMS
            )

        return self.do(work)

    def people(self, changes: dict[int, dict[str, Any]]) -> list[int]:
        return self.do(lambda event: people.change_people(actor=ACTOR, event=event, people=changes, rooms=ROOMS))

    def order(self, order_id: int) -> Order:
        with self.app.app_context():
            order = db.session.get_one(Order, order_id)
            assert order.positions
            return order

    def tickets(self, order_id: int) -> list[OrderPosition]:
        return list(self.order(order_id).positions)

    def voucher(self, **values: Any) -> int:
        """A new voucher, for one use unless told otherwise."""
        with self.app.app_context():
            count = db.session.scalar(sa.select(sa.func.count()).select_from(Voucher))
            voucher = Voucher(**({"event_id": self.event_id, "code": f"CODE{count}"} | values))
            db.session.add(voucher)
            db.session.commit()
            return voucher.id

    def used(self, voucher_id: int) -> int:
        with self.app.app_context():
            return db.session.get_one(Voucher, voucher_id).redeemed


@pytest.fixture
def desk(app: Flask, fair: Fair) -> Desk:
    """At the sample conference."""
    return Desk(app, fair, fair.event)
