"""Blocking and freeing many seats at once: all or none, in a fixed number of statements, without deadlocks."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.database import db
from portal.core.models import AuditEntry
from portal.seating.models import Seat
from tests.fair import Fair
from tests.seating.conftest import Api, Series
from tests.statements import statements


def blocked(app: Flask, event: int) -> set[int]:
    """The ids of an event's blocked seats."""
    with app.app_context():
        return set(db.session.scalars(sa.select(Seat.id).where(Seat.event_id == event, Seat.blocked)))


def log(app: Flask) -> list[AuditEntry]:
    """The audit log."""
    with app.app_context():
        return list(db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_by_ids_and_by_guids(app: Flask, api: Api, fair: Fair, method: str) -> None:
    """Decision 5: both methods are accepted. Sold seats and those that are so already are no error."""
    seats = fair.seats[:6]
    response = api.call(method, "/seats/bulk_block/", json={"ids": [*seats, *seats[:2]]})
    assert (response.status_code, response.get_json()) == (200, {})
    assert blocked(app, fair.event) == set(seats)
    response = api.call(method, "/seats/bulk_unblock/", json={"seat_guids": ["1-1", "1-2", "1-2", "3-1"]})
    assert (response.status_code, response.get_json()) == (200, {})
    assert blocked(app, fair.event) == set(seats[2:])
    first, second = log(app)
    assert (first.action, first.event_id, first.object_kind) == ("seat.blocked", fair.event, "seat")
    assert first.data["ids"] == [seat for seat in seats if seat != fair.seats[3]]
    assert first.data["unchanged"] == [fair.seats[3]]
    assert (second.action, second.data["ids"]) == ("seat.unblocked", seats[:2])


def test_nothing_to_change_is_no_entry(app: Flask, api: Api, fair: Fair) -> None:
    assert api.call("POST", "/seats/bulk_block/", json={"ids": [fair.seats[3]]}).status_code == 200
    assert log(app) == []


def test_forms(app: Flask, api: Api, fair: Fair) -> None:
    api.call("POST", "/seats/bulk_block/", data={"ids": [str(fair.seats[7]), str(fair.seats[8])]})
    assert {fair.seats[7], fair.seats[8]} <= blocked(app, fair.event)
    api.call("POST", "/seats/bulk_unblock/", data={"seat_guids": ["1-8", "1-9"]})
    assert blocked(app, fair.event) == {fair.seats[3]}


def wrong_bodies(fair: Fair) -> list[tuple[Any, str, str]]:
    """Bodies, the field that the error names, and a part of the message."""
    good, foreign = fair.seats[10], fair.foreign_seat
    return [
        ({"ids": [good, 999_999]}, "ids", "999999"),
        ({"ids": [good, foreign]}, "ids", str(foreign)),
        ({"ids": [good, -1]}, "ids", "-1"),
        ({"ids": [good, 0]}, "ids", "0"),
        ({"ids": [good, 10**18]}, "ids", str(10**18)),
        ({"ids": [good, 2**63]}, "ids", "9223372036854775808"),
        ({"ids": [good, 2**64]}, "ids", "18446744073709551616 does not exist."),
        ({"ids": [good, 10**30]}, "ids", f"{10**30} does not exist."),
        ({"ids": [good, 1e30]}, "ids", "1e+30 does not exist."),
        ({"ids": [good, "9" * 40]}, "ids", f"{'9' * 40} does not exist."),
        ({"ids": [good, "9" * 4999]}, "ids", f"{'9' * 100}… does not exist."),
        ({"ids": [good, -(10**200)]}, "ids", f"-1{'0' * 98}… does not exist."),
        ({"ids": [good, 1.5]}, "ids", "1.5"),
        ({"ids": [good, True]}, "ids", "true"),
        ({"ids": [good, None]}, "ids", "null"),
        ({"ids": [good, [good]]}, "ids", "whole number"),
        ({"ids": [good, {}]}, "ids", "whole number"),
        ({"ids": [good, "x"]}, "ids", "x"),
        ({"ids": [good, "x" * 1_000_000]}, "ids", "…"),
        ({"ids": [good, ""]}, "ids", "whole number"),
        ({"ids": []}, "ids", "empty"),
        ({"ids": None}, "ids", "null"),
        ({"ids": "12"}, "ids", "list"),
        ({"ids": {"1": 2}}, "ids", "list"),
        ({"ids": good}, "ids", "list"),
        ({"ids": [good] * 10_001}, "ids", "10,000"),
        ({"seat_guids": ["1-1"] * 10_001}, "seat_guids", "10,000"),
        ({"seat_guids": ["1-1", "nope"]}, "seat_guids", "nope"),
        ({"seat_guids": ["1-1", "n" * 1_000_000]}, "seat_guids", "does not exist"),
        ({"seat_guids": ["1-1", ""]}, "seat_guids", "does not exist"),
        ({"seat_guids": ["1-1", "\0"]}, "seat_guids", "Null"),
        ({"seat_guids": ["1-1", 1]}, "seat_guids", "1"),
        ({"seat_guids": ["1-1", None]}, "seat_guids", "null"),
        ({"seat_guids": [["1-1"]]}, "seat_guids", "string"),
        ({"seat_guids": []}, "seat_guids", "empty"),
        ({"seat_guids": None}, "seat_guids", "null"),
        ({}, "non_field_errors", "either"),
        ({"ids": [good], "seat_guids": ["1-1"]}, "non_field_errors", "either"),
        ({"ids": [good], "seat_guids": []}, "non_field_errors", "either"),
        ({"id": [good]}, "non_field_errors", "either"),
        ([good], "non_field_errors", "list"),
    ]


def test_wrong_bodies_change_nothing(app: Flask, api: Api, fair: Fair) -> None:
    for body, field, part in wrong_bodies(fair):
        response = api.call("POST", "/seats/bulk_block/", json=body)
        assert response.status_code == 400, str(body)[:100]
        answer = response.get_json()
        assert list(answer) == [field], str(body)[:100]
        assert part in answer[field][0], (answer, part)
    assert blocked(app, fair.event) == {fair.seats[3]}
    assert log(app) == []


def test_ten_thousand_entries_counted_as_sent(app: Flask, api: Api, fair: Fair) -> None:
    response = api.call("POST", "/seats/bulk_block/", json={"ids": (fair.seats * 200)[:10_000]})
    assert response.status_code == 200
    assert blocked(app, fair.event) == set(fair.seats)


def test_many_unknown_seats_are_named(api: Api) -> None:
    answer = api.call("POST", "/seats/bulk_block/", json={"ids": list(range(10**6, 10**6 + 5000))}).get_json()
    assert answer["ids"][0] == "Seat 1000000 does not exist."
    assert len(answer["ids"]) == 20


def test_the_number_of_statements_is_fixed(api: Api, fair: Fair) -> None:
    counts = set()
    for seats in (fair.seats[10:11], fair.seats[10:13], fair.seats[10:60]):
        for door in ("bulk_block", "bulk_unblock"):
            with statements() as seen:
                assert api.call("POST", f"/seats/{door}/", json={"ids": seats}).status_code == 200
            counts.add(sum("pg_advisory" not in statement for statement in seen))
    assert counts == {5}


def test_seats_of_a_date(app: Flask, api: Api, series: Series) -> None:
    api.base = series.base
    (first, second), (mine, other) = series.dates, series.seats
    path = f"/subevents/{first}/seats/bulk_block/"
    assert api.call("POST", path, json={"ids": [mine[0], other[0]]}).status_code == 400
    assert blocked(app, series.event) == set()
    assert api.call("POST", path, json={"seat_guids": ["g0", "g2"]}).status_code == 200
    assert blocked(app, series.event) == {mine[0], mine[2]}
    assert log(app)[0].data["subevent"] == first
    assert api.call("PATCH", path.replace(f"/{first}/", f"/{second}/"), json={"ids": other}).status_code == 200
    assert blocked(app, series.event) == {mine[0], mine[2], *other}


@pytest.mark.parametrize("turn", range(3))
def test_two_calls_on_the_same_seats(app: Flask, fair: Fair, turn: int) -> None:
    """Each names the seats in another order: each seat ends as one of them said, and all succeed."""
    start, statuses = threading.Barrier(4), []

    def send(door: str, seats: list[int]) -> None:
        client = app.test_client()
        start.wait()
        for _ in range(5):
            response = client.post(f"{fair.base}/seats/{door}/", json={"ids": seats}, headers=fair.auth())
            statuses.append(response.status_code)

    orders = (fair.seats, fair.seats[::-1], fair.seats[20:] + fair.seats[:20], fair.seats[::2] + fair.seats[1::2])
    threads = [
        threading.Thread(target=send, args=("bulk_block" if number % 2 else "bulk_unblock", order))
        for number, order in enumerate(orders)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20
    assert blocked(app, fair.event) in (set(), set(fair.seats))
