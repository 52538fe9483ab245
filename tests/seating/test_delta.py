"""What changed since a version of the map: every way in which a seat comes to look different."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from portal.core import clock
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Event
from portal.seating.queries import delta
from portal.tickets.models import CartPosition, Order, OrderPosition
from portal.vouchers.models import Voucher
from tests.fair import DAY, Fair, add
from tests.seating.conftest import Series
from tests.seating.test_history import Desk
from tests.statements import statements

LATER = dt.timedelta(minutes=5)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.timedelta], None]:
    """A clock that can be put forward."""
    start = clock.now()

    def put(later: dt.timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: start + later)

    return put


def version(desk: Desk) -> str:
    """The version of the map now."""
    return delta.version(scope=desk.scope, subevent_id=desk.subevent)


def since(desk: Desk, seen: str) -> delta.Delta:
    """What changed since."""
    found = delta.since(scope=desk.scope, subevent_id=desk.subevent, version=seen)
    db.session.commit()
    return found


def test_every_kind_of_change(session: object, fair: Fair, at: Callable[[dt.timedelta], None]) -> None:
    desk, seats = Desk(fair), fair.seats
    now = clock.now()

    def block() -> None:
        desk.block(seats[10])

    def take() -> None:
        values = {"cart_id": "c", "item_id": fair.item, "price": Decimal(1), "datetime": DAY}
        until = now + dt.timedelta(minutes=34, seconds=50)
        add(CartPosition(event_id=fair.event, seat_id=seats[11], expires=until, modified=clock.now(), **values))

    def sell() -> None:
        position = db.session.get_one(OrderPosition, fair.positions[1])
        position.seat_id, position.modified = seats[12], clock.now()

    def cancel() -> None:
        order = db.session.get_one(OrderPosition, fair.positions[0]).order_id
        db.session.execute(sa.update(Order).where(Order.id == order).values(status="c", modified=clock.now()))

    def give() -> None:
        until = now + dt.timedelta(minutes=39, seconds=50)
        add(Voucher(event_id=fair.event, code="S", seat_id=seats[13], valid_until=until, modified=clock.now()))

    steps: list[tuple[Callable[[], object], list[int]]] = [
        (block, [seats[10]]),
        (take, [seats[11]]),
        (sell, [seats[12]]),
        (cancel, [seats[0]]),
        (give, [seats[13]]),
        (lambda: None, []),
        (lambda: None, [seats[11]]),  # the cart has expired
        (lambda: None, [seats[13]]),  # the voucher as well
    ]
    for number, (act, wanted) in enumerate(steps, 1):
        at(LATER * number - dt.timedelta(seconds=20))
        seen = version(desk)
        at(LATER * number)
        act()
        db.session.commit()
        found = since(desk, seen)
        assert (found.seat_ids, found.everything) == (wanted, False), number
        assert (found.version == seen) is (wanted == [])
    at(LATER * 20)
    assert since(desk, found.version).seat_ids == []


def test_what_went_away_is_everything(session: object, fair: Fair, at: Callable[[dt.timedelta], None]) -> None:
    """Who deletes rows touches the event."""
    desk = Desk(fair)
    at(LATER)
    seen = version(desk)
    db.session.execute(sa.delete(CartPosition))
    db.session.execute(sa.update(Event).where(Event.id == fair.event).values(modified=clock.now()))
    db.session.commit()
    found = since(desk, seen)
    assert (found.everything, found.seat_ids) == (True, fair.seats)
    assert since(desk, found.version).everything is False


def test_a_change_that_was_not_over_yet(session: object, fair: Fair, at: Callable[[dt.timedelta], None]) -> None:
    """Stamped before the version was taken, over after it, while another, later one is in it."""
    desk = Desk(fair)
    at(LATER)
    desk.block(fair.seats[10])
    seen = since(desk, version(desk)).version
    late = clock.now() - dt.timedelta(seconds=1)
    late_change = desk.block(fair.seats[11])
    db.session.execute(sa.update(AuditEntry).where(AuditEntry.id == late_change).values(datetime=late))
    db.session.commit()
    found = since(desk, seen)
    assert found.seat_ids == [fair.seats[11]]
    assert since(desk, found.version) == delta.Delta(found.version, [])


def test_a_change_is_told_once(session: object, fair: Fair, at: Callable[[dt.timedelta], None]) -> None:
    """Also while it is so fresh that others of its time may not be over."""
    desk, second = Desk(fair), dt.timedelta(seconds=1)
    at(LATER)
    seen = version(desk)
    desk.block(fair.seats[10])
    first = since(desk, seen)
    assert first.seat_ids == [fair.seats[10]]
    at(LATER + second)
    assert since(desk, first.version) == delta.Delta(first.version, [])
    desk.block(fair.seats[11])
    at(LATER + 2 * second)
    second_change = since(desk, first.version)
    assert second_change.seat_ids == [fair.seats[11]]
    at(LATER + 9 * second)
    assert since(desk, second_change.version) == delta.Delta(second_change.version, [])


def test_very_many_changes(
    session: object, fair: Fair, at: Callable[[dt.timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be remembered is told again, what is too much to tell is everything."""
    desk = Desk(fair)
    at(LATER)
    monkeypatch.setattr(delta, "_REMEMBERED", 2)
    seen = version(desk)
    blocked = fair.seats[10:13]
    for seat in blocked:
        desk.block(seat)
    for _ in range(2):
        found = since(desk, seen)
        assert found.seat_ids == blocked
        seen = found.version
    monkeypatch.setattr(delta, "_MOST", 3)
    assert since(desk, seen).everything


def test_a_version_is_renewed(session: object, fair: Fair, at: Callable[[dt.timedelta], None]) -> None:
    """Where things change that are no seats, so that what is read at each poll does not grow."""
    desk = Desk(fair)
    at(LATER)
    seen = version(desk)
    at(LATER * 2)
    db.session.execute(sa.update(Order).values(modified=clock.now()).where(Order.testmode))
    db.session.execute(sa.update(OrderPosition).where(OrderPosition.seat_id.is_(None)).values(modified=clock.now()))
    db.session.commit()
    found = since(desk, seen)
    assert (found.seat_ids, found.version == seen) == ([], False)


@pytest.mark.parametrize("given", ["", "x", "1-2-3", "9" * 30 + "-1-0123456789abcdef", "0-0-0123456789abcdef", "\0"])
def test_what_is_no_version(session: object, fair: Fair, given: str) -> None:
    assert since(Desk(fair), given).everything


def test_dates(session: object, fair: Fair, series: Series) -> None:
    first, second = (Desk(fair, "seriesconf", date) for date in series.dates)
    seen = version(first)
    first.block(series.seats[0][1])
    assert series.seats[0][1] in since(first, seen).seat_ids
    assert not set(since(second, seen).seat_ids) & set(series.seats[0])


def test_nothing_changed_is_one_statement(session: object, fair: Fair, at: Callable[[dt.timedelta], None]) -> None:
    desk = Desk(fair)
    at(LATER)
    seen = version(desk)
    with statements() as asked:
        assert since(desk, seen) == delta.Delta(seen, [])
    assert len(asked) == 1
