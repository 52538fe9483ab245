"""The open-source scanner's door: the stranger first, then its answers, and that it does what the App API does."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db
from portal.exhibitors.models import Exhibitor
from portal.leads.models import Lead
from portal.tickets.models import OrderPosition
from tests.fair import Fair

BASE = "/api/v1/event/bigevents/sampleconf/exhibitors"


def call(client: FlaskClient, method: str, path: str, code: str | None, base: str = BASE, **body: Any) -> Any:
    headers = {"Exhibitor": code, "Authorization": "Device made-up"} if code else {}
    return client.open(f"{base}/{path}", method=method, json=body if method == "POST" else None, headers=headers)


def create(client: FlaskClient, code: str, lead: Any, **body: Any) -> Any:
    sent = {"lead": lead, "scanned": "null", "scan_type": "lead", "device_name": "Test", "open_event": False} | body
    return call(client, "POST", "lead/create", code, **sent)


def lead_of(app: Flask, position_id: int) -> Lead | None:
    with app.app_context():
        return db.session.scalar(sa.select(Lead).where(Lead.position_id == position_id))


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "lead/create"), ("GET", "lead/retrieve"), ("GET", "tags"), ("POST", "lead/PSEUDO0000/update")],
)
def test_strangers(app: Flask, client: FlaskClient, fair: Fair, method: str, path: str) -> None:
    for code in (None, "NOSUCH", fair.foreign_code):
        answer = call(client, method, path, code, lead="PSEUDO0006")
        assert answer.status_code == 401
        assert answer.json["success"] is False
        assert isinstance(answer.json["error"], str)
    for base in (
        BASE.replace("sampleconf", "otherconf"),
        BASE.replace("bigevents", "foreign"),
        "/api/v1/event/x/y/exhibitors",
    ):
        assert call(client, method, path, fair.full_code, base, lead="PSEUDO0006").status_code == 401
    with app.app_context():
        db.session.execute(sa.delete(Exhibitor).where(Exhibitor.id == fair.exhibitor))
        db.session.commit()
    assert call(client, method, path, fair.full_code).status_code == 401
    assert lead_of(app, fair.positions[6]) is None


def test_the_rival_reads_and_changes_its_own_alone(app: Flask, client: FlaskClient, fair: Fair) -> None:
    answer = call(client, "GET", "lead/retrieve", fair.rival_code).json
    assert [lead["pseudonymization_id"] for lead in answer["leads"]] == ["PSEUDO0005"]
    changed = call(client, "POST", "lead/PSEUDO0000/update", fair.rival_code, note="mine", tags=["mine"])
    assert (changed.status_code, changed.json["success"]) == (404, False)
    lead = lead_of(app, fair.positions[0])
    assert lead is not None
    assert (lead.notes, lead.tags) == ("Wants our newsletter", ["foo"])


def test_the_scanning_code_reads_no_lead(client: FlaskClient, fair: Fair) -> None:
    assert create(client, fair.scanning_code, "PSEUDO0006").status_code == 201
    assert call(client, "GET", "tags", fair.scanning_code).json == {"success": True, "tags": ["foo", "bar"]}
    answer = call(client, "GET", "lead/retrieve", fair.scanning_code)
    assert (answer.status_code, answer.json["success"]) == (403, False)


def test_auth(client: FlaskClient, fair: Fair) -> None:
    for key in (fair.full_code, "vkh-z2f u84", fair.scanning_code):
        answer = call(client, "POST", "auth", None, key=key)
        assert answer.status_code == 200
        assert answer.json == {
            "success": True,
            "exhibitor_id": fair.exhibitor,
            "exhibitor_name": "Aperture Science",
            "booth_id": "A2",
            "booth_name": "A2",
        }
    for key in ("NOSUCH", fair.foreign_code):
        answer = call(client, "POST", "auth", None, key=key)
        assert (answer.status_code, answer.json["success"]) == (401, False)
        assert set(answer.json) == {"success", "error"}
    for body in ({}, {"key": 5}, {"key": " "}):
        assert call(client, "POST", "auth", None, **body).status_code == 400


def test_a_first_scan_and_the_next(app: Flask, client: FlaskClient, fair: Fair) -> None:
    first = create(client, fair.full_code, "PSEUDO0006")
    lead = lead_of(app, fair.positions[6])
    assert lead is not None
    person = {"name": "Ana García", "email": "ana@example.org", "company": "García Ltd", "note": "", "tags": []}
    assert (first.status_code, first.json) == (201, {"success": True, "lead_id": lead.id, "attendee": person})
    assert (lead.device_name, lead.scope) == ("Test", "")
    again = create(client, fair.full_code, "PSEUDO0006")
    assert (again.status_code, again.json["success"], again.json["attendee"]) == (409, False, person)
    with app.app_context():
        secret = db.session.get_one(OrderPosition, fair.positions[7]).secret
    by_secret = create(client, fair.full_code, secret, open_event=True, scanned="2026-11-20T09:30:00Z")
    assert by_secret.status_code == 201
    other = lead_of(app, fair.positions[7])
    assert other is not None
    assert other.scanned.isoformat() == "2026-11-20T09:30:00+00:00"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"lead": "pseudo0006"}, 404),
        ({"lead": None}, 400),
        ({"lead": 6}, 400),
        ({"lead": "x" * 5000}, 400),
        ({"lead": "PSEUDO0006", "scanned": "soon"}, 400),
        ({"lead": "PSEUDO0006", "device_name": "x" * 191}, 400),
    ],
)
def test_bad_scans(app: Flask, client: FlaskClient, fair: Fair, body: dict[str, Any], status: int) -> None:
    answer = create(client, fair.full_code, **body)
    assert (answer.status_code, answer.json["success"]) == (status, False)
    assert lead_of(app, fair.positions[6]) is None


def test_note_and_tags(app: Flask, client: FlaskClient, fair: Fair) -> None:
    assert call(client, "POST", "lead/PSEUDO0006/update", fair.full_code, note="x", tags=[]).status_code == 404
    assert lead_of(app, fair.positions[6]) is None
    answer = call(client, "POST", "lead/PSEUDO0000/update", fair.full_code, note="New", tags=["bar", "own"])
    assert answer.status_code == 200
    assert (answer.json["attendee"]["note"], answer.json["attendee"]["tags"]) == ("New", ["bar", "own"])
    assert call(client, "POST", "lead/PSEUDO0000/update", fair.full_code, note=7).status_code == 400
    headers = {"Authorization": f"Exhibitor {fair.full_code}"}
    told: Any = client.get("/exhibitors/api/v1/leads/", headers=headers).json
    assert (told["results"][-1]["notes"], told["results"][-1]["tags"]) == ("New", ["bar", "own"])


def test_all_leads_at_once(client: FlaskClient, fair: Fair) -> None:
    answer = call(client, "GET", "lead/retrieve", fair.full_code)
    assert answer.json["success"] is True
    assert len(answer.json["leads"]) == 5
    assert answer.json["leads"][-1] == {
        "id": fair.leads[0],
        "exhibitor_name": "Aperture Science",
        "pseudonymization_id": "PSEUDO0000",
        "scanned": "2026-11-20T09:00:00Z",
        "scan_type": "lead",
        "device_name": "DEV1",
        "booth_id": "A2",
        "booth_name": "A2",
        "attendee": {
            "name": "Peter Miller",
            "email": "peter@example.org",
            "company": "Miller Ltd",
            "note": "Wants our newsletter",
            "tags": ["foo"],
        },
    }
    assert all(isinstance(lead["attendee"]["tags"], list) for lead in answer.json["leads"])


def test_flags_hold_at_once(client: FlaskClient, fair: Fair, allow: Callable[..., None]) -> None:
    allow(allow_lead_access=False)
    assert call(client, "GET", "lead/retrieve", fair.full_code).status_code == 403
    assert create(client, fair.full_code, "PSEUDO0006").json["attendee"]["name"] == ""
    allow(allow_lead_scanning=False)
    for answer in (
        create(client, fair.full_code, "PSEUDO0007"),
        call(client, "POST", "lead/PSEUDO0000/update", fair.full_code, note="x"),
    ):
        assert (answer.status_code, answer.json["success"]) == (403, False)
