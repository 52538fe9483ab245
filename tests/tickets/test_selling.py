"""Selling and what follows: a seat has one holder, a voucher is used as often as tickets live that used it."""

import datetime as dt
import random
from collections import Counter
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core import clock
from portal.core.codes import ALPHABET
from portal.core.database import db
from portal.core.errors import Conflict, DomainError, InvalidList, NotFound
from portal.core.models import AuditEntry
from portal.events.models import Item
from portal.leads.models import Lead
from portal.tickets.models import Order, OrderPosition
from portal.tickets.services import people
from portal.tickets.views.rooms import ROOMS
from portal.vouchers.models import Voucher
from tests.checkin.test_races import at_once
from tests.fair import Fair
from tests.seating.conftest import Series
from tests.tickets.conftest import ACTOR, Desk


def test_what_the_system_makes_itself(desk: Desk) -> None:
    made = desk.sell(desk.position(), desk.position(price=Decimal("12.50")), email="a@example.org")
    order, (first, second) = desk.order(made.id), desk.tickets(made.id)
    assert (order.status, order.email, order.locale, len(order.code)) == ("n", "a@example.org", "en", 5)
    assert set(order.code) <= set(ALPHABET)
    assert (first.positionid, second.positionid, first.price, second.price) == (1, 2, Decimal(60), Decimal("12.50"))
    for name in ("secret", "pseudonymization_id"):
        assert getattr(first, name) != getattr(second, name)
    assert len(first.secret) == 32
    assert len(first.pseudonymization_id or "") == 10


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"item_id": 999_999}, "product"),
        ({"variation_id": None}, "product"),
        ({"variation_id": 999_999}, "product"),
        ({"subevent_id": 1}, "subevent"),
        ({"seat_id": 999_999}, "seat"),
        ({"voucher_id": 999_999}, "voucher"),
    ],
)
def test_what_cannot_be_sold(desk: Desk, values: dict[str, Any], field: str) -> None:
    good, wrong = desk.refusal(desk.position(), desk.position(**values))
    assert good == {}
    assert list(wrong) == [field]
    with desk.app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Order)) == 8


def test_another_events_seat_and_product_are_not_there(desk: Desk, fair: Fair) -> None:
    assert "seat" in desk.refusal(desk.position(seat_id=fair.foreign_seat))[0]
    with desk.app.app_context():
        foreign = db.session.scalars(sa.select(Item.id).where(Item.event_id == fair.foreign_event)).one()
    assert "product" in desk.refusal(desk.position(item_id=foreign, variation_id=None))[0]
    made = desk.sell()
    other = Desk(desk.app, fair, fair.other_event)
    for work in (partial(other.cancel, made.id), partial(other.status, made.id, "p")):
        with pytest.raises(NotFound):
            work()
    with pytest.raises(NotFound):
        other.people({desk.tickets(made.id)[0].id: {"company": "x"}})
    with pytest.raises(NotFound):
        desk.cancel(made.id, fair.positions[0])


def test_seats_that_somebody_has(desk: Desk, fair: Fair) -> None:
    for number, words in ((0, "Somebody"), (1, "Somebody"), (2, "Somebody"), (3, "blocked")):
        assert words in str(desk.refusal(desk.position(seat_id=fair.seats[number]))), number
    twice = desk.refusal(desk.position(seat_id=fair.seats[9]), desk.position(seat_id=fair.seats[9]))
    assert list(twice[1]) == ["seat"]
    with desk.app.app_context():
        shirt = db.session.scalars(sa.select(Item.id).where(Item.position == 1)).one()
    assert "another product" in str(
        desk.refusal(desk.position(item_id=shirt, variation_id=None, seat_id=fair.seats[9]))
    )
    # The voucher that holds a seat gives it to the ticket that uses it, whether the ticket names it or not.
    made = desk.sell(desk.position(voucher_id=fair.vouchers[3]))
    assert desk.tickets(made.id)[0].seat_id == fair.seats[2]


def test_a_series_sells_dates(desk: Desk, series: Series) -> None:
    with desk.app.app_context():
        item = Item(event_id=series.event, name={"en": "Ticket"}, default_price=Decimal(5))
        db.session.add(item)
        db.session.commit()
        item_id = item.id
    desk = Desk(desk.app, desk.fair, series.event)
    ticket = {"item_id": item_id, "variation_id": None}
    assert "subevent" in desk.refusal(desk.position(**ticket))[0]
    first, second = series.dates
    wrong = desk.refusal(desk.position(**ticket, subevent_id=second, seat_id=series.seats[0][0]))
    assert wrong == [{"seat": ["This seat belongs to another date."]}]
    made = desk.sell(desk.position(**ticket, subevent_id=first, seat_id=series.seats[0][0]))
    assert desk.tickets(made.id)[0].subevent_id == first


@pytest.mark.parametrize(
    ("mode", "value", "price"),
    [
        ("none", None, "60.00"),
        ("set", "12.00", "12.00"),
        ("subtract", "70.00", "0.00"),
        ("percent", "33.33", "40.00"),
    ],
)
def test_what_a_voucher_makes_of_the_price(desk: Desk, mode: str, value: str | None, price: str) -> None:
    voucher = desk.voucher(price_mode=mode, value=Decimal(value) if value else None)
    made = desk.sell(desk.position(voucher_id=voucher))
    assert desk.tickets(made.id)[0].price == Decimal(price)


def test_vouchers_that_do_not_fit(desk: Desk, fair: Fair) -> None:
    with desk.app.app_context():
        shirt = db.session.scalars(sa.select(Item.id).where(Item.position == 1)).one()
    past = clock.now() - dt.timedelta(minutes=1)
    for values in ({"item_id": shirt}, {"valid_until": past}, {"max_usages": 0}, {"seat_id": fair.seats[20]}):
        voucher = desk.voucher(**values)
        ticket = desk.position(voucher_id=voucher, seat_id=fair.seats[21])
        assert list(desk.refusal(ticket)[0]) == ["voucher"], values
    voucher = desk.voucher(max_usages=2)
    wrong = desk.refusal(*(desk.position(voucher_id=voucher) for _ in range(3)))
    assert [list(each) for each in wrong] == [[], [], ["voucher"]]
    assert desk.used(voucher) == 0


def test_cancelling_gives_back_seat_and_voucher_once(desk: Desk, fair: Fair) -> None:
    voucher = desk.voucher(max_usages=2)
    made = desk.sell(
        desk.position(seat_id=fair.seats[10], voucher_id=voucher), desk.position(seat_id=fair.seats[11]), status="p"
    )
    first, second = desk.tickets(made.id)
    assert desk.used(voucher) == 1
    assert desk.cancel(made.id, first.id) is True
    assert desk.cancel(made.id, first.id) is False
    assert desk.used(voucher) == 0
    assert desk.order(made.id).status == "p"
    again = desk.sell(desk.position(seat_id=fair.seats[10], voucher_id=voucher))
    assert "seat" in desk.refusal(desk.position(seat_id=fair.seats[11]))[0]
    assert desk.cancel(made.id, second.id) is True
    assert desk.order(made.id).status == "c", "with the last ticket the order is cancelled"
    assert (desk.cancel(made.id), desk.cancel(again.id), desk.cancel(again.id)) == (False, True, False)
    assert desk.used(voucher) == 0
    with pytest.raises(Conflict):
        desk.status(made.id, "p")


def test_an_expired_order_takes_its_seat_again_or_says_who_has_it(desk: Desk, fair: Fair) -> None:
    voucher = desk.voucher()
    made = desk.sell(desk.position(seat_id=fair.seats[10], voucher_id=voucher))
    with desk.app.app_context():
        db.session.execute(sa.update(Order).where(Order.id == made.id).values(status="e"))
        db.session.execute(sa.update(Voucher).where(Voucher.id == voucher).values(redeemed=0))
        db.session.commit()
    other = desk.sell(desk.position(seat_id=fair.seats[10]))
    with pytest.raises(InvalidList) as refused:
        desk.status(made.id, "p")
    assert list(refused.value.entries[0]) == ["seat"]
    assert desk.used(voucher) == 0
    desk.cancel(other.id)
    assert desk.status(made.id, "p") is True
    assert desk.status(made.id, "p") is False
    assert desk.used(voucher) == 1
    assert desk.status(made.id, "n") is True
    assert desk.used(voucher) == 1


def test_add_ons_go_with_their_ticket(desk: Desk) -> None:
    made = desk.sell(desk.position(), desk.position(), desk.position(), status="p")
    first, second, third = desk.tickets(made.id)
    with desk.app.app_context():
        db.session.execute(sa.update(OrderPosition).where(OrderPosition.id == second.id).values(addon_to_id=first.id))
        db.session.commit()
    desk.cancel(made.id, first.id)
    assert [each.canceled for each in desk.tickets(made.id)] == [True, True, False]
    desk.cancel(made.id, third.id)
    assert desk.order(made.id).status == "c"


def invariants(desk: Desk) -> None:
    """One holder a seat, as many uses of a voucher as live tickets that used it."""
    live = sa.and_(~OrderPosition.canceled, Order.status.in_(("n", "p")))
    with desk.app.app_context():
        rows = db.session.execute(
            sa.select(OrderPosition.seat_id, OrderPosition.voucher_id).join(Order).where(live, Order.code != "ORD00")
        ).all()
        redeemed = dict(db.session.execute(sa.select(Voucher.id, Voucher.redeemed)).all())
        empty = db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Order)
            .where(
                Order.status.in_(("n", "p")),
                ~sa.exists().where(OrderPosition.order_id == Order.id, ~OrderPosition.canceled),
            )
        )
    seats = Counter(row.seat_id for row in rows if row.seat_id)
    assert not seats or max(seats.values()) == 1
    uses = Counter(row.voucher_id for row in rows if row.voucher_id)
    assert {id_: count for id_, count in redeemed.items() if count} == uses
    assert empty == 0, "no order without tickets that is not cancelled"


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_done_in_whatever_order(desk: Desk, fair: Fair, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a test's dice
    vouchers = [desk.voucher(max_usages=each) for each in (1, 2, 3)]
    orders: list[int] = []
    for _ in range(45):
        try:
            match rng.randrange(5):
                case 0 | 1:
                    tickets = [
                        desk.position(
                            seat_id=rng.choice([None, *fair.seats[4:10]]), voucher_id=rng.choice([None, *vouchers])
                        )
                        for _ in range(rng.randrange(1, 4))
                    ]
                    orders.append(desk.sell(*tickets, status=rng.choice("np")).id)
                case 2 if orders:
                    order = rng.choice(orders)
                    desk.cancel(order, rng.choice(desk.tickets(order)).id)
                case 3 if orders:
                    desk.cancel(rng.choice(orders))
                case 4 if orders:
                    desk.status(rng.choice(orders), rng.choice("np"))
        except DomainError:
            pass
    assert orders
    invariants(desk)


def test_two_orders_for_one_seat_at_once(desk: Desk, fair: Fair) -> None:
    voucher = desk.voucher()
    for ticket, field in (
        (desk.position(seat_id=fair.seats[15]), "seat"),
        (desk.position(voucher_id=voucher), "voucher"),
        (desk.position(secret="THE-SAME-BARCODE"), "secret"),
    ):

        def buy(_number: int, ticket: Any = ticket) -> Any:
            try:
                return desk.sell(ticket).id
            except InvalidList as refused:
                return next(iter(refused.entries[0]))
            except Conflict:
                return "secret"

        found = at_once(buy, 4)
        assert [each for each in found if each != field] == [each for each in found if isinstance(each, int)]
        assert len([each for each in found if isinstance(each, int)]) == 1, found
    invariants(desk)


def test_whose_ticket_it_is(desk: Desk, fair: Fair, client: FlaskClient) -> None:
    ticket = fair.positions[0]
    parts = {"_scheme": "given_family", "given_name": "Björk", "family_name": "Öst"}
    before = client.get(f"{fair.base}/seats/?expand=orderposition", headers=fair.auth())
    changes: dict[str, Any] = {"attendee_name_parts": parts, "company": "Østen AS", "attendee_email": "b@example.org"}
    assert desk.people({ticket: changes}) == [ticket]
    assert desk.people({ticket: changes}) == []
    with desk.app.app_context():
        position = db.session.get_one(OrderPosition, ticket)
        assert (position.attendee_name, position.search_text) == ("Björk Öst", "bjork ost\nb@example.org\nosten as")
        lead = db.session.get_one(Lead, fair.leads[0])
        assert lead.search_text.startswith("bjork ost\n")
        assert "peter" not in lead.search_text
        entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "order.people_changed")).one()
        assert "Björk" not in str(entry.data)
        assert set(entry.data["changed"]) == set(changes)
    after = client.get(f"{fair.base}/seats/?expand=orderposition", headers=fair.auth())
    assert after.headers["ETag"] != before.headers["ETag"]
    assert "Björk" in after.text
    key = f"?key={fair.device_key}&query="
    assert client.get(f"/eventyaydroid/api/bigevents/sampleconf/search/{key}bjork").json["results"]  # type: ignore[index]


def test_the_invoices_name_finds_all_tickets(desk: Desk) -> None:
    made = desk.sell(desk.position(), desk.position())
    values = {"invoice_name_parts": {"_scheme": "full", "full_name": "Zaphod B"}, "email": "z@example.org"}
    change = partial(people.change_order, actor=ACTOR, order_id=made.id, values=values, rooms=ROOMS)
    assert desk.do(lambda event: change(event=event)) is True
    assert desk.do(lambda event: change(event=event)) is False
    assert {each.search_text for each in desk.tickets(made.id)} == {"zaphod b"}
    assert desk.order(made.id).invoice_name == "Zaphod B"


def test_another_seat(desk: Desk, fair: Fair) -> None:
    made = desk.sell(desk.position(seat_id=fair.seats[10]))
    (ticket,) = desk.tickets(made.id)

    def move(seat: int | None) -> bool:
        return desk.do(
            lambda event: people.move(
                actor=ACTOR, event=event, order_id=made.id, position_id=ticket.id, seat_id=seat, rooms=ROOMS
            )
        )

    assert move(fair.seats[10]) is False
    with pytest.raises(InvalidList):
        move(fair.seats[0])
    assert move(fair.seats[11]) is True
    desk.sell(desk.position(seat_id=fair.seats[10]))
    assert move(None) is True
    desk.sell(desk.position(seat_id=fair.seats[11]))
    invariants(desk)


def test_gates_and_lists_know_at_once(desk: Desk, fair: Fair, client: FlaskClient) -> None:
    lists = [
        (f"{fair.base}/seats/", {"headers": fair.auth()}),
        (f"{fair.base}/vouchers/", {"headers": fair.auth()}),
        ("/eventyaydroid/api/bigevents/sampleconf/status/", {"query_string": {"key": fair.device_key}}),
        ("/eventyaydroid/api/bigevents/sampleconf/download/", {"query_string": {"key": fair.device_key}}),
    ]

    def seen() -> list[Any]:
        answers = [client.get(path, **options) for path, options in lists]
        return [(answer.headers.get("ETag"), answer.data) for answer in answers]

    before = seen()

    def changes(places: set[int]) -> None:
        nonlocal before
        after = seen()
        assert {place for place in range(4) if after[place] != before[place]} == places
        before = after

    voucher = fair.vouchers[1]
    made = desk.sell(desk.position(seat_id=fair.seats[10], voucher_id=voucher), status="p")
    changes({0, 1, 2, 3})
    (ticket,) = desk.tickets(made.id)
    gate = f"/eventyaydroid/api/bigevents/sampleconf/redeem/?key={fair.device_key}"
    desk.status(made.id, "n")
    changes({2, 3})
    assert client.post(gate, data={"secret": ticket.secret}).json["reason"] == "unpaid"  # type: ignore[index]
    desk.status(made.id, "p")
    assert client.post(gate, data={"secret": ticket.secret}).json["status"] == "ok"  # type: ignore[index]
    before = seen()
    desk.cancel(made.id, ticket.id)
    changes({0, 1, 2, 3})
