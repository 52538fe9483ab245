"""Selling by hand or from a file: orders with their tickets, all of a request or none of them."""

import datetime as dt
import itertools
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.codes import make_code
from portal.core.database import db
from portal.core.errors import Conflict
from portal.core.names import compose
from portal.core.sentences import Sentence
from portal.core.statements import one_of_texts, run
from portal.events.models import Item, ItemVariation, SubEvent
from portal.tickets.models import Order, OrderPosition
from portal.tickets.search import position_search_text
from portal.tickets.services.rooms import Problems, Rooms, SeatTake, Terms, VoucherUse

#: Letters of a ticket's secret: none that looks like another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CODE, SECRET, PSEUDONYM = 5, 32, 10
MOST_POSITIONS = 200
TAKEN = Sentence("This is taken already in this event.")

ORDERS: sa.Table = Order.metadata.tables["orders"]
POSITIONS: sa.Table = OrderPosition.metadata.tables["order_positions"]


@dataclass(frozen=True, slots=True)
class NewPosition:
    """A ticket to be sold. Without a price it costs what the product and the voucher say."""

    item_id: int
    variation_id: int | None = None
    subevent_id: int | None = None
    price: Decimal | None = None
    seat_id: int | None = None
    voucher_id: int | None = None
    person: Mapping[str, Any] = field(default_factory=dict)
    secret: str | None = None
    external_id: str | None = None
    positionid: int | None = None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be made. Without a code it gets one."""

    positions: Sequence[NewPosition]
    status: str = "n"
    code: str | None = None
    email: str | None = None
    locale: str | None = None
    invoice_name_parts: Mapping[str, str] = field(default_factory=dict)
    invoice_company: str | None = None
    datetime: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """An order that was made."""

    id: int
    code: str


def create_orders(*, actor: Actor, event: EventScope, orders: Sequence[NewOrder], rooms: Rooms) -> list[Made]:
    """Make orders with their tickets, secrets and pseudonyms.

    Raises `InvalidList` with an entry for each ticket of the request, in their order, where one cannot be sold: a
    product of another event, a seat that somebody holds, a voucher that was used up.
    """
    prices, seats = check_orders(event=event, orders=orders, rooms=rooms)
    vouchers = [each.voucher_id for order in orders for each in order.positions if each.voucher_id is not None]
    if vouchers:
        rooms.count_vouchers(event.event_id, vouchers)
    now = clock.now()
    codes = _codes(event.event_id, orders)
    made = _insert_orders(event, orders, codes, now)
    rows = []
    place = 0
    for order, each in zip(orders, made, strict=True):
        for number, position in zip(_numbers(order), order.positions, strict=True):
            price = prices[place]
            rows.append(_position_row(event.event_id, order, each.id, position, number, price, seats[place], now))
            place += 1
    _insert(POSITIONS, rows)
    audit.record_each(
        actor=actor,
        action="order.created",
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="order",
        entries={
            each.id: {"code": each.code, "positions": len(order.positions), "status": order.status}
            for each, order in zip(made, orders, strict=True)
        },
    )
    return made


# ------------------------------------------------------------------------------------------------- what can be sold


def check_orders(
    *, event: EventScope, orders: Sequence[NewOrder], rooms: Rooms
) -> tuple[list[Decimal], list[int | None]]:
    """What each ticket of these orders would cost, and the seat it would get; writes nothing.

    Vouchers and seats are locked where the transaction may write. Raises as `create_orders` does.
    """
    flat = [(order, position) for order in orders for position in order.positions]
    problems = Problems()
    prices = _prices(event, flat, problems)
    _check_given(event.event_id, orders, flat, problems)
    positions = [position for _, position in flat]
    seats, terms = _take(event.event_id, positions, rooms, problems)
    problems.check(len(flat))
    for place, position in enumerate(positions):
        if position.price is not None:
            prices[place] = position.price
        elif position.voucher_id is not None:
            prices[place] = terms[position.voucher_id].price(prices[place])
    return prices, seats


def _numbers(order: NewOrder) -> list[int]:
    """The numbers of an order's tickets: those that are given, and the next free ones."""
    given = {each.positionid for each in order.positions}
    spare = (number for number in itertools.count(1) if number not in given)
    return [each.positionid or next(spare) for each in order.positions]


def _prices(event: EventScope, flat: Sequence[tuple[NewOrder, NewPosition]], problems: Problems) -> list[Decimal]:
    """What each ticket costs without a voucher; products, variations and dates are looked at on the way."""
    items = {item.id: item for item in db.session.scalars(sa.select(Item).where(Item.event_id == event.event_id))}
    statement = sa.select(ItemVariation).join(Item, Item.id == ItemVariation.item_id)
    variations = {each.id: each for each in db.session.scalars(statement.where(Item.event_id == event.event_id))}
    varied = {each.item_id for each in variations.values()}
    dates = set(db.session.scalars(sa.select(SubEvent.id).where(SubEvent.event_id == event.event_id)))
    prices = []
    for place, (_, position) in enumerate(flat):
        item, variation = items.get(position.item_id), variations.get(position.variation_id or 0)
        price = Decimal(0)
        if item is None:
            problems.add(place, "product", Sentence("This event has no such product."))
        elif (variation is None or variation.item_id != item.id) if item.id in varied else position.variation_id:
            problems.add(place, "product", Sentence("Choose a variation of the product."))
        elif not item.active or (variation is not None and not variation.active):
            problems.add(place, "product", Sentence("This product is not on sale."))
        else:
            own = variation.default_price if variation is not None else None
            price = item.default_price if own is None else own
        if event.has_subevents and position.subevent_id not in dates:
            problems.add(place, "subevent", Sentence("Choose a date of the series."))
        elif not event.has_subevents and position.subevent_id is not None:
            problems.add(place, "subevent", Sentence("This event is no series."))
        prices.append(price)
    return prices


def _check_given(
    event_id: int, orders: Sequence[NewOrder], flat: Sequence[tuple[NewOrder, NewPosition]], problems: Problems
) -> None:
    """Codes, secrets and external ids that the request brings along are nobody else's."""
    starts, place = [], 0
    for order in orders:
        starts.append(place)
        place += len(order.positions)
    brought = (
        ("code", ORDERS, "code", [(at, order.code) for at, order in zip(starts, orders, strict=True)]),
        ("secret", POSITIONS, "secret", [(at, position.secret) for at, (_, position) in enumerate(flat)]),
        ("external_id", POSITIONS, "external_id", [(at, each.external_id) for at, (_, each) in enumerate(flat)]),
    )
    for name, table, column, values in brought:
        given = [(at, value) for at, value in values if value]
        taken = existing(event_id, table, column, [value for _, value in given])
        for at, value in given:
            if value in taken:
                problems.add(at, name, TAKEN)
            taken.add(value)


def existing(event_id: int, table: sa.Table, column: str, values: Sequence[str]) -> set[str]:
    """Those of the values that the event has already."""
    if not values:
        return set()
    statement = sa.select(table.c[column]).where(
        table.c.event_id == sa.bindparam("event"), one_of_texts(table.c[column], "values")
    )
    return set(run(statement, {"event": event_id, "values": list(values)}).scalars())


def _take(
    event_id: int, positions: Sequence[NewPosition], rooms: Rooms, problems: Problems
) -> tuple[list[int | None], Mapping[int, Terms]]:
    """Vouchers and seats, for each ticket: the seat it gets, and the terms by voucher."""
    uses = [
        VoucherUse(place, each.voucher_id, each.item_id, each.variation_id, each.subevent_id, each.seat_id)
        for place, each in enumerate(positions)
        if each.voucher_id is not None
    ]
    terms = rooms.check_vouchers(event_id, uses, problems) if uses else {}
    seats = [
        each.seat_id or (terms[each.voucher_id].seat_id if each.voucher_id in terms else None) for each in positions
    ]
    takes = [
        SeatTake(place, seat, each.item_id, each.subevent_id, each.voucher_id)
        for place, (each, seat) in enumerate(zip(positions, seats, strict=True))
        if seat is not None
    ]
    if takes:
        rooms.take_seats(event_id, takes, problems)
    return seats, terms


# --------------------------------------------------------------------------------------------------------- the rows


def _codes(event_id: int, orders: Sequence[NewOrder]) -> list[str]:
    """A code for each order: its own, or one that the event has not."""
    missing = sum(1 for order in orders if not order.code)
    fresh: dict[str, None] = {}
    given = {order.code for order in orders}
    while len(fresh) < missing:
        some = {make_code(CODE) for _ in range(missing - len(fresh))} - given
        fresh |= dict.fromkeys(some - existing(event_id, ORDERS, "code", list(some)))
    spare = iter(fresh)
    return [order.code or next(spare) for order in orders]


def _insert(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows. A code or secret that another request took in the meantime is a `Conflict`."""
    try:
        db.session.connection().execute(table.insert(), rows)
    except IntegrityError as error:
        raise Conflict("Somebody else changed this at the same moment. Please try again.") from error


_IDS = sa.select(ORDERS.c.code, ORDERS.c.id).where(
    ORDERS.c.event_id == sa.bindparam("event"), one_of_texts(ORDERS.c.code, "codes")
)


def _insert_orders(event: EventScope, orders: Sequence[NewOrder], codes: Sequence[str], now: dt.datetime) -> list[Made]:
    rows = [
        {
            "event_id": event.event_id,
            "code": code,
            "status": order.status,
            "email": order.email,
            "locale": order.locale or event.locale,
            "datetime": order.datetime or now,
            "invoice_name": compose(order.invoice_name_parts) or None,
            "invoice_name_parts": dict(order.invoice_name_parts) or None,
            "invoice_company": order.invoice_company,
            "modified": now,
        }
        for order, code in zip(orders, codes, strict=True)
    ]
    _insert(ORDERS, rows)
    ids = dict(run(_IDS, {"event": event.event_id, "codes": list(codes)}).all())
    return [Made(ids[code], code) for code in codes]


def _position_row(
    event_id: int,
    order: NewOrder,
    order_id: int,
    position: NewPosition,
    number: int,
    price: Decimal,
    seat_id: int | None,
    now: dt.datetime,
) -> dict[str, Any]:
    person = dict(position.person)
    name = compose(person.get("attendee_name_parts")) or None
    return {
        "event_id": event_id,
        "order_id": order_id,
        "positionid": number,
        "item_id": position.item_id,
        "variation_id": position.variation_id,
        "subevent_id": position.subevent_id,
        "price": price,
        "seat_id": seat_id,
        "voucher_id": position.voucher_id,
        "secret": position.secret or "".join(secrets.choice(_LETTERS) for _ in range(SECRET)),
        "pseudonymization_id": make_code(PSEUDONYM),
        "external_id": position.external_id,
        "attendee_name": name,
        **{column: person.get(column) for column in PERSON},
        "attendee_name_parts": dict(person.get("attendee_name_parts") or {}),
        "modified": now,
        "search_text": position_search_text(
            attendee_name=name,
            attendee_email=person.get("attendee_email"),
            company=person.get("company"),
            invoice_name=compose(order.invoice_name_parts) or None,
            invoice_company=order.invoice_company,
        ),
    }


#: What a ticket says of its person, beside the name that the parts make.
PERSON = (
    "attendee_name_parts",
    "attendee_email",
    "company",
    "street",
    "zipcode",
    "city",
    "country",
    "state",
    "phone",
)
