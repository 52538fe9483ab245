"""Attendees from files: what the preview says, what is then there, and the same file once more."""

import csv
import io
import re
from collections.abc import Sequence
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.checkin.models import CheckinList, Device
from portal.core.codes import hash_token
from portal.core.database import db
from portal.core.sheets import xlsx_bytes
from portal.events.models import Event
from portal.tickets.models import Order, OrderPosition
from portal.vouchers.models import Voucher
from tests.browserless import csrf_token, post_form, sign_in
from tests.fair import Fair
from tests.statements import statements
from tests.tickets.conftest import Desk

EVENT = "/organizer/bigevents/sampleconf"
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
Table = Sequence[Sequence[object]]


class Importer:
    """A browser that imports."""

    def __init__(self, client: FlaskClient, what: str) -> None:
        self.client, self.start = client, f"{EVENT}/{what}/-/import"

    def upload(self, table: Table, *, xlsx: bool = False) -> TestResponse:
        """The preview of a file."""
        if xlsx:
            data, name = xlsx_bytes([str(each) for each in table[0]], table[1:]), "list.xlsx"
        else:
            out = io.StringIO()
            csv.writer(out, delimiter=";").writerows(table)
            data, name = out.getvalue().encode(), "list.csv"
        values = {"csrf_token": csrf_token(self.client.get(self.start)), "file": (io.BytesIO(data), name)}
        answer = self.client.post(self.start, data=values, content_type="multipart/form-data")
        assert answer.status_code == 303, answer.text
        return self.client.get(answer.location)

    def counts(self, preview: TestResponse) -> list[int]:
        """New, changed, as they are, wrong."""
        return [int(each.replace(",", "")) for each in re.findall(r'stat-value">([\d,]+)<', preview.text)]

    def apply(self, preview: TestResponse, **mapping: str) -> TestResponse:
        """Press the button."""
        hidden = dict(re.findall(r'<input type="hidden" name="((?:column|fixed)-[^"]+)" value="([^"]*)"', preview.text))
        values = {"csrf_token": csrf_token(preview), **hidden, **mapping}
        return self.client.post(preview.request.path, data=values)

    def run(self, table: Table, *, xlsx: bool = False) -> list[int]:
        """Both steps; what the preview counted."""
        preview = self.upload(table, xlsx=xlsx)
        counts = self.counts(preview)
        if counts[0] or counts[1]:
            answer = self.apply(preview)
            assert answer.status_code == 303, answer.text
        return counts

    def wrong(self, *rows: Sequence[object], head: Sequence[object]) -> str:
        """The table of what is wrong."""
        text = self.upload([head, *rows]).text
        return " ".join(re.sub(r"<[^>]+>", " ", text.partition('id="plan"')[2].partition("</section>")[0]).split())


@pytest.fixture
def attendees(client: FlaskClient, fair: Fair) -> Importer:
    sign_in(client, fair.organizer_email)
    return Importer(client, "orders")


HEAD = ("Order code", "First name", "Last name", "E-mail", "Firma", "Product", "Variation", "Seat", "Voucher", "Status")
ROWS = (
    ("GROUP1", "Ida", "Noddack", "ida@example.org", "Rhenium AG", "Standard ticket", "early bird", "1-10", "", "paid"),
    ("GROUP1", "Walter", "Noddack", "", "", "Standard ticket", "Early bird", "Ground floor/1/11", "VOUCHER2", ""),
    ("SINGLE", "Otto", "Berg", "otto@example.org", "", "t-shirt", "", "", "", "pending"),
)


@pytest.mark.parametrize("xlsx", [False, True])
def test_a_list_and_the_same_list_again(attendees: Importer, fair: Fair, xlsx: bool) -> None:
    assert attendees.run([HEAD, *ROWS], xlsx=xlsx) == [3, 0, 0, 0]
    app = attendees.client.application
    with app.app_context():
        orders = db.session.scalars(sa.select(Order).where(Order.code.in_(("GROUP1", "SINGLE"))).order_by(Order.code))
        group, single = orders.all()
        assert (group.status, single.status, group.email) == ("p", "n", "ida@example.org")
        first, second = group.positions
        assert (first.attendee_name, first.company, first.seat_id) == ("Ida Noddack", "Rhenium AG", fair.seats[9])
        assert (second.positionid, second.seat_id, second.voucher_id) == (2, fair.seats[10], fair.vouchers[2])
        assert db.session.get_one(Voucher, fair.vouchers[2]).redeemed == 1
        secrets = [first.secret, second.secret]
    assert attendees.run([HEAD, *ROWS], xlsx=xlsx) == [0, 0, 3, 0]
    changed = (("SINGLE", "Otto", "Berg-Otto", "", "", "T-Shirt", "", "", "", "paid"), *ROWS[:2])
    assert attendees.run([HEAD, *changed], xlsx=xlsx) == [0, 1, 2, 0]
    moved = [(*ROWS[0][:7], "1-12", *ROWS[0][8:]), ROWS[1], *changed[:1]]
    assert attendees.run([HEAD, *moved], xlsx=xlsx) == [0, 1, 2, 0]
    with app.app_context():
        single = db.session.scalars(sa.select(Order).where(Order.code == "SINGLE")).one()
        assert (single.status, single.positions[0].attendee_name) == ("p", "Otto Berg-Otto")
        assert single.positions[0].attendee_email == "otto@example.org", "an empty cell leaves what is there"
        group = db.session.scalars(sa.select(Order).where(Order.code == "GROUP1")).one()
        assert [each.secret for each in group.positions] == secrets
        assert group.positions[0].seat_id == fair.seats[11]
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Order)) == 10


@only_sqlite
def test_what_is_wrong_stands_at_its_line(attendees: Importer, fair: Fair) -> None:
    head = ("Id", "Name", "E-mail", "Product", "Seat", "Voucher", "Price", "Status", "Country", "Barcode", "Order code")
    good = ("7", "Ida", "ida@example.org", f"{fair.item}-{fair.variation}", "", "", "", "", "", "", "")
    for place, value, words in (
        (3, "Balloon", "“Balloon” is no product of this event"),
        (3, "", "Write which product it is"),
        (2, "ida@", "no e-mail address"),
        (4, "1-1", "Somebody else has this seat"),
        (4, "1-4", "This seat is blocked"),
        (4, "9-9", "There is no such seat"),
        (5, "NOPE", "no such voucher"),
        (6, "cheap", "Write an amount"),
        (7, "maybe", "Write paid or pending"),
        (8, "XX", "two letters of a country"),
        (10, "ORD00", "Order ORD00 is there already, without this ticket"),
        (10, "X" * 17, "At most 16"),
    ):
        row = [*good]
        row[place] = value
        if place == 10:
            other = (*good[:-1], "ORD00") if value == "ORD00" else good
            shown = attendees.wrong(("6", *other[1:]), row, head=head)
        else:
            shown = attendees.wrong(row, head=head)
        assert words in shown, (words, shown)
        assert "Import 1 row" not in shown
    all_wrong = ("8", "Ida", "ida@", good[3], "1-1", "NOPE", "cheap", "maybe", "XX", "", "")
    shown = attendees.wrong(all_wrong, head=head)
    for words in ("no e-mail", "Somebody else has this seat", "no such voucher", "an amount", "paid or pending", "two"):
        assert shown.count(words) == 1, (words, shown)
    assert attendees.run([head, ("9", "Ida", "", good[3], "1-12", *[""] * 6)]) == [1, 0, 0, 0]
    sold = ("9", "Ida", "ida@", str(fair.item + 1), "1-1", *[""] * 6)
    shown = attendees.wrong(sold, head=head)
    for words in ("no e-mail", "Somebody else has this seat", "sold as another product"):
        assert shown.count(words) == 1, (words, shown)
    twice = attendees.wrong(good, good, head=head)
    assert "3 Ida Id of your own: Line 2 has the same" in twice
    held = [(number, "Ida", "", good[3], "1-20", *[""] * 6) for number in ("1", "2")]
    assert "Somebody else has this seat" in attendees.wrong(*held, head=head)
    used = [(number, "Ida", "", good[3], "", "43K6LKM37FBVR2YG", *[""] * 5) for number in ("1", "2")]
    assert "3 Ida Voucher: This voucher was used" in attendees.wrong(*used, head=head)
    assert "No column of the file is chosen as “Product”" in attendees.upload([("Name",), ("Ida",)]).text
    with attendees.client.application.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Order)) == 9


@only_sqlite
def test_what_changed_since_the_preview_is_refused(attendees: Importer, fair: Fair, desk: Desk) -> None:
    table = [("Id", "Name", "Product", "Seat"), ("1", "Ida", "Standard ticket - Early bird", "1-20")]
    preview = attendees.upload(table)
    desk.sell(desk.position(seat_id=fair.seats[19]))
    answer = attendees.apply(preview)
    assert (answer.status_code, "Somebody else has this seat" in answer.text) == (422, True)
    with attendees.client.application.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Order)) == 9


@only_sqlite
def test_what_was_cancelled_here_stays_cancelled(attendees: Importer, desk: Desk) -> None:
    table = [("Id", "Name", "Product"), ("a", "Ida", "T-Shirt"), ("b", "Otto", "T-Shirt")]
    assert attendees.run(table) == [2, 0, 0, 0]
    with attendees.client.application.app_context():
        order = db.session.scalars(sa.select(OrderPosition.order_id).where(OrderPosition.external_id == "a")).one()
    desk.cancel(order)
    table[1] = ("a", "Ida Again", "T-Shirt")
    assert attendees.run(table) == [0, 0, 2, 0]
    table[2] = ("b", "Otto", "Standard ticket - Early bird")
    assert "sold as another product" in attendees.upload(table).text


@only_sqlite
def test_what_was_exported_imports_as_it_is(attendees: Importer, fair: Fair) -> None:
    text = attendees.client.get(f"{EVENT}/orders/-/attendees.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    product = rows[0].index("Variation")
    # All but the first were sold without the variation that the product has by now.
    table = [rows[0], rows[1]]
    assert rows[1][product] == "Early bird"
    assert attendees.run(table) == [0, 0, 1, 0]


@only_sqlite
def test_the_cost_does_not_grow_with_the_rows(attendees: Importer, fair: Fair) -> None:
    def cost(count: int) -> int:
        rows = [(f"{count}-{n}", f"P{n}", f"p{n}@example.org", "T-Shirt") for n in range(count)]
        preview = attendees.upload([("Id", "Name", "E-mail", "Product"), *rows])
        with statements() as seen:
            assert attendees.apply(preview).status_code == 303
        return len(seen)

    few, many = cost(5), cost(300)
    assert many <= few + 2, "two inserts go in batches"


@only_sqlite
def test_from_an_event_without_anything_to_somebody_who_came(client: FlaskClient, fair: Fair) -> None:
    """A fair without pretix: event, product, list of attendees, gate."""
    sign_in(client, fair.organizer_email)
    new = {"name": "Own fair", "slug": "own", "locale": "en", "date_from": "2027-05-01T09:00"}
    new |= {"timezone": "Europe/Berlin", "currency": "EUR"}
    assert post_form(client, "/organizer/bigevents/-/events/new", new).status_code == 303
    event = "/organizer/bigevents/own"
    assert "no products" in client.get(f"{event}/orders/").text
    product = {"name-en": "Visitor", "default_price": "0", "active": "1", "admission": "1"}
    assert post_form(client, f"{event}/settings/products/new", product).status_code == 303
    importer = Importer(client, "orders")
    importer.start = f"{event}/orders/-/import"
    assert importer.run(
        [("Name", "E-mail", "Product", "Code"), ("Ada Lovelace", "a@example.org", "visitor", "ADA")]
    ) == [
        1,
        0,
        0,
        0,
    ]
    with client.application.app_context():
        own = db.session.scalars(sa.select(Event).where(Event.slug == "own")).one()
        gate = CheckinList(event_id=own.id, name="Door")
        db.session.add(gate)
        db.session.flush()
        db.session.add(Device(event_id=own.id, list_id=gate.id, name="Door", key_hash=hash_token("d" * 40)))
        secret = db.session.scalars(sa.select(OrderPosition.secret).where(OrderPosition.event_id == own.id)).one()
        price = db.session.scalars(sa.select(OrderPosition.price).where(OrderPosition.event_id == own.id)).one()
        assert price == Decimal(0)
        db.session.commit()
    answer = client.post(f"/pretixdroid/api/bigevents/own/redeem/?key={'d' * 40}", data={"secret": secret})
    assert answer.json == {"status": "ok", "version": 2}
    assert "Checked in" in client.get(f"{event}/orders/?checked=in").text
    assert "Ada Lovelace" in client.get(f"{event}/orders/?checked=in").text


# --------------------------------------------------------------------------------------------------------- vouchers


@pytest.fixture
def vouchers(client: FlaskClient, fair: Fair) -> Importer:
    sign_in(client, fair.organizer_email)
    return Importer(client, "vouchers")


VOUCHER_HEAD = (
    "Code",
    "Product",
    "Variation",
    "Can be used so often",
    "Until",
    "Kind of price",
    "Amount or percent",
    "Tag",
)


@only_sqlite
def test_vouchers_and_the_same_vouchers_again(vouchers: Importer, fair: Fair) -> None:
    rows = [
        ("PRESS-1", "Standard ticket", "Early bird", "5", "2026-12-24", "percent", "50", "press"),
        ("PRESS-2", "Standard ticket", "", "", "", "", "", "press"),
        ("voucher1", "", "", "9", "", "", "", ""),
    ]
    assert vouchers.run([VOUCHER_HEAD, *rows]) == [2, 1, 0, 0]
    assert vouchers.run([VOUCHER_HEAD, *rows]) == [0, 0, 3, 0]
    with vouchers.client.application.app_context():
        press = db.session.scalars(sa.select(Voucher).where(Voucher.code == "PRESS-1")).one()
        assert (press.item_id, press.variation_id, press.max_usages) == (fair.item, fair.variation, 5)
        assert (press.price_mode, press.value) == ("percent", Decimal(50))
        assert press.valid_until is not None
        assert press.valid_until.isoformat() == "2026-12-24T22:59:00+00:00"
        whole = db.session.scalars(sa.select(Voucher).where(Voucher.code == "PRESS-2")).one()
        assert (whole.item_id, whole.variation_id, whole.max_usages) == (fair.item, None, 1)
        assert db.session.get_one(Voucher, fair.vouchers[1]).max_usages == 9
    exported = vouchers.client.get(f"{EVENT}/vouchers/-/vouchers.csv").data.decode("utf-8-sig")
    again = list(csv.reader(io.StringIO(exported)))
    assert "Wrong rows" not in vouchers.wrong(*again[1:], head=again[0])
    assert vouchers.run(again) == [0, 0, 6, 0]


@only_sqlite
def test_vouchers_that_are_wrong(vouchers: Importer, fair: Fair) -> None:
    for row, words in (
        (("", "", "", "", "", "", "", ""), "Please fill in"),
        (("A B", "", "", "", "", "", "", ""), "A code has no spaces"),
        (("A", "Balloon", "", "", "", "", "", ""), "no product of this event"),
        (("A", "", "", "-1", "", "", "", ""), "whole number"),
        (("A", "", "", "", "soon", "", "", ""), "Write a date"),
        (("A", "", "", "", "", "half", "", ""), "Choose one"),
        (("A", "", "", "", "", "percent", "101", ""), "At most 100"),
        (("A", "", "", "", "", "set", "", ""), "Write an amount"),
    ):
        shown = vouchers.wrong((*row[:7], row[7] or "x"), head=VOUCHER_HEAD)
        assert words in shown, (words, shown)
    head = (*VOUCHER_HEAD[:7], "Seat")
    shown = vouchers.wrong(("A B", "Balloon", "", "2", "soon", "percent", "101", "1-20"), head=head)
    for words in ("no spaces", "no product", "Write a date", "At most 100", "can be used once"):
        assert words in shown, (words, shown)
    twice = vouchers.wrong(("A", *[""] * 7), ("a", *[""] * 7), head=VOUCHER_HEAD)
    assert "Line 2 has the same" in twice
