"""The pages of orders: what the list finds, what a form sells, what each button does."""

import csv
import io
import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from portal.core.database import db
from portal.events.models import Item
from portal.tickets.models import Order, OrderPosition
from portal.vouchers.models import Voucher
from tests.browserless import post_form, sign_in
from tests.fair import Fair
from tests.tickets.conftest import Desk

ORDERS = "/organizer/bigevents/sampleconf/orders/"
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The organizer's browser."""
    sign_in(client, fair.organizer_email)
    return client


def codes(ada: FlaskClient, **query: object) -> list[str]:
    """The orders that the list shows."""
    answer = ada.get(ORDERS, query_string=query)
    assert answer.status_code == 200
    return re.findall(r'<a class="mono"\s+href="[^"]*/orders/\d+/">([^<]*)</a>', answer.text)


def test_what_the_list_finds(ada: FlaskClient, fair: Fair) -> None:
    with ada.application.app_context():
        db.session.execute(sa.update(Order).where(Order.code == "ORD05").values(status="c"))
        shirt = db.session.scalars(sa.select(Item.id).where(Item.position == 1)).one()
        position = db.session.get_one(OrderPosition, fair.positions[4])
        position.item_id = shirt
        secret = position.secret
        db.session.commit()
    everything = [f"ORD{number:02}" for number in range(7, -1, -1)]
    assert codes(ada) == everything
    for query, found in (
        ({"q": "jurgen gross"}, ["ORD02"]),
        ({"q": "ó neill"}, ["ORD01"]),
        ({"q": "O’NEILL zoe"}, ["ORD01"]),
        ({"q": "ord0"}, everything),
        ({"q": "ORD03"}, ["ORD03"]),
        ({"q": "order6@example.org"}, ["ORD06"]),
        ({"q": "ade ltd"}, ["ORD05"]),
        ({"q": "li"}, ["ORD04"]),
        ({"q": secret[:20].upper()}, ["ORD04"]),
        ({"q": "100%_"}, []),
        ({"q": '"*'}, []),
        ({"status": "c"}, ["ORD05"]),
        ({"status": "x"}, everything),
        ({"item": shirt}, ["ORD04"]),
        ({"checked": "in"}, ["ORD00"]),
        ({"checked": "out"}, everything[:-1]),
        ({"checked": "in", "status": "c"}, []),
        ({"page": 99}, everything),
    ):
        assert codes(ada, **query) == found, query
    part = ada.get(ORDERS, headers={"HX-Request": "true", "HX-Target": "orders"}).text
    assert part.lstrip().startswith('<div id="orders"')


@only_sqlite
def test_a_sale_by_hand(ada: FlaskClient, fair: Fair, desk: Desk) -> None:
    page = f"{ORDERS}-/new"
    early = f"{fair.item}-{fair.variation}"
    first = {"p-0-product": early, "p-0-name-given_name": "Ida", "p-0-name-family_name": "Noddack"}
    more = post_form(ada, page, first | {"more": "1"})
    assert (more.status_code, 'name="p-1-product"' in more.text, 'value="Ida"' in more.text) == (200, True, True)
    second = {"p-1-product": early, "p-1-seat": "Ground floor/1/10", "p-1-voucher": "voucher1", "p-1-price": "9,90"}
    values = first | second | {"email": "ida@example.org", "paid": "1", "invoice_company": "Rhenium AG"}
    values |= {"p-0-email": "ida@example.org", "p-0-company": "Rhenium AG", "invoice-full_name": "Ida Noddack"}
    answer = post_form(ada, page, values)
    assert answer.status_code == 303, answer.text
    text = ada.get(answer.location).text
    for shown in ("Ida Noddack", "Rhenium AG", "Ground floor/1/10", "VOUCHER1", "€69.90", "Paid", "with 2 tickets"):
        assert shown in text, shown
    assert codes(ada, q="rhenium") == codes(ada, q="noddack")
    for wrong, field in (
        ({"p-0-product": ""}, "p-0-product"),
        ({"p-0-product": "1-999"}, "p-0-product"),
        ({"p-1-seat": "Ground floor/9/9"}, "p-1-seat"),
        ({"p-1-seat": "1-1"}, "p-1-seat"),
        ({"p-1-seat": "", "p-1-voucher": "nope"}, "p-1-voucher"),
        ({"p-1-seat": "", "p-1-price": "-1"}, "p-1-price"),
        ({"p-0-email": "ida"}, "p-0-email"),
        ({"email": "x@"}, "email"),
        ({"p-0-company": "x" * 501}, "p-0-company"),
    ):
        answer = post_form(ada, page, values | wrong)
        assert (answer.status_code, f'id="f-{field}-error"' in answer.text) == (422, True), wrong
    with ada.application.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Order)) == 9
        assert db.session.get_one(Voucher, fair.vouchers[1]).redeemed == 1


@only_sqlite
def test_what_each_button_does(ada: FlaskClient, fair: Fair, desk: Desk) -> None:
    made = desk.sell(desk.position(), desk.position())
    page = f"{ORDERS}{made.id}/"
    first, second = desk.tickets(made.id)

    def press(path: str, **values: str) -> str:
        answer = post_form(ada, page + path, values, page=page)
        assert (answer.status_code, answer.location) == (303, page)
        return ada.get(page).text

    assert "Marked as paid" in press("status", status="p")
    assert "pending → paid" in ada.get(page).text
    assert "Marked as pending" in press("status", status="n")
    assert post_form(ada, f"{page}status", {"status": "c"}, page=page).status_code == 404
    assert "The ticket is cancelled" in press(f"tickets/{first.id}/cancel")
    assert "cancelled already" in press(f"tickets/{first.id}/cancel")
    assert post_form(ada, f"{page}tickets/{fair.positions[0]}/cancel", page=page).status_code == 404
    assert "The order is cancelled" in press("cancel")
    assert "It cannot be paid any more" in press("status", status="p")
    assert ada.get(f"{page}print").status_code == 404
    assert desk.order(made.id).status == "c"
    assert second.canceled is False


@only_sqlite
def test_whose_ticket_it_is(ada: FlaskClient, fair: Fair, desk: Desk) -> None:
    page = f"{ORDERS}1/tickets/{fair.positions[0]}/edit"
    assert 'value="Ground floor/1/1"' in ada.get(page).text
    values = {"name-given_name": "Pete", "name-family_name": "Miller", "email": "p@example.org", "country": "at"}
    values |= {"seat": "Ground floor/1/12", "street": "Ring 1", "zipcode": "1010", "city": "Wien"}
    assert post_form(ada, page, values).status_code == 303
    (ticket,) = desk.tickets(1)
    assert (ticket.attendee_name, ticket.country, ticket.seat_id) == ("Pete Miller", "AT", fair.seats[11])
    assert ticket.company is None
    for wrong, words in (
        ({"seat": "nowhere"}, "no such seat"),
        ({"seat": "Ground floor/1/3"}, "Somebody else"),
        ({"country": "Q1"}, "two letters"),
        ({"email": "p@"}, "no e-mail"),
    ):
        answer = post_form(ada, page, values | wrong)
        assert (answer.status_code, words in answer.text) == (422, True), wrong
    assert desk.tickets(1)[0].attendee_name == "Pete Miller"
    answer = post_form(ada, f"{ORDERS}1/edit", {"email": "buyer@example.org", "invoice-full_name": "Pia Payer"})
    assert answer.status_code == 303
    text = ada.get(f"{ORDERS}1/").text
    assert "Pia Payer" in text
    assert "Changed whose ticket" in text
    assert codes(ada, q="payer") == ["ORD00"]
    printed = ada.get(f"{ORDERS}1/print").text
    assert "<svg" in printed
    assert "Ground floor/1/12" in printed


@only_sqlite
def test_what_leaves_as_a_file(ada: FlaskClient, fair: Fair) -> None:
    with ada.application.app_context():
        position = db.session.get_one(OrderPosition, fair.positions[1])
        position.company = "=HYPERLINK(1)"
        db.session.commit()
    answer = ada.get(f"{ORDERS}-/attendees.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=sampleconf-attendees.csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 8
    assert (
        rows[0]
        | {
            "Order code": "ORD00",
            "Number in the order": "1",
            "Name": "Peter Miller",
            "Given name": "Peter",
            "Product": "Standard ticket",
            "Variation": "Early bird",
            "Seat": "1-1",
            "Price": "60.00",
            "Paid or pending": "paid",
        }
        == rows[0]
    )
    assert rows[0]["Checked in"].startswith("2026-11-20T09:00")
    assert rows[1]["Company"] == "'=HYPERLINK(1)"
    book = CalamineWorkbook.from_filelike(io.BytesIO(ada.get(f"{ORDERS}-/attendees.xlsx").data))
    table = book.get_sheet_by_index(0).to_python()
    assert table[0] == list(rows[0])
    assert len(table) == 9
