"""Signing in with an access code: typed in any way, or by a link that does nothing until its button is pressed."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.accounts.models import Session
from portal.core.codes import normalise_code
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.exhibitors.models import AccessCode, Exhibitor
from tests.accounts.conftest import is_signed_in
from tests.browserless import post_form, sign_in, sign_in_code, sign_out
from tests.fair import Fair

Rows = Callable[[], list[Session]]
Audit = Callable[[], list[AuditEntry]]


def said(answer: TestResponse, *own: str) -> str:
    """A page without what differs by request, and without the code."""
    text = re.sub(r'(name="csrf_token"[^>]*value=|content=)"[^"]{60,}"', "", answer.text)
    for typed in own:
        text = text.replace(typed, "…")
    return text


# ------------------------------------------------------------------------------------------------ the stranger


@pytest.mark.parametrize("code", ["NOSUCHCDE", "VKHZ2FU8", "VKHZ2FU84X", "' OR 1=1 --", "%", "ÄÖÜ", "0" * 500, "\x00"])
def test_a_wrong_code_is_one_answer(client: FlaskClient, fair: Fair, code: str) -> None:
    answer = post_form(client, "/e/", {"code": code})
    assert answer.status_code == 422
    assert not is_signed_in(client)
    if normalise_code(code):
        other = post_form(client, "/e/", {"code": "OTHERCODE"})
        shown = re.search(r'name="code"[^>]*value="([^"]*)"', answer.text)
        assert shown
        assert said(answer, shown.group(1)) == said(other, "OTHERCODE")


def test_nothing_typed_is_said_at_the_field(client: FlaskClient, fair: Fair) -> None:
    answer = post_form(client, "/e/", {"code": " - "})
    assert answer.status_code == 422
    assert "Enter your access code." in answer.text


def test_the_form_is_protected_against_forgery(client: FlaskClient, fair: Fair) -> None:
    assert client.post("/e/", data={"code": fair.full_code}).status_code == 400
    assert client.post(f"/e/{fair.full_code}").status_code == 400
    assert not is_signed_in(client)


def test_opening_a_link_signs_nobody_in_and_says_nothing_about_the_code(
    client: FlaskClient, fair: Fair, sessions: Rows, audit: Audit
) -> None:
    right, wrong = client.get(f"/e/{fair.full_code}"), client.get("/e/NOSUCHCDE")
    assert right.status_code == wrong.status_code == 200
    assert said(right, fair.full_code) == said(wrong, "NOSUCHCDE")
    assert "Aperture" not in right.text
    assert "noindex" in right.headers["X-Robots-Tag"]
    assert right.headers["Referrer-Policy"] == "no-referrer"
    assert right.headers["Cache-Control"] == "no-store"
    assert client.head(f"/e/{fair.full_code}").status_code == 200
    assert not is_signed_in(client)
    assert sessions() == []
    assert audit() == []


def test_the_links_page_has_one_button_that_signs_in(client: FlaskClient, fair: Fair) -> None:
    path = f"/e/{fair.full_code.lower()}"
    opened = client.get(path)
    assert opened.text.count('data-busy-text="Signing in…"') == 1
    answer = post_form(client, path)
    assert answer.location == "/exhibitor/"
    assert is_signed_in(client)


def test_the_button_of_a_wrong_link_leads_to_the_form(client: FlaskClient, fair: Fair) -> None:
    answer = post_form(client, "/e/NOSUCHCDE")
    assert answer.status_code == 422
    assert 'value="NOSUCHCDE"' in answer.text


# ----------------------------------------------------------------------------------------------- the exhibitor


@pytest.mark.parametrize("typed", ["VKHZ2FU84", "vkhz2fu84", " VKH Z2F U84 ", "vkh-z2f-u84", "VKH.Z2F–U84"])
def test_a_code_may_be_typed_in_any_way(client: FlaskClient, fair: Fair, typed: str) -> None:
    assert sign_in_code(client, typed).location == "/exhibitor/"
    assert client.get("/").location == "/exhibitor/"


def test_the_scanning_code_opens_its_own_page_and_no_leads(client: FlaskClient, fair: Fair) -> None:
    assert sign_in_code(client, fair.scanning_code).location == "/exhibitor/scan"
    page = client.get("/exhibitor/scan")
    assert page.status_code == 200
    assert "Aperture Science" in page.text
    assert "A2" in page.text
    assert client.get("/").location == "/exhibitor/scan"


def test_strangers_and_members_do_not_see_the_scanning_page(client: FlaskClient, fair: Fair) -> None:
    assert client.get("/exhibitor/scan").location == "/e/?next=/exhibitor/scan"
    sign_in(client, fair.organizer_email)
    assert client.get("/exhibitor/scan").location == "/e/?next=/exhibitor/scan"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/exhibitor/vouchers?q=x", "/exhibitor/vouchers?q=x"),
        ("/organizer/", "/exhibitor/"),
        ("//evil.example/exhibitor/", "/exhibitor/"),
        ("https://evil.example/exhibitor/", "/exhibitor/"),
        ("/exhibitorevil", "/exhibitor/"),
    ],
)
def test_next_leads_only_to_exhibitor_pages(client: FlaskClient, fair: Fair, target: str, expected: str) -> None:
    assert post_form(client, "/e/", {"code": fair.full_code, "next": target}).location == expected


def test_the_page_speaks_the_exhibitors_language(client: FlaskClient, fair: Fair) -> None:
    sign_in_code(client, fair.full_code)
    assert '<html lang="de">' in client.get("/e/").text
    rival = client.application.test_client()
    sign_in_code(rival, fair.rival_code)
    assert '<html lang="en">' in rival.get("/e/").text


def test_the_form_says_who_is_signed_in_and_another_code_takes_over(
    client: FlaskClient, fair: Fair, sessions: Rows
) -> None:
    sign_in_code(client, fair.rival_code)
    assert "Black Mesa" in client.get("/e/").text
    assert "Black Mesa" in client.get(f"/e/{fair.full_code}").text
    sign_in_code(client, fair.full_code)
    assert len(sessions()) == 1
    assert "Aperture Science" in client.get("/e/").text


def test_an_exhibitor_who_also_organizes_finds_the_login(client: FlaskClient, fair: Fair) -> None:
    sign_in_code(client, fair.full_code)
    assert client.get("/login").status_code == 200
    sign_in(client, fair.organizer_email)
    assert client.get("/").location == "/organizer/"


# ------------------------------------------------------------------------------------------------- the session


def test_a_session_is_loaded_in_two_statements(
    client: FlaskClient, fair: Fair, statements: Callable[[], object]
) -> None:
    sign_in_code(client, fair.full_code)
    with statements() as seen:  # type: ignore[attr-defined]
        assert is_signed_in(client)
    assert len(seen) == 2


def change(app: Flask, statement: sa.Executable) -> None:
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


def test_a_new_code_in_place_of_the_old_one_ends_its_sessions_at_once(
    app: Flask, client: FlaskClient, fair: Fair
) -> None:
    colleague = app.test_client()
    sign_in_code(client, fair.full_code)
    sign_in_code(colleague, fair.scanning_code)
    rotated = sa.update(AccessCode).where(AccessCode.lookup == fair.full_code)
    change(app, rotated.values(code="NEWC2DE34", lookup="NEWC2DE34"))
    assert not is_signed_in(client)
    assert is_signed_in(colleague)
    assert post_form(client, "/e/", {"code": fair.full_code}).status_code == 422
    sign_in_code(client, "NEWC2DE34")


def test_a_deleted_code_and_a_deleted_exhibitor_end_their_sessions(
    app: Flask, client: FlaskClient, fair: Fair, sessions: Rows
) -> None:
    colleague = app.test_client()
    sign_in_code(client, fair.full_code)
    sign_in_code(colleague, fair.scanning_code)
    change(app, sa.delete(AccessCode).where(AccessCode.lookup == fair.full_code))
    assert not is_signed_in(client)
    assert is_signed_in(colleague)
    change(app, sa.delete(Exhibitor).where(Exhibitor.id == fair.exhibitor))
    assert not is_signed_in(colleague)
    assert sessions() == []


def test_a_codes_session_lasts_thirty_days_however_it_is_used(client: FlaskClient, fair: Fair) -> None:
    start = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False) as traveller:
        sign_in_code(client, fair.full_code)
        for days in (10, 20, 29.9):
            traveller.move_to(start + dt.timedelta(days=days))
            assert is_signed_in(client)
        traveller.move_to(start + dt.timedelta(days=30))
        assert not is_signed_in(client)


def test_the_code_knows_when_and_by_what_it_was_used(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in_code(client, fair.full_code)
    with app.app_context():
        code = db.session.scalars(sa.select(AccessCode).where(AccessCode.lookup == fair.full_code)).one()
        assert code.last_used is not None
        assert (code.last_used_from or "").startswith("Werkzeug/")


def test_the_audit_log_tells_who_came_and_went_without_the_code(client: FlaskClient, fair: Fair, audit: Audit) -> None:
    post_form(client, "/e/", {"code": "NOSUCHCDE"})
    sign_in_code(client, fair.full_code)
    sign_out(client)
    entries = audit()
    assert [(entry.action, entry.actor_kind, entry.actor_label) for entry in entries] == [
        ("exhibitor.signed_in", "exhibitor", "Aperture Science"),
        ("exhibitor.signed_out", "exhibitor", "Aperture Science"),
    ]
    assert {entry.event_id for entry in entries} == {fair.event}
    assert fair.full_code not in str([vars(entry) for entry in entries])
