"""What every JSON door shares: errors, slashes, formats, headers."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core import clock
from portal.web import idempotency
from tests.fair import Fair

PREFIXES = ("/api/", "/api/v1/", "/exhibitors/api/", "/pretixdroid/api/", "/eventyaydroid/api/")


def test_unknown_paths_are_json_below_the_prefixes_and_pages_elsewhere(client: FlaskClient) -> None:
    for prefix in PREFIXES:
        response = client.get(prefix + "nothing/here")
        assert (response.status_code, response.content_type) == (404, "application/json")
        assert response.get_json() == {"detail": "Not found."}
    page = client.get("/nothing/here")
    assert page.status_code == 404
    assert page.content_type.startswith("text/html")


def test_no_null_character_reaches_the_database(client: FlaskClient, fair: Fair) -> None:
    for path in ("/api/v1/organizers/a%00b/events/sampleconf/seats/", f"{fair.base}/seats/%00/", "/e/%00"):
        assert client.get(path, headers=fair.auth()).status_code == 404


def test_a_missing_slash(client: FlaskClient, fair: Fair) -> None:
    for path in ("/seats", f"/seats/{fair.seats[0]}", "/vouchers"):
        for method in ("GET", "HEAD"):
            response = client.open(fair.base + path + "?page=2&x=%2F", method=method)
            assert response.status_code == 301
            assert response.headers["Location"] == f"{fair.base}{path}/?page=2&x=%2F"
    seat = f"{fair.base}/seats/{fair.seats[0]}"
    response = client.patch(seat, json={"blocked": True})
    assert (response.status_code, response.headers["Location"]) == (308, f"{seat}/")


def test_a_redirect_stays_on_this_site(client: FlaskClient) -> None:
    response = client.get("//evil.example/api/v1/organizers/x/events/y/seats")
    assert "evil" not in response.headers.get("Location", "")


def test_a_redirect_leads_where_the_path_did(client: FlaskClient) -> None:
    for given in ("a%0D%0AX-Other:%201", "a%3Fb", "a%23b", "a%25b", "%C3%BC"):
        response = client.get(f"/api/v1/organizers/{given}/events/y/seats")
        assert response.status_code == 301
        assert response.headers["Location"] == f"/api/v1/organizers/{given.replace(':', '%3A')}/events/y/seats/"


def test_a_body_that_is_too_large(app: Flask, client: FlaskClient, fair: Fair) -> None:
    size = app.config["MAX_CONTENT_LENGTH"] + 1
    response = client.patch(
        f"{fair.base}/seats/{fair.seats[0]}/", data=b" " * size, content_type="application/json", headers=fair.auth()
    )
    assert response.status_code == 413
    assert response.get_json() == {"detail": "The request is too large."}


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "application/json-patch+json", "x"])
def test_a_body_of_another_type(client: FlaskClient, fair: Fair, kind: str) -> None:
    response = client.patch(
        f"{fair.base}/seats/{fair.seats[0]}/", data=b"<a/>", headers=fair.auth() | {"Content-Type": kind}
    )
    assert response.status_code == 415
    assert response.get_json() == {"detail": f'Unsupported media type "{kind}" in request.'}


def test_malformed_json(client: FlaskClient, fair: Fair) -> None:
    for body in (b'{"blocked": tru', b'{"blocked": "\xff"}', b"", b" ", b"{}"):
        response = client.patch(
            f"{fair.base}/seats/{fair.seats[0]}/", data=body, content_type="application/json", headers=fair.auth()
        )
        if body in (b"", b"{}"):
            assert response.status_code == 200
        else:
            assert response.status_code == 400
            assert response.get_json()["detail"].startswith("JSON parse error - ")


def test_a_crash_is_json_without_details(client: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("portal.seating.queries.last_changes", crash)
    client.application.testing = False
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        response = client.get(f"{fair.base}/seats/", headers=fair.auth())
    finally:
        client.application.testing = True
        client.application.config["PROPAGATE_EXCEPTIONS"] = None
    assert response.status_code == 500
    assert response.get_json() == {"detail": "Internal server error."}


def test_formats(client: FlaskClient, fair: Fair) -> None:
    def status(accept: str | None, query: str = "") -> int:
        headers = fair.auth() | ({"Accept": accept} if accept else {})
        return client.get(f"{fair.base}/seats/{query}", headers=headers).status_code

    for accept in (
        None,
        "*/*",
        "application/json",
        "application/*",
        "text/html, application/json;q=0.5",
        "nonsense, */*",
    ):
        assert status(accept) == 200, accept
    for accept in ("text/html", "application/xml", "image/png, text/*"):
        assert status(accept) == 406, accept
    assert status(None, "?format=json") == 200
    assert status(None, "?format=api") == 404


def test_headers(client: FlaskClient, fair: Fair) -> None:
    response = client.get(f"{fair.base}/seats/", headers=fair.auth())
    assert {"Accept", "Authorization"} <= set(response.vary)
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in response.headers
    head = client.head(f"{fair.base}/seats/", headers=fair.auth())
    assert (head.status_code, head.get_data()) == (200, b"")
    assert head.headers["ETag"] == response.headers["ETag"]


def test_options(client: FlaskClient, fair: Fair) -> None:
    response = client.options(f"{fair.base}/seats/")
    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_worker_forgets_old_keys(app: Flask, client: FlaskClient, fair: Fair) -> None:
    client.patch(
        f"{fair.base}/seats/{fair.seats[0]}/",
        json={"blocked": True},
        headers=fair.auth() | {"X-Idempotency-Key": "k"},
    )
    with app.app_context():
        assert idempotency.purge() == 0
        real = clock.now
        try:
            clock.now = lambda: real() + idempotency.LIFETIME * 1.01
            assert idempotency.purge() == 1
        finally:
            clock.now = real
