"""A forgotten password: the same answer for everybody, a link that works once, for an hour, and ends all sessions."""

import datetime as dt
import re
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import User
from portal.core.database import db, set_writing
from portal.core.models import AuditEntry
from tests.accounts.conftest import is_signed_in
from tests.browserless import csrf_token, post_form, sign_in
from tests.fair import PASSWORD, Fair
from tests.services import SmtpServer
from tests.working import mailing, rows, work

Audit = Callable[[], list[AuditEntry]]
LINK = re.compile(r"http://localhost(/login/reset/\S+)")
NEW = "another pass phrase"


@pytest.fixture
def smtp(app: Flask, smtp_server: SmtpServer) -> Iterator[SmtpServer]:
    with mailing(app, smtp_server):
        yield smtp_server


def ask(app: Flask, client: FlaskClient, smtp: SmtpServer, email: str) -> str:
    """Ask for the mail; the path of its link."""
    before = len(smtp.messages)
    assert post_form(client, "/login/forgot", {"email": email}).location == "/login/forgot/sent"
    work(app)
    body = smtp.wait_for(before + 1)[-1].message.get_body(("plain",))
    assert body is not None
    found = LINK.search(str(body.get_content()))
    assert found
    return found.group(1)


def test_the_answer_and_the_work_are_the_same_for_everybody(
    app: Flask, client: FlaskClient, fair: Fair, smtp: SmtpServer
) -> None:
    with app.app_context():
        set_writing(True)
        db.session.execute(sa.update(User).where(User.email == fair.helper_email).values(is_active=False))
        db.session.commit()
    addresses = (fair.organizer_email, "nobody@example.org", fair.helper_email)
    answers = [post_form(client, "/login/forgot", {"email": email}) for email in addresses]
    assert {(answer.status_code, answer.location, answer.data) for answer in answers} == {
        (303, "/login/forgot/sent", answers[0].data)
    }
    assert {(row.kind, row.status, *row.payload) for row in rows(app)} == {
        ("password_reset", "waiting", "email", "base_url")
    }
    assert client.get("/login/forgot/sent").status_code == 200
    work(app)
    assert [message.recipients for message in smtp.wait_for(1)] == [[fair.organizer_email]]
    assert post_form(client, "/login/forgot", {"email": "no address"}).status_code == 422


def test_the_link_sets_the_password_once_and_ends_all_sessions(
    app: Flask, client: FlaskClient, fair: Fair, smtp: SmtpServer, audit: Audit
) -> None:
    sign_in(client, fair.organizer_email)
    browser = app.test_client()
    path = ask(app, browser, smtp, fair.organizer_email.upper())
    other = ask(app, browser, smtp, fair.organizer_email)
    opened = browser.get(path)
    assert opened.status_code == browser.head(path).status_code == 200
    assert opened.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert is_signed_in(client)
    assert browser.post(path, data={"password": NEW}).status_code == 400
    assert post_form(browser, path, {"password": "short"}).status_code == 422
    assert post_form(browser, path, {"password": NEW}).location == "/login"
    assert not is_signed_in(client)
    assert browser.get(path).status_code == browser.get(other).status_code == 404
    assert post_form(browser, "/login", {"email": fair.organizer_email, "password": PASSWORD}).status_code == 422
    sign_in(browser, fair.organizer_email, NEW)
    assert "user.password_reset" in [entry.action for entry in audit()]
    assert all(part not in str([entry.data for entry in audit()]) for part in (NEW, path))


def test_the_link_is_void_after_an_hour_and_once_the_account_has_changed(
    app: Flask, client: FlaskClient, fair: Fair, smtp: SmtpServer
) -> None:
    path = ask(app, client, smtp, fair.organizer_email)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1, seconds=5)):
        assert client.get(path).status_code == 404
    for wrong in (path[:-1], path + "x", path.replace("/reset/", "/reset/x"), "/login/reset/a.b.c", "/login/reset/%00"):
        assert client.get(wrong).status_code == 404, wrong
    with app.app_context():
        set_writing(True)
        db.session.execute(sa.update(User).where(User.email == fair.organizer_email).values(is_active=False))
        db.session.commit()
    assert client.get(path).status_code == 404


def test_a_request_that_waited_too_long_sends_nothing(
    app: Flask, client: FlaskClient, fair: Fair, smtp: SmtpServer
) -> None:
    post_form(client, "/login/forgot", {"email": fair.organizer_email})
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)):
        assert [outcome.status for outcome in work(app)] == ["done"]
    assert smtp.messages == []


def test_of_two_who_use_a_link_at_once_one_sets_the_password(
    app: Flask, client: FlaskClient, fair: Fair, smtp: SmtpServer
) -> None:
    path = ask(app, client, smtp, fair.organizer_email)
    clients = [app.test_client(), app.test_client()]
    tokens = [csrf_token(each.get(path)) for each in clients]
    start, answers = threading.Barrier(2), {}

    def use(number: int) -> None:
        start.wait(10)
        data = {"csrf_token": tokens[number], "password": f"pass phrase {number}"}
        answers[number] = clients[number].post(path, data=data).status_code

    threads = [threading.Thread(target=use, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers.values()) == [303, 404]
    winner = next(number for number, status in answers.items() if status == 303)
    sign_in(client, fair.organizer_email, f"pass phrase {winner}")


def test_mails_are_limited_and_the_answer_stays_the_same(limited: Flask, fair: Fair) -> None:
    client = limited.test_client()
    for _ in range(5):
        assert post_form(client, "/login/forgot", {"email": fair.organizer_email}).status_code == 303
    assert len(rows(limited)) == 3


def test_without_an_address_of_its_own_the_portal_sends_no_link(app: Flask, client: FlaskClient, fair: Fair) -> None:
    page = client.get("/login/forgot", base_url="http://evil.example")
    assert "cannot send links" in page.text
    token = csrf_token(client.get("/e/", base_url="http://evil.example"))
    data = {"csrf_token": token, "email": fair.organizer_email}
    assert "cannot send links" in client.post("/login/forgot", data=data, base_url="http://evil.example").text
    assert rows(app) == []
