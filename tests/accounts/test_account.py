"""The own account: profile, password, address, and the browsers that are signed in."""

import re
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Session, User
from portal.core.database import db
from portal.core.models import AuditEntry
from tests.accounts.conftest import is_signed_in
from tests.browserless import csrf_token, post_form, sign_in, sign_in_code, speak
from tests.fair import PASSWORD, Fair
from tests.services import SmtpServer
from tests.working import mailing, rows, work

Rows = Callable[[], list[Session]]
Audit = Callable[[], list[AuditEntry]]
LINK = re.compile(r"http://localhost(/account/email/\S+)")
DOORS = (
    ("GET", "/account/"),
    ("POST", "/account/profile"),
    ("POST", "/account/password"),
    ("POST", "/account/email"),
    ("GET", "/account/email/x"),
    ("POST", "/account/sessions/1/end"),
    ("POST", "/account/sessions/end"),
)


@pytest.fixture
def smtp(app: Flask, smtp_server: SmtpServer) -> Iterator[SmtpServer]:
    with mailing(app, smtp_server):
        yield smtp_server


def test_who_has_no_account_opens_nothing(app: Flask, fair: Fair) -> None:
    for who in ("nobody", "code", "token"):
        client = app.test_client()
        if who == "code":
            sign_in_code(client, fair.full_code)
        token = csrf_token(client.get("/e/"))
        headers = fair.auth() if who == "token" else {}
        for method, path in DOORS:
            answer = client.open(path, method=method, data={"csrf_token": token}, headers=headers)
            assert answer.status_code == 303, (who, path)
            assert answer.location.startswith("/login"), path


def test_forms_are_protected_against_forgery(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    assert {client.post(path).status_code for method, path in DOORS if method == "POST"} == {400}


def test_name_and_language(app: Flask, client: FlaskClient, fair: Fair, audit: Audit) -> None:
    sign_in(client, fair.organizer_email)
    speak(client, "en")
    saved = post_form(client, "/account/profile", {"name": " Ada \r\n King ", "locale": "de"}, page="/account/")
    assert saved.status_code == 303
    page = client.get("/account/").text
    assert '<html lang="de">' in page
    assert "Ada King" in page
    for name in ("", " ", "x" * 300):
        assert post_form(client, "/account/profile", {"name": name}, page="/account/").status_code == 422
    changed = next(entry for entry in audit() if entry.action == "user.changed")
    assert changed.data == {"changed": {"name": ["Ada", "Ada King"], "locale": [None, "de"]}}


def test_the_password_is_changed_by_who_knows_it_and_ends_all_other_sessions(
    app: Flask, client: FlaskClient, fair: Fair, sessions: Rows
) -> None:
    phone = app.test_client()
    sign_in(client, fair.organizer_email)
    sign_in(phone, fair.organizer_email)

    def change(old: str, new: str) -> int:
        data = {"password": old, "new_password": new}
        return post_form(client, "/account/password", data, page="/account/").status_code

    assert change("wrong password", "another pass phrase") == 422
    assert change(PASSWORD, "short") == 422
    assert is_signed_in(phone)
    copied = client.get_cookie("portal")
    assert copied is not None
    thief = app.test_client()
    thief.set_cookie("portal", copied.value)
    assert is_signed_in(thief)
    assert change(PASSWORD, "another pass phrase") == 303
    assert is_signed_in(client)
    assert not is_signed_in(thief)
    assert not is_signed_in(phone)
    assert len(sessions()) == 1
    sign_in(phone, fair.organizer_email, "another pass phrase")


def test_guessing_the_password_of_an_open_browser_is_limited(limited: Flask, fair: Fair) -> None:
    client = limited.test_client()
    sign_in(client, fair.organizer_email)
    data = {"password": "wrong password", "new_password": "another pass phrase"}
    statuses = [post_form(client, "/account/password", data, page="/account/").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def change_address(app: Flask, client: FlaskClient, smtp: SmtpServer, email: str, password: str = PASSWORD) -> str:
    """Ask for the mail that confirms a new address; the path of its link."""
    data = {"new_email": email, "email_password": password}
    assert post_form(client, "/account/email", data, page="/account/").status_code == 303
    before = len(smtp.messages)
    work(app)
    received = smtp.wait_for(before + 1)[-1]
    assert received.recipients == [email]
    body = received.message.get_body(("plain",))
    assert body is not None
    found = LINK.search(str(body.get_content()))
    assert found
    return found.group(1)


def test_a_new_address_counts_once_it_is_confirmed_by_its_account(
    app: Flask, client: FlaskClient, fair: Fair, smtp: SmtpServer, audit: Audit
) -> None:
    sign_in(client, fair.organizer_email)
    path = change_address(app, client, smtp, "king@example.org")
    other = change_address(app, client, smtp, "lovelace@example.org")
    for who in (fair.helper_email, None):
        stranger = app.test_client()
        if who:
            sign_in(stranger, who)
        assert stranger.get(path).status_code == (404 if who else 303)
    assert client.get(path).status_code == 200
    with app.app_context():
        assert db.session.scalars(sa.select(User).where(User.email == fair.organizer_email)).one()
    assert post_form(client, path).status_code == 303
    assert client.get(path).status_code == client.get(other).status_code == 404
    assert is_signed_in(client)
    sign_in(app.test_client(), "king@example.org")
    work(app)
    assert smtp.messages[-1].recipients == [fair.organizer_email]
    assert "Your e-mail address was changed" in smtp.messages[-1].message["Subject"]
    assert next(entry for entry in audit() if entry.action == "user.email_changed")


def test_whether_an_address_has_an_account_is_not_said(
    app: Flask, client: FlaskClient, fair: Fair, smtp: SmtpServer
) -> None:
    sign_in(client, fair.organizer_email)
    path = change_address(app, client, smtp, "free@example.org")
    answers = []
    for email in (fair.helper_email, "also-free@example.org"):
        data = {"new_email": email, "email_password": PASSWORD}
        answers.append(post_form(client, "/account/email", data, page="/account/"))
    assert [(each.status_code, each.location, each.data) for each in answers][:1] * 2 == [
        (each.status_code, each.location, each.data) for each in answers
    ]
    work(app)
    assert [message.recipients[0] for message in smtp.messages] == ["free@example.org", "also-free@example.org"]
    with app.app_context():
        db.session.execute(sa.update(User).where(User.email == fair.helper_email).values(email="free@example.org"))
        db.session.commit()
    assert post_form(client, path).status_code == 422
    for email, password in (("no address", PASSWORD), ("x@example.org", "wrong password")):
        data = {"new_email": email, "email_password": password}
        assert post_form(client, "/account/email", data, page="/account/").status_code == 422
    assert len(rows(app)) == 3


def test_own_browsers_are_listed_and_ended_and_nobody_elses(
    app: Flask, client: FlaskClient, fair: Fair, sessions: Rows
) -> None:
    phone, bob = app.test_client(), app.test_client()
    phone.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Version/17.5 Safari/604"
    sign_in(client, fair.organizer_email)
    sign_in(phone, fair.organizer_email)
    sign_in(bob, fair.helper_email)
    page = client.get("/account/").text
    assert "Safari on iPhone" in page
    assert page.count("This browser") == 1
    # An hour that is not the reader's would look like a stranger: their events' zone counts.
    signed_in = min(row.created for row in sessions()).astimezone(ZoneInfo("Europe/Berlin"))
    assert f"{signed_in:%H:%M}" in page
    mine, phones, bobs = (row.id for row in sessions())
    for session_id in (mine, bobs, 10**9):
        assert post_form(client, f"/account/sessions/{session_id}/end", page="/account/").status_code == 303
    assert all(is_signed_in(each) for each in (client, phone, bob))
    assert post_form(client, f"/account/sessions/{phones}/end", page="/account/").status_code == 303
    assert [is_signed_in(each) for each in (client, phone, bob)] == [True, False, True]
    sign_in(phone, fair.organizer_email)
    assert post_form(client, "/account/sessions/end", page="/account/").status_code == 303
    assert [is_signed_in(each) for each in (client, phone, bob)] == [True, False, True]


def test_a_sign_in_gives_the_browser_another_cookie_and_keeps_nothing_of_the_old_one(
    app: Flask, client: FlaskClient, fair: Fair
) -> None:
    """Session fixation: what somebody planted in a browser before the sign-in is worth nothing after it."""
    client.get("/login")
    planted = client.get_cookie("portal")
    assert planted is not None
    sign_in(client, fair.organizer_email)
    signed = client.get_cookie("portal")
    assert signed is not None
    assert signed.value != planted.value
    thief = app.test_client()
    thief.set_cookie("portal", planted.value)
    assert not is_signed_in(thief)
    flags = next(line for line in sign_in(app.test_client(), fair.organizer_email).headers.getlist("Set-Cookie"))
    assert "HttpOnly" in flags
    assert "SameSite=Lax" in flags
    assert "Path=/" in flags
