"""The flows of RFC 6749 by a real client, Authlib's own: code with PKCE, refresh, revocation, and each failure."""

import logging
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.oauth.models import OAuthCode, OAuthToken
from portal.core.codes import hash_token
from portal.core.database import db
from tests.fair import Fair
from tests.oauth_personas import CALLBACK, CLIENT_ID, SECRET, consent, make_application

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a library that is not out yet
    from authlib.integrations.httpx_client import OAuth2Client

HOME = "https://localhost"
SEATS = "/api/v1/organizers/bigevents/events/sampleconf/seats/"


@pytest.fixture
def program(app: Flask, planner: int) -> Iterator[OAuth2Client]:
    """Authlib's client, which reads where the doors are."""
    with OAuth2Client(
        CLIENT_ID,
        SECRET,
        redirect_uri=CALLBACK,
        scope="read write",
        code_challenge_method="S256",
        transport=httpx.WSGITransport(app=app),
        base_url=HOME,
    ) as client:
        yield client


@pytest.fixture
def doors(app: Flask) -> dict[str, Any]:
    """The metadata, as any client may read it."""
    answer = app.test_client().get("/.well-known/oauth-authorization-server", base_url=HOME)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return answer.get_json()


def local(address: str) -> str:
    assert address.startswith(f"{HOME}/")
    return address.removeprefix(HOME)


def test_the_metadata_is_what_the_standard_wants(doors: dict[str, Any]) -> None:
    AuthorizationServerMetadata(doors).validate()
    assert doors["issuer"] == HOME
    assert doors["code_challenge_methods_supported"] == ["S256"]
    assert doors["scopes_supported"] == ["read", "write"]
    assert doors["token_endpoint_auth_methods_supported"] == ["client_secret_basic"]


def walk(program: OAuth2Client, doors: dict[str, Any], browser: FlaskClient, verifier: str) -> str:
    """The user lets the program in; the address that the browser is sent back to."""
    url, state = program.create_authorization_url(doors["authorization_endpoint"], code_verifier=verifier)
    back = consent(browser, local(url))
    assert back.status_code == 302
    found = parse_qs(urlsplit(back.headers["Location"]).query)
    assert found["state"] == [state]
    return back.headers["Location"]


def test_from_consent_to_revocation(
    program: OAuth2Client,
    doors: dict[str, Any],
    ada: FlaskClient,
    fair: Fair,
    stored: Callable[[Any], list[Any]],
) -> None:
    verifier = generate_token(48)
    back = walk(program, doors, ada, verifier)
    given = program.fetch_token(doors["token_endpoint"], authorization_response=back, code_verifier=verifier)
    assert given["token_type"] == "Bearer"
    assert (given["expires_in"], given["scope"]) == (86_400, "read write")
    assert program.get(SEATS).json()["count"] == 60
    kept = {row[0] for row in stored(sa.select(OAuthToken.token_hash))}
    assert kept == {hash_token(given["access_token"]), hash_token(given["refresh_token"])}

    first, old = given["access_token"], given["refresh_token"]
    again = program.refresh_token(doors["token_endpoint"], refresh_token=old)
    assert again["access_token"] != first
    assert again["refresh_token"] != old
    assert program.get(SEATS).status_code == 200
    with httpx.Client(transport=program._transport, base_url=HOME) as plain:
        ended = plain.get(SEATS, headers={"Authorization": f"Bearer {first}"})
        assert ended.status_code == 401, "refreshing ends the previous access token at once"
        assert ended.headers["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'

    assert program.revoke_token(doors["revocation_endpoint"], token=again["access_token"]).status_code == 200
    assert program.get(SEATS).status_code == 401
    program.refresh_token(doors["token_endpoint"], refresh_token=again["refresh_token"])
    assert program.get(SEATS).status_code == 200
    program.revoke_token(
        doors["revocation_endpoint"], token=program.token["refresh_token"], token_type_hint="refresh_token"
    )
    assert program.get(SEATS).status_code == 401
    assert stored(sa.select(OAuthToken.id)) == stored(sa.select(OAuthCode.id)) == []


def test_no_secret_is_logged_however_much_is_logged(
    app: Flask,
    program: OAuth2Client,
    doors: dict[str, Any],
    ada: FlaskClient,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    verifier = generate_token(48)
    back = walk(program, doors, ada, verifier)
    given = program.fetch_token(doors["token_endpoint"], authorization_response=back, code_verifier=verifier)
    again = program.refresh_token(doors["token_endpoint"], refresh_token=given["refresh_token"])
    program.revoke_token(doors["revocation_endpoint"], token=again["refresh_token"])
    seen = "".join(capfd.readouterr()) + "".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    )
    assert "oauth/token" in seen
    code = parse_qs(urlsplit(back).query)["code"][0]
    for tokens in (given, again):
        assert not any(tokens[kind] in seen for kind in ("access_token", "refresh_token"))
    assert not any(secret in seen for secret in (code, SECRET, verifier))


def test_a_second_use_of_a_code_ends_what_the_first_gave(
    program: OAuth2Client, doors: dict[str, Any], ada: FlaskClient, fair: Fair
) -> None:
    verifier = generate_token(48)
    back = walk(program, doors, ada, verifier)
    program.fetch_token(doors["token_endpoint"], authorization_response=back, code_verifier=verifier)
    refresh = program.token["refresh_token"]
    assert program.get(SEATS).status_code == 200
    held = dict(program.token)
    with pytest.raises(OAuthError, match="invalid_grant"):
        program.fetch_token(doors["token_endpoint"], authorization_response=back, code_verifier=verifier)
    program.token = held
    assert program.get(SEATS).status_code == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        program.refresh_token(doors["token_endpoint"], refresh_token=refresh)


def test_a_second_use_of_a_refresh_token_ends_the_whole_chain(
    program: OAuth2Client, doors: dict[str, Any], ada: FlaskClient, fair: Fair
) -> None:
    verifier = generate_token(48)
    back = walk(program, doors, ada, verifier)
    program.fetch_token(doors["token_endpoint"], authorization_response=back, code_verifier=verifier)
    stolen = program.token["refresh_token"]
    for _ in range(2):
        program.refresh_token(doors["token_endpoint"], refresh_token=program.token["refresh_token"])
    newest = dict(program.token)
    with pytest.raises(OAuthError, match="invalid_grant"):
        program.refresh_token(doors["token_endpoint"], refresh_token=stolen)
    program.token = newest
    assert program.get(SEATS).status_code == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        program.refresh_token(doors["token_endpoint"], refresh_token=newest["refresh_token"])


def test_each_program_of_a_user_has_a_chain_of_its_own(
    app: Flask, program: OAuth2Client, doors: dict[str, Any], ada: FlaskClient, fair: Fair
) -> None:
    """Two installations of one application: what one loses, the other keeps."""
    verifiers = [generate_token(48), generate_token(48)]
    tokens = []
    back = walk(program, doors, ada, verifiers[0])
    tokens.append(program.fetch_token(doors["token_endpoint"], authorization_response=back, code_verifier=verifiers[0]))
    url, _ = program.create_authorization_url(doors["authorization_endpoint"], code_verifier=verifiers[1])
    silent = ada.get(local(url))
    assert silent.status_code == 302, "the same again is not asked again"
    back = silent.headers["Location"]
    tokens.append(program.fetch_token(doors["token_endpoint"], authorization_response=back, code_verifier=verifiers[1]))
    program.revoke_token(doors["revocation_endpoint"], token=tokens[0]["refresh_token"])
    statuses = [
        app.test_client().get(SEATS, headers={"Authorization": f"Bearer {token['access_token']}"}).status_code
        for token in tokens
    ]
    assert statuses == [401, 200]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"code_verifier": "x" * 48}, "invalid_grant"),
    ({"code_verifier": None}, "invalid_request"),
    ({"code_verifier": "short"}, "invalid_request"),
    ({"redirect_uri": "https://app.example.org/callback/"}, "invalid_grant"),
    ({"redirect_uri": None}, "invalid_grant"),
    ({"code": "nothing"}, "invalid_grant"),
    ({"code": None}, "invalid_request"),
    ({"code": "a\0b"}, "invalid_grant"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ({"grant_type": "\N{SNOWMAN}"}, "unsupported_grant_type"),
    ({"grant_type": None}, "invalid_request"),
    ({"client": ("other", SECRET)}, "invalid_grant"),
    ({"client": (CLIENT_ID, "wrong")}, "invalid_client"),
    ({"client": ("nobody", SECRET)}, "invalid_client"),
    ({"client": ("no\0body", SECRET)}, "invalid_client"),
    ({"client": None}, "invalid_client"),
    ({"client": None, "client_id": CLIENT_ID, "client_secret": SECRET}, "invalid_client"),
    ({"client": None, "client_id": CLIENT_ID}, "invalid_client"),
]


def test_what_the_token_door_refuses(
    app: Flask, program: OAuth2Client, doors: dict[str, Any], ada: FlaskClient, fair: Fair
) -> None:
    """By the errors of RFC 6749, 5.2; and none of these attempts has used the code up."""
    with app.app_context():
        make_application(fair.organizer_email, "Another", client_id="other")
        db.session.commit()
    verifier = generate_token(48)
    back = walk(program, doors, ada, verifier)
    code = parse_qs(urlsplit(back).query)["code"][0]
    right = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
    client = app.test_client()
    for changes, error in REFUSED:
        asked = changes.copy()
        auth = asked.pop("client", (CLIENT_ID, SECRET))
        form = {name: value for name, value in (right | asked).items() if value is not None}
        answer = client.post("/api/v1/oauth/token", data=form, auth=auth)
        assert answer.mimetype == "application/json"
        assert answer.get_json()["error"] == error, changes
        assert answer.status_code == (401 if error == "invalid_client" else 400), changes
        assert ("WWW-Authenticate" in answer.headers) is (answer.status_code == 401)
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.post("/api/v1/oauth/token", data=right, auth=(CLIENT_ID, SECRET)).status_code == 200


def test_credentials_that_are_none(app: Flask, planner: int) -> None:
    headers = ("Basic", "Basic ?", "Basic /////w==", "Basic cGxhbm5lcg==", "Bearer x", "Token x")
    for path, header in product(("token", "revoke_token"), headers):
        answer = app.test_client().post(
            f"/api/v1/oauth/{path}",
            data={"grant_type": "refresh_token", "refresh_token": "x", "token": "x"},
            headers={"Authorization": header},
        )
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="oauth"'


def test_bodies_that_are_none(app: Flask, planner: int) -> None:
    client, auth = app.test_client(), (CLIENT_ID, SECRET)
    for answer in (
        client.post("/api/v1/oauth/token", auth=auth),
        client.post("/api/v1/oauth/token", json={"grant_type": "refresh_token", "refresh_token": "x"}, auth=auth),
        client.post("/api/v1/oauth/token?grant_type=refresh_token&refresh_token=x", auth=auth),
        client.post("/api/v1/oauth/token", data={"grant_type": ["refresh_token", "refresh_token"]}, auth=auth),
        client.post("/api/v1/oauth/revoke_token", auth=auth),
        client.post("/api/v1/oauth/revoke_token?token=x", auth=auth),
    ):
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
    for path in ("token", "revoke_token"):
        answer = client.get(f"/api/v1/oauth/{path}")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "OPTIONS, POST")
        assert set(answer.get_json()) == {"detail"}


def test_refreshing_may_narrow_the_scope_and_not_widen_it(
    app: Flask, program: OAuth2Client, doors: dict[str, Any], ada: FlaskClient, fair: Fair
) -> None:
    program.scope = "write"
    verifier = generate_token(48)
    back = walk(program, doors, ada, verifier)
    given = program.fetch_token(doors["token_endpoint"], authorization_response=back, code_verifier=verifier)
    assert given["scope"] == "write"
    for scope in ("read", "read write", "admin"):
        with pytest.raises(OAuthError, match="invalid_scope"):
            program.refresh_token(doors["token_endpoint"], refresh_token=given["refresh_token"], scope=scope)
    assert program.refresh_token(doors["token_endpoint"], refresh_token=given["refresh_token"])["scope"] == "write"


def test_a_narrowed_token_is_narrow_and_its_successor_is_not(
    app: Flask, program: OAuth2Client, doors: dict[str, Any], ada: FlaskClient, fair: Fair
) -> None:
    verifier = generate_token(48)
    back = walk(program, doors, ada, verifier)
    program.fetch_token(doors["token_endpoint"], authorization_response=back, code_verifier=verifier)
    path = f"{SEATS}{fair.seats[9]}/"
    assert program.patch(path, json={"blocked": True}).status_code == 200
    program.refresh_token(doors["token_endpoint"], refresh_token=program.token["refresh_token"], scope="read")
    assert program.token["scope"] == "read"
    assert program.get(path).status_code == 200
    assert program.patch(path, json={"blocked": False}).status_code == 403
    program.refresh_token(doors["token_endpoint"], refresh_token=program.token["refresh_token"])
    assert program.patch(path, json={"blocked": False}).status_code == 200


def test_another_application_can_neither_refresh_nor_revoke(
    app: Flask, program: OAuth2Client, doors: dict[str, Any], ada: FlaskClient, fair: Fair
) -> None:
    verifier = generate_token(48)
    back = walk(program, doors, ada, verifier)
    given = program.fetch_token(doors["token_endpoint"], authorization_response=back, code_verifier=verifier)
    with app.app_context():
        make_application(fair.organizer_email, "Another", client_id="other")
        db.session.commit()
    client, auth = app.test_client(), ("other", SECRET)
    refresh = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    answer = client.post("/api/v1/oauth/token", data=refresh, auth=auth)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
    for kind in ("access_token", "refresh_token"):
        answer = client.post("/api/v1/oauth/revoke_token", data={"token": given[kind]}, auth=auth)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
    assert program.get(SEATS).status_code == 200
    unknown = client.post(
        "/api/v1/oauth/revoke_token", data={"token": "unknown", "token_type_hint": "id_token"}, auth=auth
    )
    assert (unknown.status_code, unknown.get_json()) == (200, {})
