"""Who may read and change seats: the stranger first."""

from itertools import product

import pytest
from flask import Flask

from tests.fair import Fair
from tests.seating.conftest import Api

DOORS = [
    ("GET", "/seats/"),
    ("GET", "/seats/{seat}/"),
    ("PATCH", "/seats/{seat}/"),
    ("PUT", "/seats/{seat}/"),
    ("POST", "/seats/bulk_block/"),
    ("PATCH", "/seats/bulk_block/"),
    ("POST", "/seats/bulk_unblock/"),
    ("PATCH", "/seats/bulk_unblock/"),
    ("GET", "/subevents/1/seats/"),
    ("GET", "/subevents/1/seats/{seat}/"),
    ("PATCH", "/subevents/1/seats/{seat}/"),
    ("POST", "/subevents/1/seats/bulk_block/"),
]
WRITING = [door for door in DOORS if door[0] != "GET"]
BODY = {"blocked": True}


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        (None, "Authentication credentials were not provided."),
        ("Token " + "x" * 64, "Invalid token."),
        ("Token", "Authentication credentials were not provided."),
        ("Token {revoked_token}", "Invalid token."),
        ("Basic dTpw", "Authentication credentials were not provided."),
        ("Exhibitor {full_code}", "Authentication credentials were not provided."),
    ],
)
def test_nobody_gets_in(api: Api, fair: Fair, header: str | None, detail: str) -> None:
    api.token = None
    headers = {"Authorization": header.format_map(vars(fair))} if header else {}
    for method, path in DOORS:
        response = api.call(method, path.format(seat=fair.seats[0]), headers=headers, json=BODY)
        assert response.status_code == 401, (method, path)
        assert response.headers["WWW-Authenticate"].startswith("Token")
        assert response.get_json() == {"detail": detail}


@pytest.mark.parametrize("token", ["other_event_token", "foreign_token"])
def test_a_stranger_cannot_tell_what_exists(api: Api, fair: Fair, token: str) -> None:
    api.token = getattr(fair, token)
    answers = set()
    bases = (
        fair.base,
        "/api/v1/organizers/bigevents/events/nowhere",
        "/api/v1/organizers/nobody/events/sampleconf",
        "/api/v1/organizers/%F0%9F%98%80/events/-",
    )
    for api.base, (method, path) in product(bases, DOORS):
        for seat in (fair.seats[0], 999_999, "abc"):
            response = api.call(method, path.format(seat=seat), json=BODY)
            answers.add((response.status_code, response.get_data(), response.headers["Content-Type"]))
    assert answers == {(403, b'{"detail": "You do not have permission to perform this action."}', "application/json")}


def test_writing_needs_the_permission(api: Api, fair: Fair) -> None:
    api.token = fair.weak_token
    for method, path in WRITING:
        assert api.call(method, path.format(seat=fair.seats[0]), json=BODY).status_code == 403, (method, path)


def test_reading_needs_membership_only(api: Api, fair: Fair) -> None:
    api.token = fair.weak_token
    assert api.get("/seats/").status_code == 200
    assert api.get(f"/seats/{fair.seats[0]}/").status_code == 200


def test_expanding_needs_the_permission_to_see_it(api: Api, fair: Fair) -> None:
    for path in ("/seats/", f"/seats/{fair.seats[9]}/"):
        for field in ("orderposition", "cartposition", "voucher"):
            target = f"{path}?expand={field}"
            api.token = fair.token
            assert api.get(target).status_code == 200
            api.token = fair.weak_token
            assert api.get(target).status_code == 403
            assert api.get(target.replace(field, "nonsense")).status_code == 200


def test_slugs_have_no_case(api: Api) -> None:
    assert api.get("/api/v1/organizers/BigEvents/events/SampleConf/seats/").status_code == 200


def test_a_seat_of_another_event_does_not_exist(app: Flask, api: Api, fair: Fair) -> None:
    for method in ("GET", "PATCH"):
        response = api.call(method, f"/seats/{fair.foreign_seat}/", json=BODY if method == "PATCH" else None)
        assert response.status_code == 404
        assert response.get_json() == {"detail": "No Seat matches the given query."}
