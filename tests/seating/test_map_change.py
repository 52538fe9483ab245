"""Blocking and freeing on the map: the stranger first, then a click, many at once, a pasted list, and undo."""

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.database import db
from portal.core.models import AuditEntry
from portal.seating.models import Seat
from tests.browserless import csrf_token, post_form, sign_in
from tests.fair import Fair
from tests.seating.conftest import Api, Series
from tests.seating.test_map import MAP, SERIES, counts, mark
from tests.statements import statements

CHANGE, UNDO, LIST = f"{MAP}change", f"{MAP}undo", f"{MAP}list"


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The browser of somebody who may do everything."""
    sign_in(client, fair.organizer_email)
    return client


def blocked(app: Flask, event: int | None = None) -> set[int]:
    """The seats that are blocked."""
    with app.app_context():
        statement = sa.select(Seat.id).where(Seat.blocked)
        return set(db.session.scalars(statement.where(Seat.event_id == event) if event else statement))


def click(client: FlaskClient, path: str, data: dict[str, Any], page: str = MAP) -> TestResponse:
    """What the script posts."""
    headers = {"HX-Request": "true", "X-CSRFToken": csrf_token(client.get(page))}
    return client.post(path, data=data, headers=headers)


def toast(answer: TestResponse) -> dict[str, Any]:
    """The message of an answer."""
    told: dict[str, Any] = json.loads(answer.headers["HX-Trigger"])["toast"]
    return told


@pytest.mark.parametrize("path", ["change", "undo", "list"])
def test_strangers_change_nothing(app: Flask, fair: Fair, path: str) -> None:
    data = {"block": f"seat:{fair.seats[10]}", "text": "Balcony", "change": "1"}
    before = blocked(app)
    nobody = app.test_client()
    token = csrf_token(nobody.get("/e/"))
    assert "/login" in nobody.post(MAP + path, data=data | {"csrf_token": token}).location
    for email, status in (
        (fair.helper_email, 403),
        (fair.other_event_email, 404),
        (fair.stranger_email, 404),
    ):
        browser = app.test_client()
        sign_in(browser, email)
        token = csrf_token(browser.get("/e/"))
        assert browser.post(MAP + path, data=data | {"csrf_token": token}).status_code == status
    assert browser.post(MAP + path, data=data).status_code == 400
    assert blocked(app) == before


def test_a_click_blocks_and_another_frees(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    seat = fair.seats[10]
    answer = click(ada, CHANGE, {"block": "marked", "ids": str(seat)})
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert "s-blocked" in mark(text, seat)
    assert counts(text)["blocked"] == 2
    assert "Ada" in text
    assert toast(answer)["message"] == "1 seat blocked"
    assert toast(answer)["undo"]["values"]["change"] > 0
    assert seat in blocked(app)
    answer = click(ada, CHANGE, {"free": "marked", "ids": str(seat)})
    assert toast(answer)["message"] == "1 seat freed"
    assert seat not in blocked(app)


def test_the_page_and_the_api_leave_the_same_behind(app: Flask, ada: FlaskClient, api: Api, fair: Fair) -> None:
    def rows() -> list[tuple[Any, ...]]:
        with app.app_context():
            entries = db.session.execute(
                sa.select(AuditEntry.action, AuditEntry.object_kind, AuditEntry.object_id, AuditEntry.data)
                .where(AuditEntry.action.like("seat.%"))
                .order_by(AuditEntry.id)
            )
            return [tuple(entry) for entry in entries]

    click(ada, CHANGE, {"block": f"seat:{fair.seats[10]}"})
    click(ada, CHANGE, {"free": f"seat:{fair.seats[10]}"})
    by_page = rows()
    api.call("PATCH", f"/seats/{fair.seats[10]}/", json={"blocked": True})
    api.call("PATCH", f"/seats/{fair.seats[10]}/", json={"blocked": False})
    assert rows()[2:] == by_page


def test_undo_restores_what_the_change_changed(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    before = blocked(app)
    ids = ",".join(map(str, fair.seats[3:8]))
    undo = toast(click(ada, CHANGE, {"block": "marked", "ids": ids, "reason": "Camera"}))["undo"]
    assert ada.get(f"{MAP}{fair.seats[5]}").get_data(as_text=True).count("Camera") == 2
    click(ada, CHANGE, {"free": f"seat:{fair.seats[4]}"})
    answer = click(ada, undo["url"], undo["values"])
    assert toast(answer)["message"] == (
        "Undone: 3 seats are as they were before. 1 seat was changed since and stays as it is."
    )
    assert blocked(app) == before
    again = click(ada, undo["url"], undo["values"])
    assert toast(again)["kind"] == "note"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"block": "zone", "zone": "Balcony"}, range(40, 60)),
        ({"block": "row:2", "zone": "Ground floor"}, range(20, 40)),
        ({"block": "filter:", "state": "free", "in_zone": "Balcony"}, range(40, 60)),
        ({"block": "marked", "seat": ["50", "51"]}, (50, 51)),
    ],
)
def test_plain_forms_do_it_without_script(
    app: Flask, ada: FlaskClient, fair: Fair, data: dict[str, Any], expected: Any
) -> None:
    if "seat" in data:
        data = data | {"seat": [str(fair.seats[int(number)]) for number in data["seat"]]}
    before = blocked(app)
    answer = post_form(ada, CHANGE, data, page=MAP)
    assert answer.status_code == 303
    assert blocked(app) - before == {fair.seats[number] for number in expected}
    page = ada.get(answer.location).get_data(as_text=True)
    assert "blocked</p>" in page
    change = re.search(r'name="change" value="(\d+)"', page)
    assert change
    post_form(ada, UNDO, {"change": change[1]}, page=MAP)
    assert blocked(app) == before


def test_sold_seats_are_named_first(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    ids = ",".join(map(str, fair.seats[:6]))
    before = blocked(app)
    answer = click(ada, CHANGE, {"block": "marked", "ids": ids, "reason": "Camera"})
    assert answer.headers["HX-Retarget"] == "#ask"
    text = answer.get_data(as_text=True)
    assert "3 of these seats belong to somebody" in text
    assert "Peter Miller" in text
    assert blocked(app) == before
    assert "3 of these seats" in post_form(ada, CHANGE, {"block": "marked", "ids": ids}, page=MAP).get_data(
        as_text=True
    )
    click(ada, CHANGE, {"block": "marked", "ids": ids, "sure": "1"})
    assert blocked(app) == before | set(fair.seats[:6])
    answer = click(ada, CHANGE, {"free": "marked", "ids": ids})
    assert answer.headers["HX-Retarget"] == "#ask"
    text = answer.get_data(as_text=True)
    for words in ("3 of these seats belong to somebody", "Peter Miller", "They keep their seat", "Free the 3 others"):
        assert words in text
    assert blocked(app) == before | set(fair.seats[:6])
    assert toast(click(ada, CHANGE, {"free": "marked", "ids": ids, "sure": "1"}))["message"] == "6 seats freed"
    free = ",".join(map(str, fair.seats[10:12]))
    click(ada, CHANGE, {"block": "marked", "ids": free})
    mixed = f"{free},{fair.seats[0]}"  # sold, but not blocked: nothing would change there
    assert toast(click(ada, CHANGE, {"free": "marked", "ids": mixed}))["message"] == "2 seats freed"


def test_foreign_seats_and_nonsense_change_nothing(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    before = blocked(app)
    for data in (
        {"block": "marked", "ids": f"{fair.seats[10]},{fair.foreign_seat}"},
        {"block": f"seat:{fair.foreign_seat}"},
        {"block": "seat:99999999999999999999999"},
        {"block": "seat:\x00"},
        {"block": "marked", "ids": "x"},
        {"block": "marked", "ids": str(fair.seats[10]), "reason": "x" * 301},
    ):
        assert toast(click(ada, CHANGE, data))["kind"] == "refused", data
    for data in ({}, {"block": ""}, {"block": "zone", "zone": "Nowhere"}, {"free": f"seat:{fair.seats[10]}"}):
        assert toast(click(ada, CHANGE, data))["kind"] == "note", data
    assert click(ada, UNDO, {"change": "999999"}).status_code == 404
    assert blocked(app) == before


def test_a_pasted_list_is_read_first(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    before = blocked(app)
    answer = post_form(ada, LIST, {"text": "Balcony/3/1-12\nNowhere/9\n1-5"}, page=MAP)
    text = answer.get_data(as_text=True)
    assert "The list names 13 seats." in text
    assert "1 line names no seat." in text
    assert blocked(app) == before
    ids = re.search(r'name="ids" value="([\d,]+)"', text)
    assert ids
    post_form(ada, CHANGE, {"block": "marked", "ids": ids[1]}, page=MAP)
    assert blocked(app) - before == {*fair.seats[40:52], fair.seats[4]}


def test_of_a_long_list_the_lines_that_name_no_seat_come_first(
    app: Flask, ada: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.seating.views.change.SHOWN_LINES", 8)
    good = ["Balcony/3/1-12", "1-5", "Balcony/3/1,2", *(f"1-{number}" for number in range(6, 16))]
    bad = [f"Nowhere/{number}" for number in range(5)]
    page = post_form(ada, LIST, {"text": "\n".join([*good, *bad])}, page=MAP).get_data(as_text=True)
    table = re.sub(r"<[^>]+>", " ", page.partition("<tbody>")[2].partition("</tbody>")[0]).split("Nowhere/")
    assert len(table) >= 6
    shown = " ".join(" ".join(table).split())
    assert "Balcony/3/1-12 12 Balcony/3/1 to Balcony/3/12" in shown
    assert "1-5 1 Ground floor/1/5" in shown
    assert "Balcony/3/1,2 2 Balcony/3/1, Balcony/3/2" in shown
    assert "10 more lines that name seats are not shown." in page
    assert "no seat are not shown" not in page
    monkeypatch.setattr("portal.seating.views.change.SHOWN_LINES", 2)
    page = post_form(ada, LIST, {"text": "\n".join([*good, *bad])}, page=MAP).get_data(as_text=True)
    assert "3 more lines that name no seat are not shown." in page
    assert "13 more lines that name seats are not shown." in page


def test_a_date_of_a_series(app: Flask, ada: FlaskClient, series: Series) -> None:
    first, second = series.dates
    page = f"{SERIES}?subevent={first}"
    data = {"block": "zone", "zone": "Z", "subevent": str(first)}
    assert post_form(ada, f"{SERIES}change", data, page=page).location.count(f"subevent={first}") == 1
    assert blocked(app, series.event) == set(series.seats[0])
    assert f"subevent={second}" in ada.get(f"{SERIES}?subevent={second}").get_data(as_text=True)
    mixed = click(ada, f"{SERIES}change", {"block": f"seat:{series.seats[1][0]}", "subevent": str(first)}, page=page)
    assert toast(mixed)["kind"] == "refused"
    assert click(ada, f"{SERIES}change", {"block": f"seat:{series.seats[1][0]}"}, page=page).status_code == 404


def test_many_cost_as_much_as_few(ada: FlaskClient, fair: Fair) -> None:
    def cost(first: int, last: int) -> int:
        ids = ",".join(map(str, fair.seats[first:last]))
        token = csrf_token(ada.get(MAP))
        with statements() as seen:
            headers = {"HX-Request": "true", "X-CSRFToken": token}
            assert ada.post(CHANGE, data={"block": "marked", "ids": ids}, headers=headers).status_code == 200
        return len(seen)

    cost(10, 12)
    assert cost(12, 14) == cost(14, 60)
