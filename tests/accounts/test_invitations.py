"""Invitations to teams: for one address, for seven days, once, and nothing happens when a link is merely opened."""

import datetime as dt
import re
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.accounts.models import Session, Team, TeamInvitation, User, team_members
from portal.core.database import db, set_writing
from portal.core.models import AuditEntry, OutboxMessage
from tests.accounts.conftest import is_signed_in
from tests.browserless import csrf_token, post_form, sign_in
from tests.fair import PASSWORD, Fair
from tests.services import SmtpServer
from tests.working import mailing, rows, setting, work

Audit = Callable[[], list[AuditEntry]]
LINK = re.compile(r"http://localhost(/invitation/[0-9a-f]{64})")
NEW = "grace@example.org"


@pytest.fixture
def crew(app: Flask, fair: Fair) -> str:
    with app.app_context():
        number = db.session.execute(sa.select(Team.id).where(Team.name == "Crew")).scalar_one()
    return f"/organizer/bigevents/-/teams/{number}"


@pytest.fixture
def smtp(app: Flask, smtp_server: SmtpServer) -> Iterator[SmtpServer]:
    with mailing(app, smtp_server):
        yield smtp_server


@pytest.fixture
def invite(app: Flask, fair: Fair, crew: str, smtp: SmtpServer) -> Callable[[str], str]:
    """Ada invites an address to the crew; the path of the link in the mail."""
    ada = app.test_client()
    sign_in(ada, fair.organizer_email)

    def ask(email: str) -> str:
        assert post_form(ada, f"{crew}/invite", {"email": email}, page=f"{crew}/").status_code == 303
        before = len(smtp.messages)
        work(app)
        message = smtp.wait_for(before + 1)[-1].message
        body = message.get_body(("plain",))
        assert body is not None
        found = LINK.search(str(body.get_content()))
        assert found, body.get_content()
        return found.group(1)

    return ask


def members(app: Flask) -> list[str]:
    with app.app_context():
        statement = (
            sa.select(User.email)
            .join(team_members, team_members.c.user_id == User.id)
            .join(Team, Team.id == team_members.c.team_id)
            .where(Team.name == "Crew")
        )
        return sorted(db.session.scalars(statement))


def join(client: FlaskClient, path: str, **values: str) -> TestResponse:
    return post_form(client, path, values)


def test_the_mail_says_who_invites_and_neither_database_nor_queue_holds_the_link(
    app: Flask, fair: Fair, invite: Callable[[str], str], smtp: SmtpServer
) -> None:
    path = invite(f" {NEW.upper()} ")
    received = smtp.messages[-1]
    assert received.recipients == [NEW]
    assert received.message["Subject"] == "Big Events invites you to the team Crew"
    assert received.message["Reply-To"] == "hello@bigevents.example.org"
    assert "Ada" in str(received.message.get_body(("html",)).get_content())  # type: ignore[union-attr]
    token = path.rsplit("/", 1)[1]
    with app.app_context():
        kept = db.session.execute(sa.select(TeamInvitation)).scalar_one()
        assert token not in (kept.nonce, kept.token_hash)
        assert token not in str([row.payload for row in db.session.scalars(sa.select(OutboxMessage))])


def test_opening_the_link_changes_nothing(
    app: Flask, client: FlaskClient, fair: Fair, invite: Callable[[str], str], audit: Audit
) -> None:
    path = invite(NEW)
    before = len(audit())
    opened = client.get(path)
    assert opened.status_code == client.head(path).status_code == 200
    assert opened.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert client.post(path, data={"name": "Grace", "password": "long enough"}).status_code == 400
    assert not is_signed_in(client)
    assert len(audit()) == before
    assert members(app) == [fair.organizer_email]


def test_a_link_that_is_none(client: FlaskClient, fair: Fair) -> None:
    for token in ("x", "0" * 64, "0" * 5000, "%00", "ä"):
        answer = client.get(f"/invitation/{token}")
        assert answer.status_code == 404, token
        assert "Grace" not in answer.text


def test_a_newcomer_sets_name_and_password_and_is_in(
    app: Flask, client: FlaskClient, fair: Fair, invite: Callable[[str], str], audit: Audit
) -> None:
    path = invite(NEW)
    short = join(client, path, name="Grace", password="short")
    assert short.status_code == 422
    assert 'value="Grace"' in short.text
    assert join(client, path, name=" ", password="long enough").status_code == 422
    assert (
        join(client, path, name="Grace\r\nHopper", password="long enough", email="evil@example.net").status_code == 303
    )
    assert members(app) == [fair.organizer_email, NEW]
    assert client.get("/organizer/bigevents/sampleconf/").status_code == 200
    sign_in(app.test_client(), NEW, "long enough")
    assert client.get(path).status_code == 404
    assert [entry.action for entry in audit()][-4:-1] == ["user.created", "team.member_joined", "user.signed_in"]
    joined = next(entry for entry in audit() if entry.action == "team.member_joined")
    assert (joined.organizer_id, joined.actor_label) == (fair.organizer, "Grace Hopper")
    assert joined.data == {"team": "Crew", "member": "Grace Hopper", "invited_by": "Ada"}


def test_an_account_joins_signed_in_and_only_the_one_of_the_address(
    app: Flask, client: FlaskClient, fair: Fair, invite: Callable[[str], str]
) -> None:
    path = invite(fair.stranger_email)
    assert "has an account here" in client.get(path).text
    assert f"/login?next={path}" in client.get(path).text.replace("%2F", "/")
    page = client.get("/e/")
    data = {"csrf_token": csrf_token(page), "name": "Evil", "password": "another password"}
    assert client.post(path, data=data).status_code == 200
    sign_in(client, fair.helper_email)
    assert "sign out" in client.get(path).text
    page = client.get("/account/")
    assert client.post(path, data={"csrf_token": csrf_token(page)}).status_code == 200
    assert members(app) == [fair.organizer_email]
    eve = app.test_client()
    signed = post_form(eve, "/login", {"email": fair.stranger_email, "password": PASSWORD, "next": path})
    assert signed.location == path
    assert post_form(eve, path).location == "/organizer/bigevents/-/"
    assert members(app) == [fair.organizer_email, fair.stranger_email]
    assert eve.get("/organizer/bigevents/sampleconf/").status_code == 200


def test_an_account_that_is_switched_off_does_not_come_back_by_an_invitation(
    app: Flask, client: FlaskClient, fair: Fair, invite: Callable[[str], str]
) -> None:
    path = invite(fair.stranger_email)
    with app.app_context():
        set_writing(True)
        db.session.execute(sa.update(User).where(User.email == fair.stranger_email).values(is_active=False))
        db.session.commit()
    assert "switched off" in client.get(path).text
    assert members(app) == [fair.organizer_email]


def test_it_ends_after_seven_days_when_it_is_sent_again_and_when_it_is_withdrawn(
    app: Flask, client: FlaskClient, fair: Fair, invite: Callable[[str], str], crew: str, smtp: SmtpServer
) -> None:
    first = invite(NEW)
    second = invite(NEW)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=7, seconds=5)):
        assert client.get(second).status_code == 404
    ada = app.test_client()
    sign_in(ada, fair.organizer_email)
    with app.app_context():
        number = db.session.execute(sa.select(TeamInvitation.id)).scalar_one()
    assert NEW in ada.get(f"{crew}/").text
    assert post_form(ada, f"{crew}/invitations/{number}/send", page=f"{crew}/").status_code == 303
    assert client.get(second).status_code == 404
    assert post_form(ada, f"{crew}/invitations/{number}/withdraw", page=f"{crew}/").status_code == 303
    before = len(smtp.messages)
    assert [outcome.status for outcome in work(app)] == ["done"]
    assert len(smtp.messages) == before
    assert NEW not in ada.get(f"{crew}/").text.split("flashes")[-1].split("people-head")[-1]
    assert post_form(ada, f"{crew}/invitations/{number}/send", page=f"{crew}/").status_code == 404


def test_who_is_in_the_team_is_not_invited_and_an_address_must_be_one(
    app: Flask, client: FlaskClient, fair: Fair, crew: str
) -> None:
    sign_in(client, fair.organizer_email)
    for email in (fair.organizer_email, "nobody", "a@b\r\nBcc: c@d.example", "x" * 400 + "@example.org", ""):
        answer = post_form(client, f"{crew}/invite", {"email": email}, page=f"{crew}/")
        assert answer.status_code == 422, email
    assert rows(app) == []
    known = post_form(client, f"{crew}/invite", {"email": fair.stranger_email}, page=f"{crew}/")
    unknown = post_form(client, f"{crew}/invite", {"email": NEW}, page=f"{crew}/")
    assert (known.status_code, known.location, known.data) == (unknown.status_code, unknown.location, unknown.data)


def test_an_installation_that_does_not_know_its_address_sends_no_link(
    app: Flask, client: FlaskClient, fair: Fair, crew: str
) -> None:
    sign_in(client, fair.organizer_email)
    page = client.get(f"{crew}/")
    data = {"csrf_token": csrf_token(page), "email": NEW}
    cookie = client.get_cookie("portal")
    assert cookie is not None
    client.set_cookie("portal", cookie.value, domain="evil.example")
    answer = client.post(f"{crew}/invite", data=data, base_url="http://evil.example")
    assert answer.status_code == 409
    assert rows(app) == []
    with setting(app, base_url="https://portal.example.org"):
        post_form(client, f"{crew}/invite", {"email": NEW}, page=f"{crew}/")
    assert rows(app)[0].payload["base_url"] == "https://portal.example.org"


@pytest.mark.parametrize("newcomer", [True, False])
def test_of_two_who_accept_at_once_one_is_in(
    app: Flask, fair: Fair, invite: Callable[[str], str], newcomer: bool
) -> None:
    path = invite(NEW if newcomer else fair.stranger_email)
    clients = [app.test_client(), app.test_client()]
    tokens = []
    for client in clients:
        if not newcomer:
            sign_in(client, fair.stranger_email)
        tokens.append(csrf_token(client.get(path)))
    start, statuses = threading.Barrier(2), []

    def accept(client: FlaskClient, token: str) -> None:
        start.wait(10)
        data = {"csrf_token": token, "name": "Grace", "password": "long enough"}
        statuses.append(client.post(path, data=data).status_code)

    threads = [threading.Thread(target=accept, args=pair) for pair in zip(clients, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [303, 404]
    with app.app_context():
        joined = db.session.scalars(sa.select(AuditEntry.id).where(AuditEntry.action == "team.member_joined")).all()
        assert len(joined) == 1
        if newcomer:
            assert db.session.execute(sa.select(sa.func.count()).select_from(Session)).scalar_one() == 2  # and Ada's


def test_mails_to_one_address_are_limited(limited: Flask, fair: Fair, crew: str) -> None:
    ada = limited.test_client()
    sign_in(ada, fair.organizer_email)
    statuses = [post_form(ada, f"{crew}/invite", {"email": NEW}, page=f"{crew}/").status_code for _ in range(6)]
    assert statuses == [303] * 5 + [429]
    assert post_form(ada, f"{crew}/invite", {"email": "other@example.org"}, page=f"{crew}/").status_code == 303
