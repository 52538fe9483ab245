"""A user's own applications and the access that they granted: the stranger first, secrets once, ends at once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import OAuthApplication
from portal.accounts.oauth.applications import redirect_uri_problem
from portal.accounts.oauth.models import OAuthGrant
from portal.core.codes import hash_token
from portal.core.database import db
from portal.core.models import AuditEntry
from tests.browserless import post_form, sign_in
from tests.fair import Fair
from tests.oauth_personas import SECRET, OAuthPeople, ask_token, user_id
from tests.statements import statements

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")

APPLICATIONS, ACCESS = "/account/applications/", "/account/access/"
GOOD = {"name": "Mine", "redirect_uris": "https://mine.example.org/a\r\n\r\n http://127.0.0.1:9000/b \r\n"}
Stored = Callable[[Any], list[Any]]


def secret_in(page: str) -> str | None:
    found = re.search(r'id="client-secret"\s+type="text"\s+value="([a-z0-9]{64})"', page)
    return found and found[1]


def test_strangers(app: Flask, client: FlaskClient, fair: Fair, people: OAuthPeople, stored: Stored) -> None:
    one = f"{APPLICATIONS}{people.application}/"
    grants = stored(sa.select(OAuthGrant.id).order_by(OAuthGrant.id))
    for path in (APPLICATIONS, f"{APPLICATIONS}new", one, f"{one}edit", ACCESS):
        sent = client.get(path)
        assert (sent.status_code, sent.headers["Location"].partition("?")[0]) == (303, "/login")
    sign_in(client, fair.stranger_email)
    for path in (one, f"{one}edit", f"{APPLICATIONS}4711/"):
        assert client.get(path).status_code == 404
    assert "Floor planner" not in client.get(APPLICATIONS).text
    for path in (f"{one}edit", f"{one}secret", f"{one}delete", f"{ACCESS}{grants[0][0]}/end", f"{ACCESS}4711/end"):
        assert post_form(client, path, GOOD, page=f"{APPLICATIONS}new").status_code == 404, path
        assert client.post(path, data=GOOD).status_code == 400, "without the token against forgery"
    assert stored(sa.select(OAuthGrant.id).order_by(OAuthGrant.id)) == grants
    assert stored(sa.select(OAuthApplication.name)) == [("Floor planner",)]


def test_from_the_first_secret_to_the_end(app: Flask, ada: FlaskClient, fair: Fair, stored: Stored) -> None:
    assert "no application yet" in ada.get(APPLICATIONS).text
    made = post_form(ada, f"{APPLICATIONS}new", GOOD)
    first = secret_in(made.text)
    assert first is not None
    assert made.headers["Cache-Control"] == "no-store"
    ((number, client_id, kept, uris),) = stored(
        sa.select(
            OAuthApplication.id,
            OAuthApplication.client_id,
            OAuthApplication.client_secret_hash,
            OAuthApplication.redirect_uris,
        )
    )
    assert kept == hash_token(first)
    assert uris == ["https://mine.example.org/a", "http://127.0.0.1:9000/b"]
    one = f"{APPLICATIONS}{number}/"
    shown = ada.get(one).text
    assert client_id in shown
    assert first not in shown, "a secret is shown once"
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert ask_token(app, client_id=client_id, secret=first, **form).status_code == 400

    second = secret_in(post_form(ada, f"{one}secret", page=f"{one}edit").text)
    assert second not in (None, first)
    assert ask_token(app, client_id=client_id, secret=first, **form).status_code == 401
    assert ask_token(app, client_id=client_id, secret=str(second), **form).status_code == 400

    edited = post_form(ada, f"{one}edit", {"name": " Other ", "redirect_uris": "org.example.app:/back"})
    assert (edited.status_code, edited.headers["Location"]) == (303, one)
    assert "org.example.app:/back" in ada.get(one).text
    assert post_form(ada, f"{one}delete", page=f"{one}edit").status_code == 303
    assert stored(sa.select(OAuthApplication.id)) == []
    assert ask_token(app, client_id=client_id, secret=str(second), **form).status_code == 401
    written = stored(
        sa.select(AuditEntry.action, AuditEntry.actor_label)
        .where(AuditEntry.object_kind == "application")
        .order_by(AuditEntry.id)
    )
    assert written == [(f"application.{what}", "Ada") for what in ("created", "secret_renewed", "changed", "deleted")]
    data = stored(sa.select(AuditEntry.data))
    assert not any(secret in str(data) for secret in (first, second))


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "n" * 191}, "at most 190 characters"),
        ({"redirect_uris": " \n "}, "at least one address"),
        ({"redirect_uris": "http://app.example.org/"}, "Use https."),
        ({"redirect_uris": "/callback"}, "Each address stands"),
        ({"redirect_uris": "\n".join(f"https://a{n}.example.org" for n in range(21))}, "at most 20 addresses"),
    ],
)
def test_what_cannot_be(ada: FlaskClient, stored: Stored, form: dict[str, str], message: str) -> None:
    answer = post_form(ada, f"{APPLICATIONS}new", GOOD | form)
    assert answer.status_code == 422
    assert message in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert stored(sa.select(OAuthApplication.id)) == []


@pytest.mark.parametrize(
    ("uri", "fine"),
    [
        ("https://a.example/b?c=d", True),
        ("http://localhost/b", True),
        ("http://[::1]:80/b", True),
        ("org.example.app:/b", True),
        ("http://localhost.evil.example/", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://a.example/#b", False),
        ("https://user@a.example/", False),
        ("https:///b", False),
        ("https://a.example/ b", False),
        ("https://a.example:x/", False),
        ("https://ä.example/", False),
        ("https://a.example\\@b.example/", False),
        ("https://" + "a" * 2000, False),
        ("", False),
    ],
)
def test_where_codes_may_be_sent(uri: str, fine: bool, database_url: str) -> None:
    assert (redirect_uri_problem(uri) is None) is fine


def test_granted_access_is_seen_and_ended(
    app: Flask, ada: FlaskClient, fair: Fair, people: OAuthPeople, stored: Stored
) -> None:
    client = app.test_client()
    page = ada.get(ACCESS).text
    assert page.count("Floor planner") >= 4
    assert "everywhere I work" in page
    assert "Foreign Fairs" in page
    assert "see and change" in page
    with app.app_context():
        mine = sa.select(OAuthGrant.id).where(
            OAuthGrant.user_id == user_id(fair.organizer_email), OAuthGrant.scopes == "read write"
        )
        number = db.session.scalar(mine.where(OAuthGrant.all_organizers))
    seats = f"{fair.base}/seats/"
    assert client.get(seats, headers=people.bearer(people.write_token)).status_code == 200
    assert post_form(ada, f"{ACCESS}{number}/end", page=f"{APPLICATIONS}new").status_code == 303
    assert client.get(seats, headers=people.bearer(people.write_token)).status_code == 401
    refresh = ask_token(app, grant_type="refresh_token", refresh_token=f"refresh of {people.write_token}")
    assert refresh.get_json()["error"] == "invalid_grant"
    assert client.get(seats, headers=people.bearer(people.read_token)).status_code == 200, "another grant stays"
    assert post_form(ada, f"{ACCESS}{number}/end", page=f"{APPLICATIONS}new").status_code == 404
    assert stored(sa.select(AuditEntry.actor_label).where(AuditEntry.action == "access.ended")) == [("Ada",)]


def test_deleting_an_application_ends_everybodys_access(
    app: Flask, ada: FlaskClient, fair: Fair, people: OAuthPeople, stored: Stored
) -> None:
    one = f"{APPLICATIONS}{people.application}/"
    assert "4 people" in ada.get(one).text
    post_form(ada, f"{one}delete", page=f"{one}edit")
    assert stored(sa.select(OAuthGrant.id)) == []
    headers = people.bearer(people.stranger_token)
    assert app.test_client().get("/api/v1/var/", headers=headers).status_code == 401
    assert ask_token(app, secret=SECRET, grant_type="refresh_token", refresh_token="x").status_code == 401


def test_no_query_a_row(app: Flask, ada: FlaskClient, fair: Fair, people: OAuthPeople) -> None:
    with statements() as few:
        ada.get(ACCESS)
    with app.app_context():
        rows = [{"user_id": user_id(fair.organizer_email), "application_id": people.application}] * 20
        grants = [OAuthGrant(scopes="read", all_organizers=True, **row) for row in rows]
        db.session.add_all(grants)
        db.session.commit()
    with statements() as many:
        ada.get(ACCESS)
    assert len(many) == len(few)
