"""The map page: the stranger first, then what is drawn, what others changed, and what it costs."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Team
from portal.core.database import db, set_writing
from portal.seating import geometry
from portal.seating.models import Seat, SeatingPlan
from portal.seating.views import map as map_pages
from portal.tickets.models import CartPosition
from tests.browserless import sign_in, sign_in_code
from tests.fair import Fair
from tests.seating.conftest import Series
from tests.seating.test_history import Desk
from tests.statements import statements

MAP = "/organizer/bigevents/sampleconf/seats/"
SERIES = "/organizer/bigevents/seriesconf/seats/"
READ = ["", "zones/0", "zones/0/table", "ids", "{seat}", "changes", "history"]


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The browser of somebody who may do everything."""
    sign_in(client, fair.organizer_email)
    return client


@pytest.fixture
def bob(app: Flask, fair: Fair) -> FlaskClient:
    """The browser of a helper whose team has no permission."""
    client = app.test_client()
    sign_in(client, fair.helper_email)
    return client


def mark(text: str, seat_id: int) -> str:
    """A seat's drawing."""
    found = re.search(rf'<(?:g|circle|path) class="seat [^>]*id="seat-{seat_id}"[^>]*?(?:/>|>.*?</g>)', text)
    assert found, f"seat {seat_id} is not drawn"
    return found[0]


def place(text: str, seat: int) -> tuple[str, str]:
    """Where a seat is drawn."""
    found = re.search(r'cx="([-\d.]+)" cy="([-\d.]+)"|"M([-\d.]+) ([-\d.]+)m', mark(text, seat))
    assert found
    x, y = filter(None, found.groups())
    return x, y


def counts(text: str) -> dict[str, int]:
    """What the legend says."""
    return {state: int(count) for state, count in re.findall(r'data-count="(\w+)".*?<b>(\d+)</b>', text, re.DOTALL)}


@pytest.mark.parametrize("path", READ)
def test_strangers_see_nothing(app: Flask, client: FlaskClient, fair: Fair, path: str) -> None:
    address = MAP + path.format(seat=fair.seats[0])
    assert "/login" in client.get(address).location
    for email in (fair.other_event_email, fair.stranger_email):
        browser = app.test_client()
        sign_in(browser, email)
        assert browser.get(address).status_code == 404
    sign_in_code(client, fair.full_code)
    assert "/login" in client.get(address).location


@pytest.mark.parametrize("path", READ)
def test_members_without_permission_read(bob: FlaskClient, fair: Fair, path: str) -> None:
    answer = bob.get(MAP + path.format(seat=fair.seats[0]))
    assert answer.status_code == 200 or (path == "changes" and answer.headers["HX-Refresh"])
    text = answer.get_data(as_text=True)
    assert "Miller" not in text
    assert 'name="block"' not in text


def test_seats_are_drawn_and_named(ada: FlaskClient, fair: Fair) -> None:
    text = ada.get(MAP).get_data(as_text=True)
    sold, cart, voucher, blocked, free = (mark(text, seat) for seat in fair.seats[:5])
    assert 'aria-label="Ground floor, Row 1, seat 5, free, Standard ticket"' in free
    assert "s-free p0" in free
    assert 'cx="' in free
    assert "s-sold" in sold
    assert "Peter Miller, ORD00" in sold
    assert "s-cart" in cart
    assert 'class="half"' in cart
    assert "s-voucher" in voucher
    assert "<path" in voucher
    assert "s-blocked" in blocked
    assert 'class="cross"' in blocked
    assert counts(text) == {"free": 56, "blocked": 1, "sold": 1, "cart": 1, "voucher": 1}
    assert text.count('class="seat s-') == 60 + len(counts(text))
    assert "Balcony" in text


def test_a_seat_tells_why_it_is_blocked(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        set_writing(True)
        Desk(fair).block(fair.seats[45], reason="Camera <2>")
    assert 'data-why="Camera &lt;2&gt;"' in mark(ada.get(MAP).get_data(as_text=True), fair.seats[45])
    for path in (f"{fair.seats[45]}", "zones/1/table"):
        assert "Camera &lt;2&gt;" in ada.get(MAP + path).get_data(as_text=True)
    assert "Camera" not in mark(ada.get(f"{MAP}zones/1").get_data(as_text=True), fair.seats[46])


def test_there_is_no_code_in_the_page(ada: FlaskClient) -> None:
    text = ada.get(MAP).get_data(as_text=True)
    assert " style=" not in text
    assert "<style" not in text
    assert not re.search(r"\son\w+=", text)


def test_zones_of_a_large_hall_come_after_the_page(
    app: Flask, ada: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn as the page would have drawn them, whatever they are called."""
    with app.app_context():
        set_writing(True)
        strange = {"row_name": "R&D", "row_label": 'Row "<R&D>"', "seat_number": "<7>"}
        db.session.execute(sa.update(Seat).where(Seat.id.in_(fair.seats[1:3])).values(**strange))
        db.session.execute(sa.update(Seat).where(Seat.id == fair.seats[4]).values(seat_label="'&"))
        db.session.execute(sa.update(Seat).where(Seat.id == fair.seats[0]).values(blocked=True))
        db.session.commit()
        Desk(fair).block(fair.seats[7], reason="Camera <2>")
    at_once = ada.get(MAP).get_data(as_text=True)
    monkeypatch.setattr(map_pages, "AT_ONCE", 10)
    text = ada.get(MAP).get_data(as_text=True)
    assert not re.search(r'id="seat-\d', text)
    assert counts(text) == counts(at_once)
    addresses = re.findall(r'data-load="([^"]+)"', text)
    assert len(addresses) == 2
    drawn = "".join(ada.get(address).get_data(as_text=True) for address in addresses)
    assert all(mark(drawn, seat) == mark(at_once, seat) for seat in fair.seats)


@pytest.mark.parametrize(("zones", "columns"), [(1, 1), (2, 1), (8, 3)])
def test_zones_without_a_plan_fill_a_window(app: Flask, fair: Fair, zones: int, columns: int) -> None:
    """Twenty rows of fifty seats each: below each other as long as the hall is not much taller than wide."""
    seats = [(at, f"Zone {at // 1000}", str(at % 1000 // 50), str(at % 50), None, None) for at in range(zones * 1000)]
    points, rows, titles = geometry._laid_out(seats)
    assert len(set(points.values())) == len(seats)
    assert (len(rows), len(titles)) == (zones * 20, zones)
    assert len({x for x, _, _ in titles}) == columns


def test_a_plan_lies_beneath(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    area = {
        "shape": "rectangle",
        "position": {"x": 0, "y": 0},
        "rectangle": {"width": 90, "height": 10},
        "color": "#ccc",
        "border_color": "url(https://example.org/x)",
        "text": {"text": "Stage <1>", "position": {"x": 45, "y": 5}, "size": 8},
    }
    zone = {"name": "Ground floor", "position": {"x": 0, "y": 0}, "areas": [area], "rows": []}
    layout = {"name": "Hall", "categories": [], "zones": [zone], "size": {"width": 500, "height": 300}}
    with app.app_context():
        db.session.add(SeatingPlan(event_id=fair.event, name="Hall", layout=layout))
        db.session.commit()
    text = ada.get(MAP).get_data(as_text=True)
    assert "Stage &lt;1&gt;" in text
    assert 'fill="#ccc"' in text
    assert "example.org/x" not in text


def test_seats_without_coordinates_are_laid_out(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        db.session.execute(sa.update(Seat).where(Seat.id == fair.seats[7]).values(x=None))
        db.session.commit()
    text = ada.get(MAP).get_data(as_text=True)
    places = [place(text, seat) for seat in fair.seats]
    assert len(set(places)) == 60


def test_an_event_without_seats(ada: FlaskClient) -> None:
    answer = ada.get("/organizer/bigevents/otherconf/seats/")
    assert answer.status_code == 200
    assert "no seats yet" in answer.get_data(as_text=True)


def test_a_date_is_chosen_above_the_map(ada: FlaskClient, series: Series) -> None:
    text = ada.get(SERIES).get_data(as_text=True)
    assert all(f'value="{date}"' in text for date in series.dates)
    second = ada.get(f"{SERIES}?subevent={series.dates[1]}").get_data(as_text=True)
    assert all(f'id="seat-{seat}"' in second for seat in series.seats[1])
    assert f'id="seat-{series.seats[0][0]}"' not in second
    for wrong in ("?subevent=999999999", "?subevent=x", "changes", "history", "zones/0"):
        assert ada.get(SERIES + wrong).status_code == 404, wrong
    assert ada.get(f"{MAP}?subevent={series.dates[0]}").status_code == 404


def test_a_seat_of_another_event_is_not_there(ada: FlaskClient, fair: Fair) -> None:
    assert ada.get(f"{MAP}{fair.foreign_seat}").status_code == 404
    assert ada.get(f"{MAP}zones/7").status_code == 404


def test_a_seat_tells_who_holds_it(ada: FlaskClient, fair: Fair) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        text = ada.get(f"{MAP}{fair.seats[0]}", headers=headers).get_data(as_text=True)
        assert "Peter Miller" in text
        assert "Block the seat" in text


def test_a_zone_is_a_table(ada: FlaskClient, fair: Fair) -> None:
    for address in (f"{MAP}zones/1/table", f"{MAP}?zone=Balcony"):
        text = ada.get(address).get_data(as_text=True)
        assert len(re.findall(r'<tr id="row-\d+"', text)) == 20
        assert f'id="row-{fair.seats[40]}"' in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [("state=free", 56), ("in_zone=Balcony", 20), ("in_zone=Ground+floor&row=2", 20), ("state=nonsense", 60)],
)
def test_a_filter_finds_seats(ada: FlaskClient, query: str, expected: int) -> None:
    assert len(ada.get(f"{MAP}ids?{query}").get_json()) == expected
    assert f"{expected} seats fit." in ada.get(f"{MAP}?filter=1&{query}").get_data(as_text=True)


def version_of(client: FlaskClient) -> str:
    """What the page polls with."""
    found = re.search(r"/seats/changes\?version=([^&\"]+)", client.get(MAP).get_data(as_text=True))
    assert found
    return found[1]


def test_what_others_changed_comes_by_itself(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    version = version_of(ada)
    with app.app_context():
        db.session.execute(sa.update(CartPosition).values(expires=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))
        db.session.commit()
        set_writing(True)
        Desk(fair).block(fair.seats[9])
    text = ada.get(f"{MAP}changes?version={version}").get_data(as_text=True)
    assert "s-blocked" in mark(text, fair.seats[9])
    assert counts(text)["blocked"] == 2
    assert 'id="live"' in text
    assert place(text, fair.seats[9]) == place(ada.get(MAP).get_data(as_text=True), fair.seats[9])


def test_nothing_new_is_no_content(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    long_ago = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    with app.app_context():
        for table in ("seats", "order_positions", "orders", "cart_positions", "vouchers"):
            known = db.metadata.tables[table]
            db.session.execute(known.update().values(modified=long_ago))
        db.session.commit()
    answer = ada.get(f"{MAP}changes?version={version_of(ada)}")
    assert (answer.status_code, answer.data) == (204, b"")


def test_the_number_of_statements_does_not_grow(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    def cost(path: str) -> int:
        with statements() as seen:
            assert ada.get(MAP + path).status_code == 200
        return len(seen)

    paths = ("", "zones/1", "zones/1/table", "?zone=Balcony", "?filter=1&state=free")
    for path in paths:
        cost(path)
    before = [cost(path) for path in paths]
    with app.app_context():
        db.session.add_all(
            Seat(
                event_id=fair.event, zone_name="Balcony", row_name=str(n // 50 + 10), seat_number=str(n % 50),
                seat_guid=f"more-{n}", product_id=fair.item, x=float(n % 50 * 20), y=float(n // 50 * 20 + 400),
            )
            for n in range(600)
        )  # fmt: skip
        db.session.commit()
    assert [cost(path) for path in paths] == before


def test_a_large_hall_comes_zone_by_zone(
    ada: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch, set_limit: Callable[[pytest.MonkeyPatch], None]
) -> None:
    set_limit(monkeypatch)
    text = ada.get(MAP).get_data(as_text=True)
    assert 'id="seat-' not in text.split('id="seat-line"')[0]
    loads = re.findall(r'data-load="([^"]*)"', text)
    assert len(loads) == 2
    drawn = "".join(ada.get(load.replace("&amp;", "&")).get_data(as_text=True) for load in loads)
    assert all(mark(drawn, seat) for seat in fair.seats)


@pytest.fixture
def set_limit() -> Callable[[pytest.MonkeyPatch], None]:
    """Makes the fair's hall a large one."""
    return lambda patch: patch.setattr("portal.seating.views.map.AT_ONCE", 20)


def test_a_helper_with_settings_sees_no_holders(app: Flask, bob: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        team = db.session.scalars(db.select(Team).where(Team.name == "Helpers")).one()
        team.can_change_event_settings = True
        db.session.commit()
    text = bob.get(f"{MAP}?zone=Ground+floor").get_data(as_text=True)
    assert 'name="block"' in text
    assert "Miller" not in text
