"""Blocking and freeing one seat: bodies of all kinds, the audit log, recorded answers."""

from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.database import db
from portal.core.models import AuditEntry
from portal.seating.models import Seat
from tests.fair import Fair
from tests.recordings import entries
from tests.seating.conftest import Api, Series
from tests.statements import statements


def log(app: Flask) -> list[AuditEntry]:
    """The audit log."""
    with app.app_context():
        return list(db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))


def blocked(app: Flask, seat: int) -> bool:
    """What the table says."""
    with app.app_context():
        return db.session.get_one(Seat, seat).blocked


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_block_and_free(app: Flask, api: Api, fair: Fair, method: str) -> None:
    seat = fair.seats[10]
    before = api.get(f"/seats/{seat}/").get_json()
    response = api.call(method, f"/seats/{seat}/", json={"blocked": True})
    assert response.status_code == 200
    assert response.get_json() == before | {"blocked": True}
    assert blocked(app, seat)
    assert api.call(method, f"/seats/{seat}/", json={"blocked": False}).get_json() == before
    first, second = log(app)
    assert (first.action, second.action) == ("seat.blocked", "seat.unblocked")
    assert first.actor_kind == "token"
    assert first.actor_label == "Ada’s script"
    assert (first.event_id, first.organizer_id, first.object_id) == (fair.event, fair.organizer, seat)
    assert first.data["ids"] == [seat]


def test_what_is_so_already_is_no_change(app: Flask, api: Api, fair: Fair) -> None:
    seat = fair.seats[3]
    with app.app_context():
        before = db.session.get_one(Seat, seat).modified
    assert api.call("PATCH", f"/seats/{seat}/", json={"blocked": True}).get_json()["blocked"] is True
    assert log(app) == []
    with app.app_context():
        assert db.session.get_one(Seat, seat).modified == before


def test_a_sold_seat_can_be_blocked_and_keeps_its_holder(api: Api, fair: Fair) -> None:
    seat = api.call("PATCH", f"/seats/{fair.seats[0]}/", json={"blocked": True}).get_json()
    assert (seat["blocked"], seat["orderposition"]) == (True, fair.positions[0])


def test_a_change_takes_few_statements(api: Api, fair: Fair) -> None:
    with statements() as seen:
        api.call("PATCH", f"/seats/{fair.seats[10]}/", json={"blocked": True})
    assert len(seen) == 5, seen


def test_expand_shows_in_the_answer(api: Api, fair: Fair) -> None:
    response = api.call("PATCH", f"/seats/{fair.seats[0]}/?expand=orderposition", json={"blocked": True})
    assert response.get_json()["orderposition"]["id"] == fair.positions[0]
    assert api.get(f"/seats/{fair.seats[0]}/").get_json()["blocked"] is True


def test_a_filter_narrows_one_seat_too(app: Flask, api: Api, fair: Fair) -> None:
    path = f"/seats/{fair.seats[10]}/?zone_name=Nope"
    assert api.get(path).status_code == 404
    assert api.call("PATCH", path, json={"blocked": True}).status_code == 404
    assert not blocked(app, fair.seats[10])
    assert api.call("PATCH", path.replace("Nope", "Ground+floor"), json={"blocked": True}).status_code == 200


FAULTS = (
    "PATCH orderposition",  # writes what can only be read
    "PATCH with expand",  # loses a key
    "PATCH malformed JSON",  # the parser's own words
    "PATCH invalid UTF-8",  # recorded without its bytes
    "PUT {}",  # decided anew: `blocked` is all that is required
    "PUT blocked x",
)


def test_as_a_real_server_answers(api: Api, fair: Fair) -> None:
    for entry in entries("seats_write", without=FAULTS):
        check_recorded(api, fair, entry)


def check_recorded(api: Api, fair: Fair, entry: dict[str, Any]) -> None:
    """Compare one answer with what was recorded."""
    request, recorded = entry["request"], entry["response"]
    path = (
        request["path"]
        .replace("/seats/1/", f"/seats/{fair.seats[10]}/")
        .replace("/seats/4/", f"/seats/{fair.seats[0]}/")
    )
    headers = {name: value for name, value in request["headers"].items() if name != "Authorization"}
    body: dict[str, Any] = {"json": request["json"]} if "json" in request else {"data": request.get("text", "")}
    response = api.call(request["method"], path, headers=headers, **body)
    assert response.status_code == recorded["status"], entry["name"]
    found, expected = response.get_json(), recorded["json"]
    if recorded["status"] >= 400:
        assert found == expected
    else:
        assert list(found) == list(expected)
        if "blocked" in (request.get("json") or {}):
            assert found["blocked"] is expected["blocked"], entry["name"]


@pytest.mark.parametrize(("method", "status"), [("PATCH", 200), ("PUT", 400)])
def test_an_empty_object(api: Api, fair: Fair, method: str, status: int) -> None:
    response = api.call(method, f"/seats/{fair.seats[3]}/", json={})
    assert response.status_code == status
    if status == 200:
        assert response.get_json()["blocked"] is True
    else:
        assert response.get_json() == {"blocked": ["This field is required."]}


def test_put_with_a_wrong_value(api: Api, fair: Fair) -> None:
    response = api.call("PUT", f"/seats/{fair.seats[3]}/", json={"blocked": "x"})
    assert response.get_json() == {"blocked": ["Must be a valid boolean."]}


def test_spellings_of_true(app: Flask, api: Api, fair: Fair) -> None:
    for seat, value in zip(fair.seats[10:], [True, "True", "TRUE", "on", "yes", "1", 1, 1.0, "t"], strict=False):
        assert api.call("PATCH", f"/seats/{seat}/", json={"blocked": value}).status_code == 200
        assert blocked(app, seat), value


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_forms_are_read(app: Flask, api: Api, fair: Fair, kind: str) -> None:
    seat = fair.seats[10]
    assert api.call("PATCH", f"/seats/{seat}/", data={"blocked": "true"}, content_type=kind).status_code == 200
    assert blocked(app, seat)


DEEP = "[" * 100_000 + "]" * 100_000
BODIES = [
    b'{"blocked": 1e400}',
    b'{"blocked": 99999999999999999999999999999}',
    b'{"blocked": -0.0000000000000000001}',
    b'{"blocked": NaN}',
    b'{"blocked": Infinity}',
    b'{"blocked": null}',
    b'{"blocked": {}}',
    b'{"blocked": [[[[true]]]]}',
    b'{"blocked": "\\ud800"}',
    b'{"blocked": "\\u0000"}',
    b'{"blocked": "' + b"x" * 1_000_000 + b'"}',
    b'{"' + b"x" * 1_000_000 + b'": 1, "blocked": 7}',
    DEEP.encode(),
    b'{"blocked": ' + DEEP.encode() + b"}",
    b"\xff\xfe\x00",
    b"nonsense",
    b"3",
    b'"text"',
    b"true",
    b"[]",
    b"[[]]",
    b"{",
    b"\x00",
    b"{}{}",
    b'{"blocked": 2}',
]


def test_no_body_breaks_anything(app: Flask, api: Api, fair: Fair) -> None:
    doors = (("PATCH", f"/seats/{fair.seats[10]}/"), ("POST", "/seats/bulk_block/"))
    for (method, path), body in product(doors, BODIES):
        response = api.call(method, path, data=body, content_type="application/json")
        assert response.status_code == 400, (path, body[:100])
        assert isinstance(response.get_json(), dict)
    assert not blocked(app, fair.seats[10])
    assert log(app) == []


def test_a_seat_that_does_not_exist(api: Api) -> None:
    bodies = (("GET", None), ("PATCH", b'{"blocked": true}'), ("PATCH", b"nonsense"), ("PUT", b"[]"))
    for seat, (method, body) in product(["999999", "0", "-1", "99999999999999999999999"], bodies):
        response = api.call(method, f"/seats/{seat}/", data=body, content_type="application/json" if body else None)
        assert response.status_code == 404
        assert response.get_json() == {"detail": "No Seat matches the given query."}


def test_what_is_no_id(api: Api) -> None:
    for seat in ["abc", "1-1", "1.0", "٣"]:
        response = api.get(f"/seats/{seat}/")
        assert (response.status_code, response.get_json()) == (404, {"detail": "Not found."})


def test_seats_cannot_be_made_or_deleted(api: Api, fair: Fair) -> None:
    for method in ("DELETE", "POST"):
        response = api.call(method, f"/seats/{fair.seats[0]}/")
        assert response.status_code == 405
        assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PATCH", "PUT"}
        assert response.get_json() == {"detail": f'Method "{method}" not allowed.'}


def test_a_seat_of_a_date(app: Flask, api: Api, series: Series) -> None:
    api.base = series.base
    (first, _second), (seat, *_rest) = series.dates, series.seats[0]
    assert api.call("PATCH", f"/subevents/{first}/seats/{seat}/", json={"blocked": True}).status_code == 200
    assert log(app)[0].data["subevent"] == first
    assert api.call("PATCH", f"/subevents/{series.dates[1]}/seats/{seat}/", json={"blocked": False}).status_code == 404
    assert blocked(app, seat)
