"""The page that asks: what it refuses on the spot, what goes back to the application, and what a user can choose."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import OAuthApplication, User
from portal.accounts.oauth.models import OAuthCode, OAuthGrant, oauth_grant_organizers
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Organizer
from tests.browserless import csrf_token, sign_in, sign_in_code
from tests.fair import Fair, make_team
from tests.oauth_personas import (
    CALLBACK,
    OTHER_CALLBACK,
    answer_of,
    ask_token,
    authorize_path,
    consent,
    make_application,
    user_id,
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")

HTML = {"Accept": "text/html,*/*;q=0.8"}
GRANTS = sa.select(OAuthGrant.user_id, OAuthGrant.scopes, OAuthGrant.all_organizers)


STRANGE: list[dict[str, Any]] = [
    {"client_id": None},
    {"client_id": "nobody"},
    {"client_id": "no\0body"},
    {"redirect_uri": "https://evil.example/callback"},
    {"redirect_uri": f"{CALLBACK}/"},
    {"redirect_uri": CALLBACK.upper()},
    {"redirect_uri": f"{CALLBACK}?x=1"},
    {"redirect_uri": 'https://app.example.org/ä\N{SNOWMAN}"\\'},
    {"redirect_uri": None},
]


def test_a_strange_application_or_address_is_refused_on_the_spot(
    client: FlaskClient, ada: FlaskClient, planner: int
) -> None:
    for browser, changes, also in product((client, ada), STRANGE, ({}, {"response_type": "token"}, {"scope": "all"})):
        path = authorize_path(**(changes | also))
        answer = browser.get(path)
        assert (answer.status_code, "Location" in answer.headers) == (400, False), path
        assert answer.get_json()["error"] in ("invalid_client", "invalid_request")
        page = browser.get(path, headers=HTML)
        assert (page.status_code, page.mimetype, "Location" in page.headers) == (400, "text/html", False)
        assert "Nothing was granted" in page.text


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_type": '\N{SNOWMAN}"'}, "unsupported_response_type"),
    ({"response_type": None}, "invalid_request"),
    ({"scope": "admin"}, "invalid_scope"),
    ({"scope": "read admin"}, "invalid_scope"),
    ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": "x" * 43}, "invalid_request"),
    ({"code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
]


def test_what_else_is_wrong_goes_back_to_the_application(client: FlaskClient, planner: int) -> None:
    for (changes, error), state in product(WRONG, ("xyz", None)):
        answer = client.get(authorize_path(**changes, state=state))
        assert answer.headers["Location"].startswith(f"{CALLBACK}?")
        found = answer_of(answer)
        assert found["error"] == error, changes
        assert found.get("state") == state
        assert "code" not in found


def test_a_parameter_twice(client: FlaskClient, planner: int) -> None:
    assert answer_of(client.get(authorize_path() + "&scope=read"))["error"] == "invalid_request"
    assert answer_of(client.get(authorize_path() + "&state=abc"))["error"] == "invalid_request"
    for name in ("client_id=planner", f"redirect_uri={CALLBACK}"):
        assert client.get(f"{authorize_path()}&{name}").status_code == 400


def test_sign_in_first_and_back_again(app: Flask, client: FlaskClient, fair: Fair, planner: int) -> None:
    path = authorize_path(scope="read", redirect_uri=OTHER_CALLBACK)
    sign_in_code(client, fair.full_code)
    for browser in (client, app.test_client()):
        sent = browser.get(path)
        assert sent.status_code == 303
        assert sent.headers["Location"].startswith("/login?next=")
        form = browser.get(sent.headers["Location"])
        back = browser.post(
            "/login",
            data={
                "csrf_token": csrf_token(form),
                "next": path,
                "email": fair.organizer_email,
                "password": fair.password,
            },
        )
        assert (back.status_code, back.headers["Location"]) == (303, path)
        page = browser.get(path)
        assert page.status_code == 200
        assert "Floor planner" in page.text
        assert "Made by Eve. You are signed in as Ada." in page.text
        assert "See what you may see" in page.text
        assert "Change what you may change" not in page.text
        assert "app.example.org" in page.text
        assert "Big Events" in page.text
        assert "Foreign Fairs" not in page.text
        policy = page.headers["Content-Security-Policy"]
        assert "form-action 'self' https://app.example.org;" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers or "HttpOnly" in page.headers["Set-Cookie"]
        assert app.test_client().get(path).status_code == 303


def test_yes_no_and_whom_it_concerns(
    app: Flask, ada: FlaskClient, fair: Fair, planner: int, stored: Callable[[Any], list[Any]]
) -> None:
    refused = answer_of(consent(ada, authorize_path(redirect_uri=OTHER_CALLBACK), decision="deny"))
    assert refused["error"] == "access_denied"
    assert (refused["state"], refused["tenant"]) == ("xyz", "1")
    assert stored(GRANTS) == []
    with app.app_context():
        ada_id, foreign = (
            user_id(fair.organizer_email),
            db.session.scalar(sa.select(Organizer.id).where(Organizer.slug == "foreign")),
        )
    page = ada.get(authorize_path())
    for organizers in ([], [foreign], ["x"], [10**30]):
        form = {"csrf_token": csrf_token(page), "decision": "allow", "organizers": "some", "organizer": organizers}
        again = ada.post(authorize_path(), data=form)
        assert again.status_code == 422
        assert "Choose an organizer" in again.text
        assert "form-action 'self' https://app.example.org;" in again.headers["Content-Security-Policy"]
    assert stored(GRANTS) == []

    answer_of(consent(ada, authorize_path(scope="write read read"), organizers=[fair.organizer]))
    assert stored(GRANTS) == [(ada_id, "read write", False)]
    assert stored(sa.select(oauth_grant_organizers.c.organizer_id)) == [(fair.organizer,)]
    written = stored(
        sa.select(AuditEntry.action, AuditEntry.actor_label, AuditEntry.organizer_id).where(
            AuditEntry.object_kind == "access"
        )
    )
    assert written == [("access.granted", "Ada", fair.organizer)]


def test_who_granted_the_same_is_asked_again_only_by_force(
    ada: FlaskClient, fair: Fair, planner: int, stored: Callable[[Any], list[Any]]
) -> None:
    consent(ada, authorize_path(scope="read"))
    silent = answer_of(ada.get(authorize_path(scope="read", state="s2")))
    assert silent["state"] == "s2"
    assert silent["code"]
    assert ada.get(authorize_path(scope="read", approval_prompt="auto")).status_code == 302
    forced = ada.get(authorize_path(scope="read", approval_prompt="force"))
    assert forced.status_code == 200
    assert "You let this application in before" in forced.text
    assert ada.get(authorize_path(scope="read write")).status_code == 200, "other scopes are another question"
    assert ada.head(authorize_path(scope="read")).status_code == 200
    assert len(stored(GRANTS)) == 1
    assert len(stored(sa.select(OAuthCode.id))) == 3, "each answer is a code of its own, and only an answer is"


def test_without_its_token_the_form_does_nothing(
    ada: FlaskClient, planner: int, stored: Callable[[Any], list[Any]]
) -> None:
    for form in ({}, {"csrf_token": "forged"}):
        answer = ada.post(authorize_path(), data={"decision": "allow", "organizers": "all"} | form)
        assert (answer.status_code, "Location" in answer.headers) == (400, False)
    assert stored(GRANTS) == []


def test_a_single_address_need_not_be_named(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    """RFC 6749, 3.1.2.3. What was not in the first request must not be in the second, and the other way round."""
    with app.app_context():
        make_application(fair.organizer_email, redirect_uris=["org.example.app:/back"])
        db.session.commit()
    page = ada.get(authorize_path(redirect_uri=None))
    assert "form-action 'self' org.example.app:;" in page.headers["Content-Security-Policy"]
    answer = consent(ada, authorize_path(redirect_uri=None))
    assert answer.headers["Location"].startswith("org.example.app:/back?code=")
    code = answer_of(answer)["code"]
    assert ask_token(app, grant_type="authorization_code", code=code).status_code == 200
    code = answer_of(ada.get(authorize_path(redirect_uri="org.example.app:/back")))["code"]
    assert ask_token(app, grant_type="authorization_code", code=code).get_json()["error"] == "invalid_grant"


def test_no_scope_is_to_read(app: Flask, ada: FlaskClient, planner: int) -> None:
    code = answer_of(consent(ada, authorize_path(scope=None)))["code"]
    given = ask_token(app, grant_type="authorization_code", code=code, redirect_uri=CALLBACK).get_json()
    assert given["scope"] == "read"


def test_an_old_code_is_worth_nothing(app: Flask, ada: FlaskClient, planner: int) -> None:
    code = answer_of(consent(ada, authorize_path()))["code"]
    with app.app_context():
        db.session.execute(sa.update(OAuthCode).values(expires=OAuthCode.created))
        db.session.commit()
    answer = ask_token(app, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")


def test_nobody_acts_for_who_may_no_longer_sign_in_or_with_an_application_that_is_off(
    app: Flask, ada: FlaskClient, fair: Fair, planner: int
) -> None:
    code = answer_of(consent(ada, authorize_path()))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}

    def switch(model: Any, name: str, value: bool) -> None:
        with app.app_context():
            db.session.execute(sa.update(model).values({name: value}))
            db.session.commit()

    switch(User, "is_active", False)
    assert ask_token(app, **form).get_json()["error"] == "invalid_grant"
    switch(User, "is_active", True)
    switch(OAuthApplication, "active", False)
    assert ask_token(app, **form).get_json()["error"] == "invalid_client"
    assert app.test_client().get(authorize_path()).status_code == 400
    switch(OAuthApplication, "active", True)
    given = ask_token(app, **form).get_json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    for model, name in ((User, "is_active"), (OAuthApplication, "active")):
        switch(model, name, False)
        assert app.test_client().get(f"{fair.base}/seats/", headers=headers).status_code == 401
        switch(model, name, True)
    assert app.test_client().get(f"{fair.base}/seats/", headers=headers).status_code == 200


def test_a_user_of_several_organizers_chooses_one(app: Flask, fair: Fair, planner: int) -> None:
    with app.app_context():
        foreign = db.session.scalars(sa.select(Organizer).where(Organizer.slug == "foreign")).one()
        guests = make_team(foreign, "Guests")
        guests.members.append(db.session.get_one(User, user_id(fair.organizer_email)))
        db.session.commit()
        foreign_id = foreign.id
    browser = app.test_client()
    sign_in(browser, fair.organizer_email)
    code = answer_of(consent(browser, authorize_path(), organizers=[foreign_id]))["code"]
    given = ask_token(app, grant_type="authorization_code", code=code, redirect_uri=CALLBACK).get_json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    here, there = fair.base, fair.base.replace("bigevents", "foreign")
    statuses = [app.test_client().get(f"{base}/seats/", headers=headers).status_code for base in (here, there)]
    assert statuses == [403, 200]
