"""The scanning page: the stranger first, then what it records, says and remembers: the operation of the app."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.database import db
from portal.exhibitors.models import AccessCode
from portal.leads.models import Lead, LeadVersion
from portal.tickets.models import OrderPosition
from tests.browserless import csrf_token, sign_in, sign_in_code, speak
from tests.fair import Fair
from tests.leads.pages import LEADS

SCAN = "/exhibitor/scan"
HTMX = {"HX-Request": "true", "HX-Target": "scan-live"}


@pytest.fixture(params=["full_code", "scanning_code"])
def booth(request: pytest.FixtureRequest, client: FlaskClient, fair: Fair) -> FlaskClient:
    """A browser at the booth, with each of the two codes."""
    sign_in_code(client, getattr(fair, request.param))
    speak(client, "en")
    return client


def send(client: FlaskClient, code: str, *, htmx: bool = True, **data: Any) -> TestResponse:
    """A scan by htmx, or by the plain form."""
    token = csrf_token(client.get("/e/"))
    headers = HTMX | {"X-CSRFToken": token} if htmx else {}
    return client.post(SCAN, data={"csrf_token": token, "code": code} | data, headers=headers)


def secret(app: Flask, position_id: int) -> str:
    with app.app_context():
        return db.session.get_one(OrderPosition, position_id).secret


def leads_of(app: Flask, position_id: int) -> list[Lead]:
    with app.app_context():
        return list(db.session.scalars(sa.select(Lead).where(Lead.position_id == position_id)))


def test_nobody_and_organizers_scan_nothing(app: Flask, client: FlaskClient, fair: Fair) -> None:
    assert client.get(SCAN).location == "/e/?next=/exhibitor/scan"
    assert client.post(SCAN, data={"code": "PSEUDO0006"}).status_code == 400
    sign_in(client, fair.organizer_email)
    assert send(client, "PSEUDO0006", htmx=False).location.startswith("/e/")
    assert leads_of(app, fair.positions[6]) == []


def test_without_the_token_nothing_is_scanned(app: Flask, booth: FlaskClient, fair: Fair) -> None:
    for path in (SCAN, f"{SCAN}/device", f"{SCAN}/forget"):
        assert booth.post(path, data={"code": "PSEUDO0006"}).status_code == 400
    assert leads_of(app, fair.positions[6]) == []


def test_another_events_ticket_is_unknown(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in_code(client, fair.foreign_code)
    assert send(client, secret(app, fair.positions[6])).status_code == 422
    assert leads_of(app, fair.positions[6]) == []


def test_a_replaced_code_and_a_deleted_exhibitor_scan_nothing(app: Flask, booth: FlaskClient, fair: Fair) -> None:
    token = csrf_token(booth.get("/e/"))
    with app.app_context():
        db.session.execute(sa.delete(AccessCode).where(AccessCode.exhibitor_id == fair.exhibitor))
        db.session.commit()
    answer = booth.post(SCAN, data={"code": "PSEUDO0006"}, headers=HTMX | {"X-CSRFToken": token})
    assert answer.status_code == 401
    assert leads_of(app, fair.positions[6]) == []


def test_switched_off_scanning_says_so(app: Flask, booth: FlaskClient, fair: Fair, allow: Callable[..., None]) -> None:
    allow(allow_lead_scanning=False)
    page = booth.get(SCAN)
    assert page.status_code == 403
    assert "Scanning is switched off for this exhibitor" in page.text
    assert 'id="scan-code"' not in page.text
    for htmx in (True, False):
        assert send(booth, "PSEUDO0006", htmx=htmx).status_code == 403
    assert send(booth, "PSEUDO0006").headers["HX-Retarget"] == "#scan-live"
    assert leads_of(app, fair.positions[6]) == []


@pytest.mark.parametrize("htmx", [True, False])
def test_a_scan_shows_who_it_was(app: Flask, booth: FlaskClient, fair: Fair, htmx: bool) -> None:
    answer = send(booth, " PSEUDO0006\n", htmx=htmx)
    assert answer.status_code == 200
    assert 'data-result="done"' in answer.text
    for text in ("Ana García", "ana@example.org", "García Ltd"):
        assert text in answer.text
    assert ("<html" in answer.text) is not htmx
    (lead,) = leads_of(app, fair.positions[6])
    assert (lead.device_name, lead.exhibitor_id) == ("Browser", fair.exhibitor)
    assert "Ana García" in booth.get(SCAN).text
    again = send(booth, "PSEUDO0006", htmx=htmx)
    assert 'data-result="waiting"' in again.text
    assert "Scanned before" in again.text
    assert len(leads_of(app, fair.positions[6])) == 1


def test_unknown_codes_change_nothing(app: Flask, booth: FlaskClient, fair: Fair) -> None:
    for code in ("pseudo0006", "PSEUDO000", "", "a\0b", "x" * 5000):
        answer = send(booth, code)
        assert answer.status_code == 422
        assert 'data-result="refused"' in answer.text
    assert send(booth, "NOSUCH", htmx=False).status_code == 422
    assert "Nothing yet" in booth.get(SCAN).text


def test_note_rating_and_tags_of_the_last_scan(
    app: Flask, booth: FlaskClient, fair: Fair, settings: Callable[..., None]
) -> None:
    send(booth, "PSEUDO0006")
    data: dict[str, Any] = {
        "of_last": "1",
        "notes": "Call\r\nher",
        "rating": "4",
        "tags_shown": "1",
        "tag": ["foo", "bar"],
    }
    saved = send(booth, "PSEUDO0006", **data)
    assert "Saved" in saved.text
    (lead,) = leads_of(app, fair.positions[6])
    assert (lead.notes, lead.rating, lead.tags) == ("Call\nher", 4, ["foo", "bar"])
    send(booth, "PSEUDO0006", of_last="1", tags_shown="1")
    (lead,) = leads_of(app, fair.positions[6])
    assert (lead.notes, lead.rating, lead.tags) == ("Call\nher", 4, [])
    assert send(booth, "PSEUDO0006", of_last="1", notes="x" * 10_001).status_code == 422
    settings(lead_notes=False)
    assert 'name="notes"' not in send(booth, "PSEUDO0006").text
    send(booth, "PSEUDO0006", of_last="1", notes="all the same")
    assert leads_of(app, fair.positions[6])[0].notes == "Call\nher"


def test_what_the_organizer_closes_is_not_shown(booth: FlaskClient, fair: Fair, allow: Callable[..., None]) -> None:
    allow(allow_lead_access=False)
    answer = send(booth, "PSEUDO0006")
    assert 'data-result="done"' in answer.text
    for page in (answer.text, booth.get(SCAN).text):
        assert "García" not in page
        assert "Lead " in page


def test_this_browser_is_a_device(app: Flask, booth: FlaskClient, fair: Fair, allow: Callable[..., None]) -> None:
    token = csrf_token(booth.get("/e/"))
    assert booth.post(f"{SCAN}/device", data={"csrf_token": token, "name": "Counter\0"}).status_code == 303
    allow(lead_scanning_scope_by_device=True)
    send(booth, "PSEUDO0006")
    other = app.test_client()
    sign_in_code(other, fair.full_code)
    assert 'data-result="done"' in send(other, "PSEUDO0006").text
    assert 'data-result="waiting"' in send(other, "PSEUDO0006").text
    leads = leads_of(app, fair.positions[6])
    assert sorted(str(lead.device_name) for lead in leads) == ["Browser", "Counter"]
    assert len({lead.device_uuid for lead in leads}) == 2
    with app.app_context():
        versions = db.session.scalars(sa.select(LeadVersion).where(LeadVersion.lead_id == leads[0].id)).all()
    assert versions[0].device_uuid == leads[0].device_uuid


def test_the_list_is_this_browsers_own(app: Flask, booth: FlaskClient, fair: Fair) -> None:
    for number in (6, 7, 6):
        send(booth, f"PSEUDO000{number}", scanned="2026-11-20T09:30:00Z")
    page = booth.get(SCAN).text
    assert page.index("Ana García") < page.index("Tom Sawyer")
    assert page.count("Ana García") == 1
    assert "Mei Lin" not in page
    assert leads_of(app, fair.positions[7])[0].scanned.isoformat() == "2026-11-20T09:30:00+00:00"
    other = app.test_client()
    sign_in_code(other, fair.full_code)
    assert "Ana García" not in other.get(SCAN).text
    token = csrf_token(booth.get("/e/"))
    assert booth.post(f"{SCAN}/forget", data={"csrf_token": token}).status_code == 303
    assert "Ana García" not in booth.get(SCAN).text
    assert len(leads_of(app, fair.positions[6])) == 1


def test_page_and_app_api_are_one_operation(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in_code(client, fair.full_code)
    send(client, "PSEUDO0006", notes="By page", rating="3", tags_shown="1", tag="foo")
    body = {"code": "PSEUDO0007", "notes": "By page", "rating": 3, "tags": ["foo"], "device_name": "Browser"}
    headers = {"Authorization": f"Exhibitor {fair.full_code}"}
    assert client.post("/exhibitors/api/v1/leads/", json=body, headers=headers).status_code == 201
    one, two = leads_of(app, fair.positions[6])[0], leads_of(app, fair.positions[7])[0]
    for name in ("notes", "rating", "tags", "scope", "device_name"):
        assert getattr(one, name) == getattr(two, name)
    assert "Ana García" in client.get(LEADS).text
