"""An exhibitor's vouchers and profile: the stranger first, then what is shown and what it costs."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db
from portal.events.models import Event
from portal.exhibitors.models import AccessCode, Exhibitor, ExhibitorVoucher
from portal.tickets.models import Order, OrderPosition
from portal.vouchers.models import Voucher
from tests.browserless import sign_in_code, speak
from tests.fair import Fair
from tests.statements import statements

HTMX = {"HX-Request": "true"}
VOUCHERS, PROFILE = "/exhibitor/vouchers", "/exhibitor/profile"


@pytest.fixture
def own(client: FlaskClient, fair: Fair) -> FlaskClient:
    """Aperture Science's browser."""
    sign_in_code(client, fair.full_code)
    speak(client, "en")
    return client


@pytest.fixture
def change(app: Flask) -> Callable[..., None]:
    """Set columns of a row."""

    def set_values(model: type, row_id: int, **values: object) -> None:
        with app.app_context():
            row: object = db.session.get_one(model, row_id)
            for name, value in values.items():
                setattr(row, name, value)
            db.session.commit()

    return set_values


def redeem(app: Flask, fair: Fair, voucher: int, *positions: int) -> None:
    """The tickets were bought with the voucher."""
    with app.app_context():
        chosen = OrderPosition.id.in_([fair.positions[number] for number in positions])
        db.session.execute(sa.update(OrderPosition).where(chosen).values(voucher_id=fair.vouchers[voucher]))
        redeemed = sa.update(Voucher).where(Voucher.id == fair.vouchers[voucher])
        db.session.execute(redeemed.values(redeemed=len(positions)))
        db.session.commit()


@pytest.mark.parametrize("path", [VOUCHERS, PROFILE, "/exhibitor/", f"{VOUCHERS}/1"])
def test_the_full_code_alone_opens_them(client: FlaskClient, fair: Fair, path: str) -> None:
    assert client.get(path).location.startswith("/e/")
    sign_in_code(client, fair.scanning_code)
    answer = client.get(path)
    assert answer.status_code == 403
    assert fair.full_code not in answer.text


def test_anothers_voucher_does_not_exist(app: Flask, own: FlaskClient, fair: Fair) -> None:
    redeem(app, fair, 2, 5)
    for voucher in (fair.vouchers[2], fair.vouchers[3], 0, 9007199254740991):
        for headers in ({}, HTMX):
            answer = own.get(f"{VOUCHERS}/{voucher}", headers=headers)
            assert answer.status_code == 404
            assert "Olu Ade" not in answer.text
    page = own.get(VOUCHERS).text
    assert "43K6LKM37FBVR2YG" in page
    assert "VOUCHER1" in page
    assert "VOUCHER2" not in page
    assert "VOUCHER3" not in page


def test_closed_vouchers_say_so(app: Flask, own: FlaskClient, fair: Fair, change: Callable[..., None]) -> None:
    change(Exhibitor, fair.exhibitor, allow_voucher_access=False)
    for path in (VOUCHERS, f"{VOUCHERS}/{fair.vouchers[0]}"):
        answer = own.get(path)
        assert answer.status_code == 403
        assert "Ask the organizer" in answer.text
        assert "43K6" not in answer.text
        assert 'href="/exhibitor/vouchers"' not in answer.text
        assert 'href="/exhibitor/leads"' in answer.text
    assert own.get(f"{VOUCHERS}/{fair.vouchers[0]}", headers=HTMX).status_code == 403


def test_home_is_the_first_open_page(own: FlaskClient, fair: Fair, change: Callable[..., None]) -> None:
    assert own.get("/exhibitor/").location == "/exhibitor/leads"
    change(Exhibitor, fair.exhibitor, allow_lead_access=False)
    assert own.get("/exhibitor/").location == VOUCHERS
    change(Exhibitor, fair.exhibitor, allow_voucher_access=False)
    assert own.get("/exhibitor/").location == PROFILE
    assert own.get(PROFILE).status_code == 200


def test_the_organizers_comment_stays_with_the_organizer(own: FlaskClient, fair: Fair) -> None:
    for path in (VOUCHERS, f"{VOUCHERS}/{fair.vouchers[0]}"):
        page = own.get(path).text
        assert "Free ticket" in page
        assert "for our eyes" not in page


def test_usage_validity_product_and_price(own: FlaskClient, fair: Fair, change: Callable[..., None]) -> None:
    past = dt.datetime(2020, 5, 1, 12, tzinfo=dt.UTC)
    change(
        Voucher,
        fair.vouchers[0],
        max_usages=4,
        redeemed=3,
        valid_until=past,
        item_id=fair.item,
        variation_id=fair.variation,
    )
    page = own.get(VOUCHERS).text
    assert "Standard ticket - Early bird" in page
    assert "2020-05-01T14:00:00+02:00" in page
    assert "12.00" in page
    assert 'width="75.0%"' in page
    change(Voucher, fair.vouchers[0], price_mode="percent", value=Decimal("12.50"))
    assert "12.5% off" in own.get(VOUCHERS).text


def test_who_redeemed_it_without_the_cancelled(
    app: Flask, own: FlaskClient, fair: Fair, change: Callable[..., None]
) -> None:
    redeem(app, fair, 1, 0, 1, 2, 3, 4)
    change(OrderPosition, fair.positions[1], canceled=True)
    with app.app_context():
        for number, status in ((2, "c"), (3, "e"), (4, "n")):
            order_id = db.session.get_one(OrderPosition, fair.positions[number]).order_id
            db.session.execute(sa.update(Order).where(Order.id == order_id).values(status=status))
        db.session.commit()
    path = f"{VOUCHERS}/{fair.vouchers[1]}"
    for page in (own.get(path).text, own.get(path, headers=HTMX).text):
        assert "Peter Miller" in page
        assert "Mei Lin" in page
        assert "peter@example.org" in page
        for gone in ("Zoë", "Jürgen", "Ada King"):
            assert gone not in page
    assert "<html" not in own.get(path, headers=HTMX).text


def test_redemptions_show_the_events_fields_and_no_more(
    own: FlaskClient, app: Flask, fair: Fair, change: Callable[..., None]
) -> None:
    redeem(app, fair, 1, 0)
    change(Event, fair.event, settings={"lead_fields": ["company"]})
    page = own.get(f"{VOUCHERS}/{fair.vouchers[1]}").text
    assert "Miller Ltd" in page
    assert "Peter" not in page
    assert "peter@example.org" not in page


def test_the_code_as_a_link(own: FlaskClient, fair: Fair, change: Callable[..., None]) -> None:
    path = f"{VOUCHERS}/{fair.vouchers[0]}"
    assert "Link to the shop" not in own.get(path).text
    assert "<svg" in own.get(path).text
    change(Event, fair.event, url="https://tickets.example.org/a/b/?lang=de#top")
    assert "https://tickets.example.org/a/b/?lang=de&amp;voucher=43K6LKM37FBVR2YG" in own.get(path).text


def test_no_vouchers_yet(client: FlaskClient, app: Flask, fair: Fair) -> None:
    with app.app_context():
        db.session.execute(sa.delete(ExhibitorVoucher))
        db.session.commit()
    sign_in_code(client, fair.full_code)
    assert 'id="vouchers"' not in client.get(VOUCHERS).text


def test_pages_of_vouchers_at_a_constant_cost(app: Flask, own: FlaskClient, fair: Fair) -> None:
    costs = []
    for more in (0, 1, 57):
        with app.app_context():
            for number in range(more):
                voucher = Voucher(event_id=fair.event, code=f"MORE{more}X{number:03d}", item_id=fair.item, tag="z")
                db.session.add(voucher)
                db.session.flush()
                db.session.add(ExhibitorVoucher(exhibitor_id=fair.exhibitor, voucher_id=voucher.id))
            db.session.commit()
        with statements() as sent:
            page = own.get(VOUCHERS).text
        costs.append(len(sent))
        assert page.count('id="code-') == min(50, 2 + {0: 0, 1: 1, 57: 58}[more])
    assert len(set(costs)) == 1, costs
    assert costs[0] <= 5
    assert own.get(f"{VOUCHERS}?page=2").text.count('id="code-') == 10
    assert own.get(f"{VOUCHERS}?page=99").text.count('id="code-') == 10
    for page in ("-3", "x", "99999999999999999999"):
        assert own.get(f"{VOUCHERS}?page={page}").status_code == 200


def test_the_profile_covers_codes_until_one_asks(app: Flask, own: FlaskClient, fair: Fair) -> None:
    page = own.get(PROFILE).text
    for text in ("Aperture Science", "A2", "Dr Cave Johnson", "johnson@as.example.org", "miller@as.example.org"):
        assert text in page
    assert fair.full_code not in page
    assert fair.scanning_code not in page
    shown = own.get(f"{PROFILE}?show=scanning").text
    assert fair.scanning_code in shown
    assert fair.full_code not in shown
    assert fair.full_code in own.get(f"{PROFILE}?show=full").text
    assert fair.full_code not in own.get(f"{PROFILE}?show=nonsense").text
    with app.app_context():
        db.session.execute(sa.delete(AccessCode).where(AccessCode.kind == "scanning"))
        db.session.commit()
    assert own.get(f"{PROFILE}?show=scanning").status_code == 200
