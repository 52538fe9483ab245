"""304 where nothing has changed, and only there."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.core import clock
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Event
from portal.seating.models import Seat
from portal.tickets.models import Answer, CartPosition, Checkin, Order, OrderPosition
from portal.vouchers.models import Voucher
from portal.web.conditional import Counts, Stamp
from tests.fair import DAY, Fair, add

LISTS = ("/seats/", "/seats/?is_available=false", "/seats/?expand=orderposition", "/vouchers/")
MODELS: tuple[Any, ...] = (Seat, Order, OrderPosition, CartPosition, Voucher, Event)


class Clock:
    """A clock that stands still until a test turns it."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    @property
    def time(self) -> dt.datetime:
        """What it shows."""
        return clock.now()

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self._traveller.shift(seconds)


@pytest.fixture
def hands() -> Iterator[Clock]:
    """The portal's clock."""
    with time_machine.travel(dt.datetime(2030, 1, 1, 12, 0, 0, 250_000, tzinfo=dt.UTC), tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def still(app: Flask, fair: Fair, hands: Clock) -> Clock:
    """A fair in which nothing has changed for an hour."""
    with app.app_context():
        for model in MODELS:
            db.session.execute(sa.update(model).values(modified=hands.time - dt.timedelta(hours=1)))
        for model in (Checkin, Answer):
            db.session.execute(sa.update(model).values(modified=hands.time - dt.timedelta(hours=1)))
        db.session.commit()
    return hands


def write(app: Flask, statement: Any) -> None:
    """Execute and commit."""
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


def set_(model: Any, row: int, **values: Any) -> Any:
    """An update of one row; its `modified` follows."""
    return sa.update(model).where(model.id == row).values(**values)


def test_validators(client: FlaskClient, fair: Fair, still: Clock) -> None:
    for path in LISTS:
        first = client.get(fair.base + path, headers=fair.auth())
        assert first.headers["Last-Modified"] == "Tue, 01 Jan 2030 11:00:00 GMT", path
        for condition in (
            {"If-None-Match": first.headers["ETag"]},
            {"If-None-Match": f'"x", W/{first.headers["ETag"]}'},
            {"If-None-Match": "*"},
            {"If-Modified-Since": first.headers["Last-Modified"]},
            {"If-Modified-Since": "Wed, 02 Jan 2030 00:00:00 GMT"},
        ):
            again = client.get(fair.base + path, headers=fair.auth() | condition)
            assert (again.status_code, again.get_data()) == (304, b""), (path, condition)
            assert {"Accept", "Authorization"} <= set(again.vary)
        for condition in (
            {"If-None-Match": '"x"'},
            {"If-Modified-Since": "Tue, 01 Jan 2030 10:59:59 GMT"},
            {"If-Modified-Since": "nonsense"},
            {"If-None-Match": '"x"', "If-Modified-Since": "Wed, 02 Jan 2030 00:00:00 GMT"},
        ):
            again = client.get(fair.base + path, headers=fair.auth() | condition)
            assert (again.status_code, again.get_data()) == (200, first.get_data()), (path, condition)


def test_no_credentials_no_304(client: FlaskClient, fair: Fair, still: Clock) -> None:
    assert client.get(fair.base + "/seats/", headers={"If-None-Match": "*"}).status_code == 401
    headers = fair.auth(fair.foreign_token) | {"If-Modified-Since": "Wed, 02 Jan 2030 00:00:00 GMT"}
    assert client.get(fair.base + "/seats/", headers=headers).status_code == 403


def test_a_wrong_page_or_filter_is_no_304(client: FlaskClient, fair: Fair, still: Clock) -> None:
    headers = fair.auth() | {"If-Modified-Since": "Wed, 02 Jan 2030 00:00:00 GMT"}
    assert client.get(fair.base + "/seats/?page=9", headers=headers).status_code == 404
    assert client.get(fair.base + "/seats/?blocked=x", headers=headers).status_code == 400


def block(fair: Fair, seat: int) -> Any:
    """The entry of a change that blocked a seat."""
    return sa.insert(AuditEntry).values(
        event_id=fair.event, actor_kind="token", actor_label="", action="seat.blocked", data={"ids": [seat]}
    )


Change = Callable[[Fair], Any]
CHANGES: dict[str, Change] = {
    "a seat is blocked": lambda fair: block(fair, fair.seats[5]),
    "an order releases a seat": lambda fair: sa.update(Order).where(Order.code == "ORD00").values(status="c"),
    "a position is cancelled": lambda fair: set_(OrderPosition, fair.positions[0], canceled=True),
    "a voucher is used up": lambda fair: set_(Voucher, fair.vouchers[3], redeemed=4),
    "a cart is extended": lambda _fair: sa.update(CartPosition).values(expires=DAY + dt.timedelta(days=9999)),
    "a seat is deleted": lambda fair: set_(Event, fair.event, live=True),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_shows(app: Flask, client: FlaskClient, fair: Fair, still: Clock, name: str) -> None:
    before = client.get(fair.base + "/seats/", headers=fair.auth())
    write(app, CHANGES[name](fair))
    for wait in (0, 1, 5):
        still.turn(wait)
        conditions = fair.auth() | {"If-Modified-Since": before.headers["Last-Modified"]}
        after = client.get(fair.base + "/seats/", headers=conditions)
        assert after.status_code == 200, wait
    conditions = fair.auth() | {"If-Modified-Since": after.headers["Last-Modified"]}
    assert client.get(fair.base + "/seats/", headers=conditions).status_code == 304


@pytest.mark.parametrize("holder", ["cart", "voucher"])
def test_time_alone_is_a_change(app: Flask, client: FlaskClient, fair: Fair, still: Clock, holder: str) -> None:
    soon, past = still.time + dt.timedelta(seconds=60), still.time - dt.timedelta(hours=1)
    if holder == "cart":
        write(app, sa.update(CartPosition).values(expires=soon, modified=past))
    else:
        write(app, set_(Voucher, fair.vouchers[3], valid_until=soon, modified=past))
    before = client.get(fair.base + "/seats/?is_available=false", headers=fair.auth())
    conditions = fair.auth() | {"If-Modified-Since": before.headers["Last-Modified"]}
    assert client.get(fair.base + "/seats/?is_available=false", headers=conditions).status_code == 304
    for seconds in (60, 0.5, 5):
        still.turn(seconds)
        after = client.get(fair.base + "/seats/?is_available=false", headers=conditions)
        assert after.status_code == 200
        assert after.get_json()["count"] == before.get_json()["count"] - 1
        assert after.headers["ETag"] != before.headers["ETag"]


def test_two_changes_within_a_second(app: Flask, client: FlaskClient, fair: Fair, still: Clock) -> None:
    """What was read between them is not taken for what is there after the second."""
    write(app, block(fair, fair.seats[5]))
    still.turn(0.1)
    between = client.get(fair.base + "/seats/", headers=fair.auth())
    still.turn(0.1)
    write(app, block(fair, fair.seats[6]))
    for wait in (0, 1, 10):
        still.turn(wait)
        headers = fair.auth() | {"If-Modified-Since": between.headers["Last-Modified"]}
        assert client.get(fair.base + "/seats/", headers=headers).status_code == 200


def test_a_check_in_shows_in_expanded_positions(app: Flask, client: FlaskClient, fair: Fair, still: Clock) -> None:
    """Also one that was made long ago at a gate without network."""
    path = fair.base + "/seats/?expand=orderposition"
    before = client.get(path, headers=fair.auth())
    still.turn(5)
    with app.app_context():
        add(Checkin(position_id=fair.positions[0], list_id=fair.checkin_list, datetime=DAY, first=False, type="exit"))
        db.session.commit()
    for wait in (0, 5):
        still.turn(wait)
        headers = fair.auth() | {"If-Modified-Since": before.headers["Last-Modified"]}
        after = client.get(path, headers=headers)
        assert after.status_code == 200
    headers = fair.auth() | {"If-Modified-Since": after.headers["Last-Modified"]}
    assert client.get(path, headers=headers).status_code == 304


def test_counts_hold_until_something_changes(hands: Clock) -> None:
    counts, taken = Counts(size=2), list[str]()

    def get(key: str, stamp: Stamp) -> int:
        def count() -> int:
            taken.append(key)
            return len(taken)

        return counts.get(key, stamp, count)

    old, older = hands.time - dt.timedelta(minutes=1), hands.time - dt.timedelta(minutes=2)
    assert [get("a", Stamp((old, None))), get("a", Stamp((old, None)))] == [1, 1]
    assert get("b", Stamp((old, None))) == 2
    assert get("a", Stamp((old, older))) == 3
    fresh = Stamp((hands.time, None))
    assert not fresh.settled
    assert [get("a", fresh), get("a", fresh)] == [4, 5]
    get("c", Stamp((old,)))
    assert get("b", Stamp((old, None))) == 7
