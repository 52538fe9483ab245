"""Signing in with e-mail and password: what a stranger learns (nothing), and what a member gets."""

import re
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.accounts import passwords
from portal.accounts.models import Session, User
from portal.core.database import db
from portal.core.models import AuditEntry
from tests.accounts.conftest import MakeServer, is_signed_in
from tests.browserless import post_form, sign_in, sign_in_code, sign_out
from tests.fair import PASSWORD, PASSWORD_HASH, Fair

Rows = Callable[[], list[Session]]
Audit = Callable[[], list[AuditEntry]]


def said(answer: TestResponse, *own: str) -> str:
    """A page without what differs by request, and without what the person typed."""
    text = re.sub(r'(name="csrf_token"[^>]*value=|content=)"[^"]{60,}"', "", answer.text)
    for typed in own:
        text = text.replace(typed, "…")
    return text


def try_password(client: FlaskClient, email: str, password: str) -> TestResponse:
    return post_form(client, "/login", {"email": email, "password": password})


# ------------------------------------------------------------------------------------------------ the stranger


def test_unknown_wrong_inactive_and_without_password_are_one_answer(
    app: Flask, client: FlaskClient, fair: Fair
) -> None:
    with app.app_context():
        db.session.execute(sa.update(User).where(User.email == fair.helper_email).values(is_active=False))
        db.session.execute(sa.update(User).where(User.email == fair.stranger_email).values(password_hash=None))
        db.session.commit()
    answers = [
        (try_password(client, email, password), email)
        for email, password in (
            ("nobody@example.org", PASSWORD),
            (fair.organizer_email, "another password"),
            (fair.helper_email, PASSWORD),
            (fair.stranger_email, PASSWORD),
        )
    ]
    assert {answer.status_code for answer, _ in answers} == {422}
    assert len({said(answer, email) for answer, email in answers}) == 1
    assert "do not belong together" in answers[0][0].text
    assert not is_signed_in(client)


def test_an_unknown_address_costs_as_much_work_as_a_wrong_password(real_hasher: None) -> None:
    stored = passwords.hash_password("some password")
    assert not passwords.is_outdated(passwords.NOBODY)

    def seconds(hashed: str | None) -> float:
        started = time.process_time()
        assert not passwords.verify(hashed, "wrong")
        return time.process_time() - started

    known, unknown = (min(seconds(hashed) for _ in range(3)) for hashed in (stored, None))
    assert 0.5 < unknown / known < 2


def test_the_password_is_not_in_the_page_that_says_no(client: FlaskClient, fair: Fair) -> None:
    answer = try_password(client, fair.organizer_email, "a wrong pass phrase")
    assert "a wrong pass phrase" not in answer.text
    assert f'value="{fair.organizer_email}"' in answer.text


def test_what_is_missing_or_far_too_long_is_said_at_its_field(client: FlaskClient, fair: Fair) -> None:
    empty = try_password(client, "", "")
    assert empty.status_code == 422
    assert "Enter your e-mail address." in empty.text
    assert "Enter your password." in empty.text
    assert "too long for a password" in try_password(client, "ada@example.org", "x" * 2000).text


def test_the_form_is_protected_against_forgery(client: FlaskClient, fair: Fair) -> None:
    data = {"email": fair.organizer_email, "password": PASSWORD}
    assert client.post("/login", data=data).status_code == 400
    client.get("/login")
    assert client.post("/login", data=data | {"csrf_token": "made up"}).status_code == 400
    assert not is_signed_in(client)


def test_somebody_elses_form_token_does_not_work(app: Flask, client: FlaskClient, fair: Fair) -> None:
    theirs = app.test_client().get("/login")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', theirs.text)
    assert token
    client.get("/login")
    data = {"email": fair.organizer_email, "password": PASSWORD, "csrf_token": token.group(1)}
    assert client.post("/login", data=data).status_code == 400


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/organizer/bigevents/sampleconf/?page=2", "/organizer/bigevents/sampleconf/?page=2"),
        ("", "/organizer/"),
        ("https://evil.example/", "/organizer/"),
        ("//evil.example/", "/organizer/"),
        ("/\\evil.example/", "/organizer/"),
        ("\\\\evil.example/", "/organizer/"),
        ("javascript:alert(1)", "/organizer/"),
        ("/organizer/\r\nSet-Cookie: a=b", "/organizer/"),
        ("/\t/evil.example", "/organizer/"),
        ("/login", "/organizer/"),
        ("/logout", "/organizer/"),
        ("/exhibitor/leads", "/organizer/"),
    ],
)
def test_next_leads_only_to_our_own_pages(client: FlaskClient, fair: Fair, target: str, expected: str) -> None:
    data = {"email": fair.organizer_email, "password": PASSWORD, "next": target}
    answer = post_form(client, "/login", data)
    assert answer.status_code == 303
    assert answer.location == expected
    assert client.get("/login", query_string={"next": target}).location == expected


def test_a_page_for_members_asks_to_sign_in_and_comes_back(app: Flask, client: FlaskClient, fair: Fair) -> None:
    opened = client.get("/login", query_string={"next": "/organizer/bigevents/"})
    assert 'name="next" value="/organizer/bigevents/"' in opened.text


# -------------------------------------------------------------------------------------------------- the member


def test_a_member_signs_in_and_goes_home(client: FlaskClient, fair: Fair) -> None:
    assert sign_in(client, fair.organizer_email).location == "/organizer/"
    assert client.get("/").location == "/organizer/"
    assert client.get("/login").location == "/organizer/"


def test_an_address_may_be_typed_in_any_case_and_with_spaces(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, f" {fair.organizer_email.upper()} ")
    assert is_signed_in(client)


def test_the_cookie_is_for_this_site_and_no_script(client: FlaskClient, fair: Fair, make_server: MakeServer) -> None:
    flags = sign_in(client, fair.organizer_email).headers["Set-Cookie"]
    assert "HttpOnly" in flags
    assert "SameSite=Lax" in flags
    assert "Secure" not in flags
    secure = make_server(base_url="https://portal.example.org").test_client()
    assert "Secure" in sign_in(secure, fair.organizer_email).headers["Set-Cookie"]


def test_pages_do_not_send_the_cookie_again(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    client.get("/e/")
    assert "Set-Cookie" not in client.get("/e/").headers
    with client.get("/static/img/favicon.svg") as picture:
        assert "Set-Cookie" not in picture.headers


def test_a_hash_by_old_parameters_is_replaced_at_the_sign_in(
    app: Flask, client: FlaskClient, fair: Fair, real_hasher: None
) -> None:
    sign_in(client, fair.organizer_email)
    with app.app_context():
        stored = db.session.scalars(sa.select(User.password_hash).where(User.email == fair.organizer_email)).one()
    assert stored is not None
    assert stored != PASSWORD_HASH
    assert not passwords.is_outdated(stored)
    again = app.test_client()
    sign_in(again, fair.organizer_email)
    assert is_signed_in(client)


def test_a_password_may_have_letters_that_are_typed_in_two_ways() -> None:
    assert passwords.verify(passwords.hash_password("Zoe\u0308s Passwort"), "Zo\u00ebs Passwort")


# ------------------------------------------------------------------------------------------------- the session


def test_a_sign_in_gives_a_new_token_and_keeps_nothing_but_the_language(
    client: FlaskClient, fair: Fair, sessions: Rows
) -> None:
    post_form(client, "/language", {"locale": "de"}, page="/e/")
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
        cookie["_user_id"] = "t" * 64
        before = cookie["csrf_token"]
    answer = client.get("/login")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
    assert token
    data = {"email": fair.organizer_email, "password": PASSWORD, "csrf_token": token.group(1)}
    assert client.post("/login", data=data).status_code == 303
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["_user_id"] != "t" * 64
        assert cookie.get("csrf_token") != before
        assert cookie["locale"] == "de"
        assert cookie["_user_id"] not in {row.token_hash for row in sessions()}
    assert [len(row.token_hash) for row in sessions()] == [64]


def test_signing_in_again_ends_the_browsers_old_session(client: FlaskClient, fair: Fair, sessions: Rows) -> None:
    sign_in(client, fair.organizer_email)
    first = sessions()[0].token_hash
    sign_in_code(client, fair.full_code)
    assert [row.token_hash == first for row in sessions()] == [False]
    assert client.get("/").location == "/exhibitor/"


def test_signing_out_ends_the_row_so_that_a_copied_cookie_is_worth_nothing(
    app: Flask, client: FlaskClient, fair: Fair, sessions: Rows
) -> None:
    sign_in(client, fair.organizer_email)
    thief = app.test_client()
    copied = client.get_cookie("portal")
    assert copied
    thief.set_cookie("portal", copied.value)
    assert is_signed_in(thief)
    assert sign_out(client).location == "/"
    assert "You are signed out." in client.get("/").text
    assert sessions() == []
    assert not is_signed_in(client)
    assert not is_signed_in(thief)


def test_signing_out_needs_a_form_of_ours(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    assert client.post("/logout").status_code == 400
    assert client.get("/logout").status_code == 405
    assert is_signed_in(client)


def test_signing_out_twice_is_no_error(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    sign_out(client)
    assert sign_out(client).status_code == 303


def test_a_made_up_token_and_a_forged_cookie_sign_nobody_in(client: FlaskClient, fair: Fair, sessions: Rows) -> None:
    sign_in(client, fair.organizer_email)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = sessions()[0].token_hash
    assert not is_signed_in(client)
    client.set_cookie("portal", "eyJfdXNlcl9pZCI6IjEifQ.made.up")
    assert not is_signed_in(client)


def test_a_session_is_loaded_in_one_statement(
    client: FlaskClient, fair: Fair, statements: Callable[[], object]
) -> None:
    sign_in(client, fair.organizer_email)
    with statements() as seen:  # type: ignore[attr-defined]
        assert is_signed_in(client)
    assert len(seen) == 1
    assert "users.password_hash" not in seen[0]


def test_strangers_cost_no_statement(client: FlaskClient, fair: Fair, statements: Callable[[], object]) -> None:
    with statements() as seen:  # type: ignore[attr-defined]
        client.get("/")
        client.get("/login")
        client.get("/e/")
        client.get("/e/VKHZ2FU84")
    assert seen == []


def test_the_audit_log_tells_who_came_and_went(client: FlaskClient, fair: Fair, audit: Audit) -> None:
    try_password(client, fair.organizer_email, "wrong wrong")
    sign_in(client, fair.organizer_email)
    sign_out(client)
    entries = audit()
    assert [(entry.action, entry.actor_kind, entry.actor_label) for entry in entries] == [
        ("user.signed_in", "user", "Ada"),
        ("user.signed_out", "user", "Ada"),
    ]
    assert entries[0].data == {"address": "127.0.0.1"}
    assert PASSWORD not in str([entry.data for entry in entries])
