"""The figures of a list and the log of an event: what came in when and where, again, refused, taken back, silent."""

import csv
import datetime as dt
import io
import re
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from babel import Locale
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from portal.checkin.models import Device
from portal.checkin.queries import flow
from portal.core import clock
from portal.core.database import db
from portal.tickets.models import Checkin, OrderPosition
from portal.web.filters import format_day, format_when
from tests.browserless import sign_in
from tests.checkin.conftest import Gate
from tests.checkin.pages import BASE
from tests.checkin.test_desk import Desk
from tests.checkin.test_desk import title as title_of

TEXT = re.compile(r"<[^>]+>|\s+")


@pytest.fixture(autouse=True)
def nobody_came_yet(gate: Gate) -> None:
    """The fair's own entry has a date of its own, before or after the day of the test."""
    with gate.app.app_context():
        db.session.execute(sa.delete(Checkin))
        db.session.commit()


@pytest.fixture
def ada(gate: Gate) -> FlaskClient:
    """A member who may do everything."""
    client = gate.app.test_client()
    sign_in(client, gate.fair.organizer_email)
    return client


def figures(gate: Gate, client: FlaskClient, **query: str) -> str:
    """The changing part of the figures, as text in one line."""
    path = f"{BASE}lists/{query.pop('list', gate.fair.checkin_list)}/figures"
    answer = client.get(path, query_string=query, headers={"HX-Request": "true", "HX-Target": "live"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    return " ".join(TEXT.sub(" ", answer.text).split())


def offline(moment: dt.datetime) -> dict[str, str]:
    """What a phone adds to an upload of what it let in offline."""
    return {"datetime": moment.strftime("%Y-%m-%dT%H:%MZ"), "force": "true", "nonce": moment.isoformat()}


def test_figures_of_a_day_at_the_gates(gate: Gate, ada: FlaskClient) -> None:
    second = gate.device("second", name="Gate 2", last_seen=clock.now() - dt.timedelta(minutes=20))
    now = clock.now()
    tickets = [gate.ticket() for _ in range(4)]
    assert "No ticket was let in twice" in figures(gate, ada)
    for secret in tickets[:3]:
        gate.redeem(secret)
    second.redeem(tickets[3], **offline(now - dt.timedelta(minutes=2)))
    gate.redeem(tickets[0])
    gate.redeem("nobody")
    second.redeem(tickets[1], **offline(now - dt.timedelta(minutes=1)))
    gate.change(Device, Device.name == "Gate 2", last_seen=clock.now() - dt.timedelta(minutes=20))
    text = figures(gate, ada)
    assert re.search(r"Checked in 4 / \d+", text), text
    assert "By gate Gate 1 3 " in text
    assert "Gate 2 1 " in text
    assert "Already in 1" in text
    assert "Unknown ticket 1" in text
    assert "Let in twice 1" in text
    twice = text[text.index("Let in twice") :]
    assert "Gate 1" in twice
    assert "Gate 2" in twice
    assert "A device has gone silent" in text
    assert "Gate 2: last heard of" in text
    assert re.search(r"A minute, now (0\.8|1|1\.0) ", text), "four and a second entry in five minutes"


def test_who_was_let_in_offline_before_is_first(gate: Gate, ada: FlaskClient) -> None:
    second = gate.device("second", name="Gate 2")
    secret = gate.ticket()
    now = clock.now()
    gate.redeem(secret)
    second.redeem(secret, **offline(now - dt.timedelta(days=30)))
    zone = ZoneInfo("Europe/Berlin")
    late, early = (format_when(entry.datetime, zone, Locale("en"), now) for entry in gate.entries(secret))
    assert f" {early} Gate 2 {late} Gate 1" in figures(gate, ada)


def test_followed_counts_are_what_a_count_says(gate: Gate, ada: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "UNSETTLED", 2)
    monkeypatch.setattr(flow, "_FOLLOWED", 4)
    desk = Desk(gate)
    for number in range(14):
        secret = gate.ticket()
        gate.redeem(secret)
        if number % 4 == 3:
            (entry,) = gate.entries(secret)
            desk.post("undo", checkin=entry.id, ticket=gate.id_of(secret), reason="x")
        left = number + 1 - (number + 1) // 4
        assert re.search(rf"Checked in {left} / \d+ In now {left} ", figures(gate, ada))


def test_who_left_is_not_inside(gate: Gate, ada: FlaskClient) -> None:
    one, two = gate.ticket(), gate.ticket()
    for secret in (one, two):
        gate.redeem(secret)
    with gate.app.app_context():
        for secret, later in ((one, 1), (two, -1)):
            position = db.session.scalars(sa.select(OrderPosition.id).where(OrderPosition.secret == secret)).one()
            moment = clock.now() + dt.timedelta(minutes=later)
            values = {"position_id": position, "list_id": gate.fair.checkin_list, "datetime": moment}
            db.session.add(Checkin(**values, type="exit", first=False))
        db.session.commit()
    text = figures(gate, ada)
    assert re.search(r"Checked in 2 / \d+ In now 1 1 left again", text), text


def test_entries_over_time_are_those_of_a_day_that_one_chooses(gate: Gate, ada: FlaskClient) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    today = clock.now().astimezone(berlin).date()
    before = today - dt.timedelta(days=2)
    for day, hours in ((before, (9, 9, 11)), (today - dt.timedelta(days=1), (22,))):
        for hour in hours:
            moment = dt.datetime.combine(day, dt.time(hour, 30), berlin).astimezone(dt.UTC)
            gate.redeem(gate.ticket(), datetime=moment.strftime("%Y-%m-%dT%H:%MZ"))
    gate.redeem("nobody", datetime=f"{before}T10:00")

    def said(day: dt.date) -> str:
        return format_day(day, berlin, Locale("en"), clock.now())

    last, first = said(today - dt.timedelta(days=1)), said(before)
    text = figures(gate, ada)
    assert f"Entries an hour, {last} 22:30: 1" in text.replace("22:00", "22:30")
    assert f"{first} 3 {last} 1" in text, "both days can be chosen, with how many came"
    assert f"Refused 0 {last}" in text
    text = figures(gate, ada, day=before.isoformat())
    assert f"Entries an hour, {first} 09:00: 2" in text
    assert re.search(r"10:00 0 11:00 1 ", text)
    assert f"Refused 1 {first}" in text
    assert "Checked in 4 / " in text, "the whole is the whole"
    for nonsense in ("yesterday", "2001-01-01", "9999-12-31", "0001-01-01"):
        assert f"Entries an hour, {last}" in figures(gate, ada, day=nonsense)
    page = ada.get(f"{BASE}lists/{gate.fair.checkin_list}/figures?day={before}").text
    assert re.search(rf'id="live"[^>]*hx-get="[^"]*figures\?day={before}"', page), "it stays when it is fetched anew"
    assert re.search(r'class="chip on" href="[^"]*/figures#hours"', page), "and a click leads back"


def test_a_list_has_one_number_of_people_who_are_in(gate: Gate, ada: FlaskClient) -> None:
    side = gate.new_list(name="Side", all_products=False, items=[gate.fair.item])
    side_gate = gate.device("side", list_id=side)
    workshop = gate.item()
    paid, pending, expired, cancelled, gone = (gate.ticket() for _ in range(5))
    for secret in (paid, pending, expired, cancelled, gone):
        gate.redeem(secret)
        side_gate.redeem(secret)
    gate.redeem(gate.ticket(item_id=workshop))
    for secret, status in ((pending, "n"), (expired, "e"), (cancelled, "c")):
        gate.order(secret, status=status)
    gate.position(gone, canceled=True)

    def numbers(list_id: int, device: Gate) -> set[int]:
        shown = re.search(r"Checked in (\d+) / (\d+) In now (\d+) ", figures(gate, ada, list=str(list_id)))
        assert shown
        overview = ada.get(BASE).text
        desk = ada.get(f"{BASE}lists/{list_id}/").text
        status = device.get("status").json
        assert status
        name = "Side" if list_id == side else "Main entrance"
        row = re.search(rf'{name}</a>.*?"Checked in"\s+class="num">(\d+)<', overview, re.DOTALL)
        entered = re.search(r"<b>(\d+)</b> of (\d+) are in", desk)
        assert row
        assert entered
        products = re.findall(r"(\d+) of (\d+) ", figures(gate, ada, list=str(list_id)).partition("By product")[2])
        assert {shown[2], entered[2]} == {str(status["total"]), str(sum(int(whole) for _, whole in products))}
        by_product = sum(int(part) for part, _ in products)
        return {int(shown[1]), int(shown[3]), int(row[1]), int(entered[1]), status["checkins"], by_product}

    assert numbers(gate.fair.checkin_list, gate) == {2}
    assert numbers(side, side_gate) == {1}
    gate.pending()
    assert numbers(gate.fair.checkin_list, gate) == {3}


# ------------------------------------------------------------------------------------------------------- the log


def log(client: FlaskClient, **query: Any) -> list[tuple[str, str]]:
    """Names and results of the log's rows, the newest first."""
    text = client.get(BASE + "log", query_string=query).text
    rows = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)[1:]
    found = []
    for row in rows:
        name = TEXT.sub(" ", re.search(r'class="lead">(.*?)(<span class="second|</th>)', row, re.DOTALL)[1]).strip()  # type: ignore[index]
        result = TEXT.sub(" ", re.search(r'class="badge.*?</svg>(.*?)</span>', row, re.DOTALL)[1]).strip()  # type: ignore[index]
        found.append((name, result))
    return found


@pytest.fixture
def story(gate: Gate) -> dict[str, Any]:
    """An evening at two lists: entries, refusals, an override, one taken back."""
    workshop = gate.item()
    side = gate.new_list(name="Side")
    gate.device("side", list_id=side, name="Side gate")
    side_gate = gate.device("side 2", list_id=side, name="Other side gate")
    desk = Desk(gate)
    ann, ben, cleo = (gate.ticket((name, "Lundgren")) for name in ("Ann", "Ben", "Cleo"))
    dan = gate.ticket(("Dan", "Other"), item_id=workshop)
    gate.redeem(ann)
    gate.redeem(ann)
    side_gate.redeem(ben)
    gate.order(cleo, status="n")
    gate.redeem(cleo)
    assert title_of(desk.redeem(cleo, force="1")) == "Come in"
    gate.redeem(dan)
    (entry,) = gate.entries(dan)
    desk.post("undo", checkin=entry.id, ticket=gate.id_of(dan), reason="=cmd|wrong")
    gate.redeem("nobody knows")
    with gate.app.app_context():
        devices = {name: id_ for id_, name in db.session.execute(sa.select(Device.id, Device.name))}
    return {"side": side, "workshop": workshop, "devices": devices}


def test_the_log_and_its_filters(gate: Gate, ada: FlaskClient, story: dict[str, Any]) -> None:
    paid = "Refused: Not paid or cancelled"
    whole = [
        ("not known", "Refused: Unknown ticket"),
        ("Dan Other", "Taken back"),
        ("Cleo Lundgren", "Let in"),
        ("Cleo Lundgren", paid),
        ("Ben Lundgren", "Let in"),
        ("Ann Lundgren", "Refused: Already in"),
        ("Ann Lundgren", "Let in"),
    ]
    assert log(ada) == whole
    devices = story["devices"]
    for query, kept in (
        ({"list": story["side"]}, [4]),
        ({"list": 999999}, range(7)),
        ({"device": devices["Gate 1"]}, [0, 1, 3, 5, 6]),
        ({"device": devices["Other side gate"]}, [4]),
        ({"device": -1}, [1, 2]),
        ({"item": story["workshop"]}, [1]),
        ({"result": "in"}, [2, 4, 6]),
        ({"result": "refused"}, [0, 3, 5]),
        ({"result": "unpaid"}, [3]),
        ({"result": "undone"}, [1]),
        ({"result": "again"}, []),
        ({"result": "nonsense"}, range(7)),
        ({"q": "lundgren"}, [2, 3, 4, 5, 6]),
        ({"q": "lundgren cleo", "result": "in"}, [2]),
        ({"q": "nobody has this"}, []),
        ({"until": "2001-01-01T00:00"}, []),
        ({"until": "2101-01-01T00:00", "since": "2001-01-01T00:00"}, range(7)),
        ({"since": "2101-01-01T00:00"}, []),
        ({"since": "yesterday", "device": "x", "item": "9" * 40}, range(7)),
    ):
        assert log(ada, **query) == [whole[place] for place in kept], query


def test_pages_of_the_log_meet_without_gap_or_overlap(
    gate: Gate, ada: FlaskClient, story: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = clock.now()
    gate.change(Checkin, sa.true(), datetime=moment)  # all at once: the ids decide
    whole = log(ada)
    monkeypatch.setattr("portal.checkin.queries.log.PAGE", 2)
    monkeypatch.setattr("portal.checkin.queries.log.page.__kwdefaults__", {"limit": 2})
    monkeypatch.setattr("portal.checkin.queries.log.BATCH", 2)
    found: list[tuple[str, str]] = []
    query: dict[str, str] = {}
    for _ in range(10):
        found += log(ada, **query)
        text = ada.get(BASE + "log", query_string=query).text
        older = re.search(r'href="[^"]*before=([^"&]*)', text)
        if older is None or "Older" not in text:
            break
        query = {"before": unquote(older[1])}
    assert found == whole
    exported = list(csv.reader(io.StringIO(ada.get(BASE + "log.csv").data.decode("utf-8-sig"))))
    assert len(exported) == len(whole) + 1
    for nonsense in ("x", "a~b~c", "2026-01-01~checkin~1", "2026-01-01T00:00:00+00:00~other~1"):
        assert ada.get(BASE + "log", query_string={"before": nonsense}).status_code == 200


def test_the_log_as_a_file(gate: Gate, ada: FlaskClient, story: dict[str, Any]) -> None:
    answer = ada.get(BASE + "log.csv")
    assert answer.mimetype == "text/csv"
    assert re.search(r'filename="?sampleconf-checkin-.*\.csv', answer.headers["Content-Disposition"])
    head, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert head[:6] == ["Time", "Result", "List", "Gate", "Order", "Name"]
    assert len(rows) == 7
    assert rows[1][-1] == "'=cmd|wrong", "no cell becomes a formula"
    assert dt.datetime.fromisoformat(rows[0][0]).utcoffset(), "the event's clocks"
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(ada.get(BASE + "log.xlsx").data)).get_sheet_by_index(0)
    cells = sheet.to_python()
    assert [row[5] for row in cells[1:]] == [row[5] for row in rows]
    assert isinstance(cells[1][0], dt.datetime)
    assert len(list(csv.reader(io.StringIO(ada.get(BASE + "log.csv?result=undone").text)))) == 2
