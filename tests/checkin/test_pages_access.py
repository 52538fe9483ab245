"""Who may open and do what on the pages of check-in: the stranger first."""

from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.checkin.models import CheckinList, Device
from portal.core.codes import hash_token
from portal.core.database import db
from portal.tickets.models import Checkin
from tests.browserless import csrf_token, sign_in, sign_in_code
from tests.checkin.conftest import Gate
from tests.checkin.pages import BASE, member
from tests.fair import Fair, add

MANAGES, SEES, CHECKS = "can_change_event_settings", "can_view_orders", "can_checkin_orders"
#: Each page, and the permissions any of which opens it.
PAGES = {
    "": {MANAGES, SEES, CHECKS},
    "lists/new": {MANAGES},
    "lists/{list}/edit": {MANAGES},
    "devices/": {MANAGES},
    "devices/new": {MANAGES},
    "devices/{device}/": {MANAGES},
    "lists/{list}/": {CHECKS},
    "lists/{list}/figures": {SEES, CHECKS},
    "log": {SEES, CHECKS},
    "log.csv": {SEES, CHECKS},
    "log.xlsx": {SEES, CHECKS},
}
#: Each change.
CHANGES = {
    "lists/new": {MANAGES},
    "lists/{list}/edit": {MANAGES},
    "lists/{list}/delete": {MANAGES},
    "devices/new": {MANAGES},
    "devices/{device}/": {MANAGES},
    "devices/{device}/pair": {MANAGES},
    "devices/{device}/revoke": {MANAGES},
    "lists/{list}/redeem": {CHECKS},
    "lists/{list}/undo": {CHECKS},
}


@pytest.fixture
def device(app: Flask, fair: Fair) -> int:
    """The id of the fair's device."""
    with app.app_context():
        return db.session.scalars(sa.select(Device.id)).one()


def state(app: Flask) -> list[object]:
    """Everything that a stranger must not change."""
    with app.app_context():
        return [
            db.session.execute(sa.select(CheckinList.id, CheckinList.name)).all(),
            db.session.execute(sa.select(Device.id, Device.name, Device.key_hash, Device.active)).all(),
            db.session.execute(sa.select(Checkin.id, Checkin.position_id)).all(),
        ]


def paths(fair: Fair, device: int, given: dict[str, set[str]]) -> list[str]:
    return [BASE + path.format(list=fair.checkin_list, device=device) for path in given]


def test_strangers(app: Flask, fair: Fair, device: int) -> None:
    before = state(app)
    nobody, exhibitor = app.test_client(), app.test_client()
    sign_in_code(exhibitor, fair.full_code)
    other, stranger = app.test_client(), app.test_client()
    sign_in(other, fair.other_event_email)
    sign_in(stranger, fair.stranger_email)
    for client, status in ((nobody, 303), (exhibitor, 303), (other, 404), (stranger, 404)):
        token = csrf_token(client.get("/e/"))
        for path in paths(fair, device, PAGES):
            answer = client.get(path)
            assert answer.status_code == status, path
            assert "Main entrance" not in answer.text
            if status == 303:
                assert answer.location.startswith("/login")
        for path in paths(fair, device, CHANGES):
            assert client.post(path, data={"csrf_token": token, "confirm": "Main entrance"}).status_code == status, path
    assert state(app) == before


@pytest.mark.parametrize("permission", [None, MANAGES, SEES, CHECKS])
def test_a_permission_opens_its_own_pages(app: Flask, fair: Fair, device: int, permission: str | None) -> None:
    client = member(app, fair, *([permission] if permission else []))
    for path, opens in PAGES.items():
        answer = client.get(BASE + path.format(list=fair.checkin_list, device=device))
        assert answer.status_code == (200 if permission in opens else 403), path
    before = state(app)
    token = csrf_token(client.get("/e/"))
    for path, opens in CHANGES.items():
        if permission not in opens:
            form = {"csrf_token": token, "name": "New", "confirm": "Main entrance", "secret": "x", "list": "1"}
            answer = client.post(BASE + path.format(list=fair.checkin_list, device=device), data=form)
            assert answer.status_code == 403, path
    assert state(app) == before
    seen = client.get("/organizer/bigevents/sampleconf/").text
    assert (BASE in seen) is (permission is not None), "the side bar"


def test_without_a_token_against_forgery_nothing_happens(client: FlaskClient, fair: Fair, device: int) -> None:
    sign_in(client, fair.organizer_email)
    before = state(client.application)
    for path in paths(fair, device, CHANGES):
        assert client.post(path, data={"confirm": "Main entrance", "name": "X"}).status_code == 400, path
    assert state(client.application) == before


def test_another_events_things_are_404(app: Flask, client: FlaskClient, gate: Gate, fair: Fair) -> None:
    with app.app_context():
        theirs = add(CheckinList(event_id=fair.other_event, name="There"))
        scanner = add(Device(event_id=fair.other_event, list_id=theirs.id, name="There", key_hash=hash_token("o")))
        db.session.commit()
        list_id, device_id = theirs.id, scanner.id
    sign_in(client, fair.organizer_email)
    before = state(app)
    token = csrf_token(client.get(BASE + "lists/new"))
    fill = partial(str.format, list=list_id, device=device_id)
    for path in PAGES:
        if "{" in path:
            assert client.get(BASE + fill(path)).status_code == 404, path
    for path in CHANGES:
        if "{" in path:
            form = {"csrf_token": token, "confirm": "There", "name": "X", "secret": gate.ticket()}
            assert client.post(BASE + fill(path), data=form).status_code == 404, path
    answer = client.post(BASE + "devices/new", data={"csrf_token": token, "name": "X", "list": str(list_id)})
    assert answer.status_code == 422, "another event's list"
    assert state(app) == before
    for number in ("9007199254740991", "99999999999999999999"):
        assert client.get(f"{BASE}lists/{number}/").status_code == 404
        assert client.get(f"{BASE}devices/{number}/").status_code == 404
