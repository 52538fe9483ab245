"""The pages of vouchers: made, changed, deleted, and what refuses; the API shows the same."""

import re
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.database import db
from portal.core.errors import DomainError
from portal.exhibitors.models import ExhibitorVoucher
from portal.vouchers.models import Voucher
from portal.vouchers.services import manage
from portal.vouchers.views.pages import SEATS
from tests.browserless import post_form, sign_in
from tests.checkin.test_races import at_once
from tests.fair import Fair
from tests.tickets.conftest import ACTOR, Desk

PAGE = "/organizer/bigevents/sampleconf/vouchers/"
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The organizer's browser."""
    sign_in(client, fair.organizer_email)
    return client


@pytest.fixture
def desk(client: FlaskClient, fair: Fair) -> Desk:
    """Sells at the fair."""
    return Desk(client.application, fair, fair.event)


def codes(ada: FlaskClient, **query: object) -> list[str]:
    """The vouchers that the list shows."""
    text = ada.get(PAGE, query_string=query).text
    return re.findall(r'<a class="mono voucher-code"\s+href="[^"]*/vouchers/\d+/">([^<]*)</a>', text)


@only_sqlite
def test_the_list(ada: FlaskClient, fair: Fair) -> None:
    everything = ["VOUCHER3", "VOUCHER2", "VOUCHER1", "43K6LKM37FBVR2YG"]
    with ada.application.app_context():
        db.session.get_one(Voucher, fair.vouchers[1]).redeemed = 2
        db.session.get_one(Voucher, fair.vouchers[2]).tag = "press"
        db.session.commit()
    for query, found in (
        ({}, everything),
        ({"q": "voucher2"}, ["VOUCHER2"]),
        ({"q": "43k6"}, everything[3:]),
        ({"q": "%"}, []),
        ({"tag": "press"}, ["VOUCHER2"]),
        ({"state": "done"}, ["VOUCHER1"]),
        ({"state": "open", "q": "VOUCHER3"}, ["VOUCHER3"]),
        ({"state": "?"}, everything),
    ):
        assert codes(ada, **query) == found, query
    text = ada.get(PAGE).text
    for shown in ("Aperture Science", "Black Mesa", "Seat Ground floor/1/3", "€12.00"):
        assert shown in text


@only_sqlite
def test_one_and_many(ada: FlaskClient, fair: Fair) -> None:
    values = {"code": "HELLO", "max_usages": "3", "price_mode": "percent", "value": "50", "product": str(fair.item)}
    values |= {"valid_until": "2099-12-24T18:00", "tag": "press", "comment": "for\r\nus", "block_quota": "1"}
    answer = post_form(ada, f"{PAGE}-/new", values)
    assert answer.status_code == 303
    text = ada.get(answer.location).text
    for shown in ("HELLO", "50.00 % off", "Standard ticket", "press", "Keeps room", "Made the voucher HELLO"):
        assert shown in text, shown
    found = ada.get(f"{fair.base}/vouchers/?code=hello", headers=fair.auth()).json["results"][0]  # type: ignore[index]
    assert (
        found
        | {
            "max_usages": 3,
            "valid_until": "2099-12-24T17:00:00Z",
            "block_quota": True,
            "price_mode": "percent",
            "value": "50.00",
            "item": fair.item,
            "comment": "for\nus",
        }
        == found
    )
    many = {"count": "25", "max_usages": "1", "price_mode": "none", "value": "", "tag": "many", "code": ""}
    assert post_form(ada, f"{PAGE}-/new", many).location == PAGE
    made = codes(ada, tag="many")
    assert len(set(made)) == 25
    assert {len(code) for code in made} == {16}
    for wrong, field in (
        ({"code": "hello"}, "code"),
        ({"code": "a b"}, "code"),
        ({"count": "2"}, "count"),
        ({"code": "", "count": "5001"}, "count"),
        ({"code": "N1", "value": "101"}, "value"),
        ({"code": "N1", "value": ""}, "value"),
        ({"code": "N1", "price_mode": "free"}, "price_mode"),
        ({"code": "N1", "product": "7-7"}, "product"),
        ({"code": "N1", "seat": "1-10"}, "max_usages"),
        ({"code": "N1", "seat": "1-1", "max_usages": "1"}, "seat"),
        ({"code": "N1", "seat": "x"}, "seat"),
        ({"code": "N1", "max_usages": "-1"}, "max_usages"),
        ({"code": "N1", "valid_until": "tomorrow"}, "valid_until"),
    ):
        answer = post_form(ada, f"{PAGE}-/new", values | wrong)
        assert (answer.status_code, f'id="f-{field}-error"' in answer.text) == (422, True), wrong


def seat_state(ada: FlaskClient, fair: Fair, seat: int) -> Any:
    found = ada.get(f"{fair.base}/seats/{fair.seats[seat]}/", headers=fair.auth()).json
    assert found is not None
    return found["voucher"]


@only_sqlite
def test_change_and_delete(ada: FlaskClient, fair: Fair, desk: Desk) -> None:
    page = f"{PAGE}{fair.vouchers[1]}/"
    values = {"code": "VOUCHER1", "max_usages": "1", "price_mode": "set", "value": "10", "seat": "1-10"}
    before = ada.get(f"{fair.base}/seats/", headers=fair.auth()).headers["ETag"]
    assert post_form(ada, f"{page}edit", values).status_code == 303
    assert seat_state(ada, fair, 9) == fair.vouchers[1]
    assert ada.get(f"{fair.base}/seats/", headers=fair.auth()).headers["ETag"] != before
    assert 'value="Ground floor/1/10"' in ada.get(f"{page}edit").text
    assert post_form(ada, f"{page}edit", values | {"seat": "1-11"}).status_code == 303
    assert (seat_state(ada, fair, 9), seat_state(ada, fair, 10)) == (None, fair.vouchers[1])
    assert post_form(ada, f"{page}edit", values | {"code": "voucher2"}).status_code == 422
    assert post_form(ada, f"{page}edit", values | {"seat": "1-1"}).status_code == 422
    made = desk.sell(desk.position(voucher_id=fair.vouchers[1]))
    assert desk.tickets(made.id)[0].price == Decimal(10)
    assert post_form(ada, f"{page}edit", values | {"max_usages": "0", "seat": ""}).status_code == 422
    answer = post_form(ada, f"{page}delete", page=f"{page}edit")
    assert "cannot be deleted" in ada.get(answer.location).text
    assert made.code in ada.get(page).text
    gone = f"{PAGE}{fair.vouchers[0]}/"
    before = ada.get(f"{fair.base}/vouchers/", headers=fair.auth()).headers["ETag"]
    assert post_form(ada, f"{gone}delete", page=gone).location == PAGE
    assert ada.get(gone).status_code == 404
    assert ada.get(f"{fair.base}/vouchers/", headers=fair.auth()).headers["ETag"] != before
    with ada.application.app_context():
        left = db.session.scalars(sa.select(ExhibitorVoucher.voucher_id).order_by(ExhibitorVoucher.voucher_id)).all()
        assert left == [fair.vouchers[1], fair.vouchers[2]]


def test_one_code_and_one_seat_at_once(desk: Desk, fair: Fair) -> None:
    def make(number: int, values: dict[str, Any], code: str) -> str:
        voucher = (code or f"RACE{number}", manage.VoucherValues(**values))
        try:
            desk.do(lambda event: manage.create_vouchers(actor=ACTOR, event=event, vouchers=[voucher], seats=SEATS))
        except DomainError as refused:
            return type(refused).__name__
        return "made"

    for values, code in (({}, "ONE"), ({"seat_id": fair.seats[20]}, "")):
        found = at_once(lambda number, values=values, code=code: make(number, values, code), 4)  # type: ignore[misc]
        assert sorted(found)[-1] == "made"
        assert found.count("made") == 1, found
