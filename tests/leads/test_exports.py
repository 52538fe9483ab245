"""Leads as files: the stranger first, then what each reader finds in them, and which leads count as new."""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
import vobject
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from werkzeug.test import TestResponse

from portal.core.database import db
from portal.core.models import AuditEntry
from portal.leads import exports
from portal.leads.models import Lead
from tests.browserless import csrf_token, sign_in_code, speak
from tests.fair import Fair
from tests.leads.pages import LEADS, by_form
from tests.leads.test_list import NEWEST, add_leads

EXPORT = f"{LEADS}/export"
HEAD = [
    "Lead number",
    "Scanned",
    "Arrived here",
    "Name",
    "Given name",
    "Family name",
    "Email",
    "Company",
    "Rating",
    "Tag: foo",
    "Tag: bar",
    "Note",
    "Device",
    "Device ID",
]


def send(client: FlaskClient, which: str = "all", form: str = "json", **data: Any) -> TestResponse:
    """The form of the export page."""
    token = csrf_token(client.get("/exhibitor/profile"))
    return client.post(EXPORT, data={"csrf_token": token, "which": which, "format": form} | data)


def numbers(answer: TestResponse) -> list[int]:
    """The leads of a JSON export."""
    assert answer.status_code == 200, answer.text
    return [lead["id"] for lead in json.loads(answer.data)]


@pytest.mark.parametrize("code", ["rival_code", "foreign_code"])
def test_a_stranger_gets_their_own_alone(client: FlaskClient, fair: Fair, code: str) -> None:
    sign_in_code(client, getattr(fair, code))
    for form in ("json", "csv", "vcard"):
        answer = send(client, "all", form, q="miller")
        assert "Miller" not in answer.text
        assert ("Olu Ade" in answer.text) is (code == "rival_code")


def test_nobody_the_scanning_code_and_closed_leads(
    app: Flask, client: FlaskClient, exhibitor: FlaskClient, fair: Fair, allow: Callable[..., None]
) -> None:
    nobody = app.test_client()
    assert nobody.get(EXPORT).location.startswith("/e/")
    assert nobody.post(EXPORT, data={"which": "all", "format": "csv"}).status_code == 400
    scanner = app.test_client()
    sign_in_code(scanner, fair.scanning_code)
    token = csrf_token(scanner.get("/e/"))
    for path in (EXPORT, f"{EXPORT}/forget"):
        data = {"csrf_token": token, "which": "all", "format": "csv"}
        assert scanner.post(path, data=data).status_code == 403
    assert exhibitor.post(EXPORT, data={"which": "all", "format": "csv"}).status_code == 400
    allow(allow_lead_access=False)
    assert exhibitor.get(EXPORT).status_code == 403
    assert send(exhibitor).status_code == 403


@pytest.mark.parametrize(("form", "delimiter"), [("csv", ","), ("csv-semicolon", ";")])
def test_csv(exhibitor: FlaskClient, fair: Fair, form: str, delimiter: str) -> None:
    answer = send(exhibitor, "all", form)
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=leads-sampleconf-")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=delimiter))
    assert rows[0] == HEAD
    assert [row[3] for row in rows[1:]] == NEWEST
    assert rows[5] == [
        str(fair.leads[0]),
        "2026-11-20 10:00:00",
        "2026-11-20 10:01:00",
        "Peter Miller",
        "Peter",
        "Miller",
        "peter@example.org",
        "Miller Ltd",
        "4",
        "true",
        "false",
        "Wants our newsletter",
        "DEV1",
        "d8c2ec53-d602-4a08-882d-db4cf54344a2",
    ]


def test_xlsx_has_types(exhibitor: FlaskClient, fair: Fair) -> None:
    answer = send(exhibitor, "all", "xlsx", sort="oldest")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert rows[0] == HEAD
    assert rows[1][:4] == [
        float(fair.leads[0]),
        dt.datetime(2026, 11, 20, 10),  # noqa: DTZ001
        dt.datetime(2026, 11, 20, 10, 1),  # noqa: DTZ001
        "Peter Miller",
    ]
    assert rows[1][8:12] == [4.0, True, False, "Wants our newsletter"]
    assert rows[2][8] == ""


def test_vcard(exhibitor: FlaskClient, fair: Fair, settings: Callable[..., None]) -> None:
    settings(lead_fields=["attendee_name", "attendee_email", "company", "item"])
    by_form(exhibitor, fair.leads[0], notes="Zeile 1\nLine; 2, \\ and more")
    cards = list(vobject.readComponents(send(exhibitor, "all", "vcard", sort="oldest").data.decode()))
    assert [card.fn.value for card in cards] == NEWEST[::-1]
    card = cards[0]
    assert (card.n.value.given, card.n.value.family) == ("Peter", "Miller")
    assert (card.email.value, card.org.value, card.categories.value) == ("peter@example.org", ["Miller Ltd"], ["foo"])
    assert card.note.value.startswith("Zeile 1\nLine; 2, \\ and more\nRating: 4\nProduct: Standard ticket")
    settings(lead_fields=[])
    for card in vobject.readComponents(send(exhibitor, "all", "vcard").data.decode()):
        assert card.fn.value.startswith("Lead ")
        assert not hasattr(card, "email")


def test_nothing_in_a_card_ends_its_line(exhibitor: FlaskClient, fair: Fair) -> None:
    by_form(exhibitor, fair.leads[0], notes="One\u2028END:VCARD\x85X-EVIL:1\rX-EVIL:2\x0bX-EVIL:3\nlast")
    text = send(exhibitor, "all", "vcard").data.decode()
    assert text.count("END:VCARD\r\n") == text.count("BEGIN:VCARD\r\n") == len(NEWEST)
    assert not [line for line in text.splitlines() if line.startswith(("X-EVIL", "END:VCARDX"))]
    assert "One\\nEND:VCARD\\nX-EVIL:1" in text.replace("\r\n ", "")


def test_json_says_what_the_app_api_says(client: FlaskClient, exhibitor: FlaskClient, fair: Fair) -> None:
    speak(exhibitor, "de")
    leads = json.loads(send(exhibitor, "all", "json").data)
    headers = {"Authorization": f"Exhibitor {fair.full_code}"}
    answer: Any = client.get("/exhibitors/api/v1/leads/", headers=headers)
    told = answer.json["results"]
    own = ("id", "scanned", "first_upload")
    assert [{name: value for name, value in lead.items() if name not in own} for lead in leads] == told
    assert leads[-1]["scanned"] == "2026-11-20T09:00:00Z"


def test_no_cell_becomes_a_formula(exhibitor: FlaskClient, fair: Fair) -> None:
    bad = '=HYPERLINK("http://evil.example.org","x")'
    by_form(exhibitor, fair.leads[0], notes=bad)
    rows = list(csv.reader(io.StringIO(send(exhibitor, "all", "csv").data.decode("utf-8-sig"))))
    assert rows[5][11] == "'" + bad
    found = CalamineWorkbook.from_filelike(io.BytesIO(send(exhibitor, "all", "xlsx").data)).get_sheet_by_index(0)
    assert found.to_python()[5][11] == bad


def test_a_filter_goes_along(exhibitor: FlaskClient, fair: Fair) -> None:
    page = exhibitor.get(f"{EXPORT}?q=peter&tag=foo").text
    assert "The 1 lead that you filtered" in page
    assert '<input type="hidden" name="tag" value="foo">' in page
    assert numbers(send(exhibitor, "filtered", tag="foo", q="peter")) == [fair.leads[0]]
    assert numbers(send(exhibitor, "new", tag="foo")) == fair.leads[4::-1]
    assert numbers(send(exhibitor, "all", tag="foo", sort="oldest")) == fair.leads[:5]


def test_new_is_what_no_export_handed_out(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    assert len(numbers(send(exhibitor, "new"))) == 5
    assert numbers(send(exhibitor, "new")) == []
    add_leads(app, fair, 3)
    assert "New since the last export: 3 leads" in exhibitor.get(EXPORT).text
    assert len(numbers(send(exhibitor, "filtered", q="guest"))) == 3
    assert len(numbers(send(exhibitor, "new"))) == 3
    token = csrf_token(exhibitor.get(EXPORT))
    assert exhibitor.post(f"{EXPORT}/forget", data={"csrf_token": token}).status_code == 303
    assert len(numbers(send(exhibitor, "new"))) == 3
    with app.app_context():
        entries = sa.select(AuditEntry).where(AuditEntry.action == "leads.exported").order_by(AuditEntry.id)
        seen = db.session.scalars(entries).all()
        assert [entry.data["new"] for entry in seen] == [5, 0, 3, 3]
        changed = db.session.scalars(sa.select(Lead.modified).where(Lead.id.in_(fair.leads[:5]))).all()
        exported = db.session.scalars(sa.select(Lead.exported).where(Lead.id.in_(fair.leads[:5]))).all()
    assert all(when is not None and when > modified for when, modified in zip(exported, changed, strict=True))


@pytest.mark.parametrize("form", ["json", "xlsx"])
def test_an_export_that_breaks_off_loses_no_lead(
    app: Flask, exhibitor: FlaskClient, fair: Fair, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BATCH", 2)
    token = csrf_token(exhibitor.get("/exhibitor/profile"))
    data = {"csrf_token": token, "which": "new", "format": form}
    answer = exhibitor.post(EXPORT, data=data, buffered=False)
    next(iter(answer.iter_encoded()))
    answer.close()
    assert len(numbers(send(exhibitor, "new"))) == 5


def test_a_scan_while_an_export_runs_is_in_the_next_one(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    token = csrf_token(exhibitor.get("/exhibitor/profile"))
    data = {"csrf_token": token, "which": "new", "format": "json"}
    answer = exhibitor.post(EXPORT, data=data, buffered=False)
    pieces = answer.iter_encoded()
    first = next(pieces)
    add_leads(app, fair, 1)
    assert len(json.loads(first + b"".join(pieces))) == 5
    answer.close()
    assert len(numbers(send(exhibitor, "new"))) == 1


def test_two_exports_at_once_have_every_lead(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    add_leads(app, fair, 60)

    def take(_number: int) -> set[int]:
        browser = app.test_client()
        sign_in_code(browser, fair.full_code)
        return set(numbers(send(browser, "new")))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(take, range(4)))
    assert len(set().union(*found)) == 65
    assert {len(each) for each in found} <= {0, 65}
    assert numbers(send(exhibitor, "new")) == []


@pytest.mark.parametrize("data", [{"which": "some"}, {"form": "pdf"}, {"which": "", "form": ""}])
def test_bad_input_is_refused(exhibitor: FlaskClient, data: dict[str, str]) -> None:
    assert send(exhibitor, **data).status_code == 400


def test_nothing_to_take_back(exhibitor: FlaskClient) -> None:
    token = csrf_token(exhibitor.get(EXPORT))
    assert exhibitor.post(f"{EXPORT}/forget", data={"csrf_token": token}).status_code == 404
