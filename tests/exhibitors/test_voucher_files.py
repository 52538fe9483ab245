"""What an exhibitor takes along of its vouchers, and the language it chooses: the stranger first."""

import csv
import io

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Event, Item
from portal.exhibitors.models import Exhibitor, ExhibitorVoucher
from portal.tickets.models import Order, OrderPosition
from portal.vouchers.models import Voucher
from tests.browserless import csrf_token, sign_in_code, speak
from tests.fair import Fair, make_position

PRINT, CSV = "/exhibitor/vouchers/print", "/exhibitor/vouchers/csv"
PROFILE, LANGUAGE = "/exhibitor/profile", "/exhibitor/profile/language"


@pytest.fixture
def own(client: FlaskClient, fair: Fair) -> FlaskClient:
    """Aperture Science's browser."""
    sign_in_code(client, fair.full_code)
    speak(client, "en")
    return client


@pytest.fixture
def redeemed(app: Flask, fair: Fair) -> None:
    """The first voucher is used up, by one ticket that counts and one that was cancelled; the event has a shop."""
    with app.app_context():
        chosen = sa.update(OrderPosition).where(OrderPosition.id.in_(fair.positions[:2]))
        db.session.execute(chosen.values(voucher_id=fair.vouchers[0]))
        order = db.session.get_one(OrderPosition, fair.positions[1]).order_id
        db.session.execute(sa.update(Order).where(Order.id == order).values(status="c"))
        db.session.execute(sa.update(Voucher).where(Voucher.id == fair.vouchers[0]).values(redeemed=1))
        db.session.get_one(Event, fair.event).url = "https://tickets.example.org/a/"
        db.session.commit()


def table(client: FlaskClient, query: str = "", delimiter: str = ",") -> list[list[str]]:
    answer = client.get(f"{CSV}?{query}")
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=delimiter))


@pytest.mark.parametrize("path", [PRINT, CSV, f"{CSV}?what=redemptions"])
def test_strangers(app: Flask, client: FlaskClient, fair: Fair, path: str, redeemed: None) -> None:
    assert client.get(path).location.startswith("/e/")
    for code in (fair.scanning_code, fair.rival_code, fair.foreign_code):
        sign_in_code(client, code)
        answer = client.get(path)
        assert answer.status_code == (403 if code == fair.scanning_code else 200)
        for text in ("43K6LKM37FBVR2YG", "VOUCHER1", "Miller"):
            assert text not in answer.text
    with app.app_context():
        db.session.execute(sa.update(Exhibitor).values(allow_voucher_access=False))
        db.session.commit()
    sign_in_code(client, fair.full_code)
    assert client.get(path).status_code == 403


def test_vouchers_as_a_table(own: FlaskClient, fair: Fair, redeemed: None) -> None:
    rows = table(own)
    assert rows[0][:4] == ["Code", "Link to the shop", "For", "Date"]
    assert rows[1] == [
        *("43K6LKM37FBVR2YG", "https://tickets.example.org/a/?voucher=43K6LKM37FBVR2YG", "All products", ""),
        *("set", "12.00", "1", "1", "0", "", "testvoucher", "Free ticket"),
    ]
    assert [row[0] for row in rows[1:]] == ["43K6LKM37FBVR2YG", "VOUCHER1"]
    assert table(own, "separator=semicolon", ";") == rows
    assert "for our eyes" not in str(rows)


def test_redemptions_as_a_table(own: FlaskClient, fair: Fair, redeemed: None) -> None:
    rows = table(own, "what=redemptions")
    assert rows == [
        ["Code", "Redeemed", "Name", "Email", "Company", "Date"],
        ["43K6LKM37FBVR2YG", "2026-10-21 11:00:00", "Peter Miller", "peter@example.org", "Miller Ltd", ""],
    ]


def test_a_sheet_to_print(app: Flask, own: FlaskClient, fair: Fair, redeemed: None) -> None:
    page = own.get(PRINT).text
    assert "VOUCHER1" in page
    assert "43K6LKM37FBVR2YG" not in page
    everything = own.get(f"{PRINT}?all=1").text
    assert everything.count('class="voucher-card"') == 2
    assert everything.count("<svg") >= 2
    assert "https://tickets.example.org/a/?voucher=43K6LKM37FBVR2YG" in everything
    with app.app_context():
        for number in range(60):
            voucher = Voucher(event_id=fair.event, code=f"MORE{number:03d}", tag="z")
            db.session.add(voucher)
            db.session.flush()
            db.session.add(ExhibitorVoucher(exhibitor_id=fair.exhibitor, voucher_id=voucher.id))
        db.session.commit()
    assert own.get(PRINT).text.count('class="voucher-card"') == 48
    assert own.get(f"{PRINT}?page=2").text.count('class="voucher-card"') == 13
    assert len(table(own)) == 63


def test_many_redemptions_come_in_pages(app: Flask, own: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        event, item = db.session.get_one(Event, fair.event), db.session.get_one(Item, fair.item)
        for number in range(60):
            make_position(event, item, 100 + number, (f"Guest{number:02d}", "X"), voucher_id=fair.vouchers[1])
        db.session.commit()
    path = f"/exhibitor/vouchers/{fair.vouchers[1]}"
    assert own.get(path).text.count("<td>Guest") == 50
    assert own.get(f"{path}?page=2&from=3").text.count("<td>Guest") == 10
    assert 'href="/exhibitor/vouchers?page=3"' in own.get(f"{path}?page=2&from=3").text
    fragment = own.get(path, headers={"HX-Request": "true"}).text
    assert "1–50 of 60" in fragment


def test_the_language_is_chosen(app: Flask, client: FlaskClient, own: FlaskClient, fair: Fair) -> None:
    token = csrf_token(own.get(PROFILE))
    assert own.post(LANGUAGE, data={"locale": "en"}).status_code == 400
    for locale in ("xx", "", "en\0"):
        assert own.post(LANGUAGE, data={"csrf_token": token, "locale": locale}).status_code == 400
    assert own.post(LANGUAGE, data={"csrf_token": token, "locale": "en"}).location == PROFILE
    assert own.post(LANGUAGE, data={"csrf_token": token, "locale": "en"}).status_code == 303
    with app.app_context():
        assert db.session.get_one(Exhibitor, fair.exhibitor).locale == "en"
        assert db.session.get_one(Exhibitor, fair.rival).locale == "en"
        action = sa.select(AuditEntry.data).where(AuditEntry.action == "exhibitor.language_chosen")
        assert list(db.session.scalars(action)) == [{"locale": ["de", "en"]}]
    app_lead = client.get("/exhibitors/api/v1/leads/", headers={"Authorization": f"Exhibitor {fair.full_code}"})
    assert app_lead.get_json()["results"][0]["attendee"]["fields"][1]["label"] == "Email"
    scanner = app.test_client()
    sign_in_code(scanner, fair.scanning_code)
    token = csrf_token(scanner.get("/e/"))
    assert scanner.post(LANGUAGE, data={"csrf_token": token, "locale": "de"}).status_code == 403
