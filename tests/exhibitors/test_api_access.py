"""Who may read and change exhibitors by the REST API: the stranger first."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.accounts.models import Team
from portal.core.database import db
from portal.exhibitors.models import Exhibitor
from portal.leads.models import Lead
from tests.fair import Fair
from tests.seating.conftest import Api

DOORS: list[tuple[str, str, Any]] = [
    ("GET", "/exhibitors/", None),
    ("POST", "/exhibitors/", {"name": "New"}),
    ("GET", "/exhibitors/{one}/", None),
    ("PATCH", "/exhibitors/{one}/", {"name": "Other"}),
    ("PUT", "/exhibitors/{one}/", {"name": "Other"}),
    ("DELETE", "/exhibitors/{one}/", None),
    ("GET", "/exhibitors/{one}/leads/", None),
    ("GET", "/exhibitors/{one}/vouchers/", None),
    ("POST", "/exhibitors/{one}/vouchers/attach/", {"code": "VOUCHER3"}),
    ("POST", "/exhibitors/{one}/vouchers/bulk_attach/", [{"code": "VOUCHER3"}]),
    ("POST", "/exhibitors/{one}/send_access_code/", None),
]
#: What each door wants beyond membership.
PERMISSIONS = [
    None,
    "can_change_event_settings",
    None,
    "can_change_event_settings",
    "can_change_event_settings",
    "can_change_event_settings",
    "can_view_orders",
    "can_view_vouchers",
    "can_change_vouchers",
    "can_change_vouchers",
    "can_change_event_settings",
]
REFUSED = (403, b'{"detail": "You do not have permission to perform this action."}', "application/json")


def permit(app: Flask, name: str, *permissions: str) -> None:
    """Give a team these permissions and no others."""
    with app.app_context():
        team = db.session.scalars(sa.select(Team).where(Team.name == name)).one()
        for column in Team.__table__.c:
            if column.name.startswith("can_"):
                setattr(team, column.name, column.name in permissions)
        db.session.commit()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Token " + "x" * 64,
        "Token",
        "Token {revoked_token}",
        "Basic dTpw",
        "Exhibitor {full_code}",
        "Exhibitor {scanning_code}",
    ],
)
def test_nobody_gets_in(api: Api, fair: Fair, header: str | None) -> None:
    api.token = None
    headers = {"Authorization": header.format_map(vars(fair))} if header else {}
    for method, path, body in DOORS:
        response = api.call(method, path.format(one=fair.exhibitor), headers=headers, json=body)
        assert response.status_code == 401, (method, path)
        assert response.headers["WWW-Authenticate"].startswith("Token")
        assert set(response.get_json()) == {"detail"}


@pytest.mark.parametrize("token", ["other_event_token", "foreign_token"])
def test_a_stranger_cannot_tell_what_exists(api: Api, fair: Fair, token: str) -> None:
    api.token = getattr(fair, token)
    answers = set()
    bases = (
        fair.base,
        "/api/v1/organizers/bigevents/events/nowhere",
        "/api/v1/organizers/nobody/events/sampleconf",
    )
    for api.base, (method, path, body) in product(bases, DOORS):
        for one in (fair.exhibitor, 999_999, "abc"):
            response = api.call(method, path.format(one=one), json=body)
            answers.add((response.status_code, response.get_data(), response.headers["Content-Type"]))
    assert answers == {REFUSED}


def test_an_exhibitor_of_another_event_is_as_one_that_does_not_exist(
    api: Api, fair: Fair, stored: Callable[[Any], list[Any]]
) -> None:
    """Contract decision 3: 403, and 404 on send_access_code."""
    for method, path, body in DOORS[2:]:
        for one in (fair.foreign_exhibitor, 999_999, 0, -1, 10**30, "abc", "1.5", "%00"):
            response = api.call(method, path.format(one=one), json=body)
            expected = 404 if "send_access_code" in path or one == "%00" else 403
            assert response.status_code == expected, (method, path, one)
            if expected == 403:
                assert (response.status_code, response.get_data(), response.headers["Content-Type"]) == REFUSED
            else:
                assert response.get_json() == {"detail": "Not found."}
    assert stored(sa.select(Exhibitor.name).order_by(Exhibitor.id)) == [
        ("Aperture Science",),
        ("Black Mesa",),
        ("Cyberdyne",),
    ]


def test_a_missing_exhibitor_comes_before_a_bad_body(api: Api, fair: Fair) -> None:
    for method, path, _ in DOORS[2:-1]:
        if method != "GET":
            response = api.call(method, path.format(one=fair.foreign_exhibitor), data=b"{", content_type="text/plain")
            assert response.status_code == 403, (method, path)


def test_each_door_wants_its_permission_and_no_other(app: Flask, api: Api, fair: Fair) -> None:
    api.token = fair.weak_token
    everything = {name for name in PERMISSIONS if name}
    for (method, path, body), permission in zip(DOORS, PERMISSIONS, strict=True):
        target = path.format(one=fair.rival)
        permit(app, "Helpers", *(everything - {permission}))
        if permission is not None:
            assert api.call(method, target, json=body).status_code == 403, (method, path)
    for (method, path, body), permission in zip(DOORS, PERMISSIONS, strict=True):
        if method == "DELETE":
            continue
        permit(app, "Helpers", *(permission,) if permission else ())
        assert api.call(method, path.format(one=fair.rival), json=body).status_code in (200, 201, 400), (method, path)


def test_codes_are_for_those_who_may_change_the_event(app: Flask, api: Api, fair: Fair) -> None:
    """Contract decision 26."""
    shown = api.get(f"/exhibitors/{fair.exhibitor}/").get_json()
    assert (shown["access_code"], shown["lead_scanning_access_code"]) == (fair.full_code, fair.scanning_code)
    permit(app, "Helpers", "can_view_orders", "can_change_vouchers", "can_change_teams", "can_view_vouchers")
    api.token = fair.weak_token
    for entry in (*api.results("/exhibitors/"), api.get(f"/exhibitors/{fair.exhibitor}/").get_json()):
        assert (entry["access_code"], entry["lead_scanning_access_code"]) == (None, None)
    assert fair.full_code not in api.get("/exhibitors/").text


def test_codes_appear_for_a_team_that_gets_the_permission(app: Flask, api: Api, fair: Fair) -> None:
    """A date from before must not say that nothing has changed."""
    api.token = fair.weak_token
    with app.app_context():
        for table in ("exhibitors", "events"):
            db.session.execute(sa.text(f"UPDATE {table} SET modified = '2026-01-01 10:00:00+00:00'"))  # noqa: S608
        db.session.commit()
    first = api.get("/exhibitors/")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert api.get("/exhibitors/", headers=since).status_code == 304
    permit(app, "Helpers", "can_change_event_settings")
    again = api.get("/exhibitors/", headers=since)
    assert again.status_code == 200
    assert again.get_json()["results"][0]["access_code"] == fair.full_code
    assert api.get("/exhibitors/", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_leads_of_a_rival_are_the_rivals(api: Api, fair: Fair, stored: Callable[[Any], list[Any]]) -> None:
    orders = {entry["attendee_order"] for entry in api.results(f"/exhibitors/{fair.rival}/leads/")}
    assert orders == {"ORD05"}
    assert len(stored(sa.select(Lead.id).where(Lead.exhibitor_id == fair.rival))) == 1
