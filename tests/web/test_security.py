"""What every page tells browsers: what it may load, who may frame it, that nobody keeps it; and what cookies are."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.config import Config
from tests.browserless import sign_in, sign_in_code
from tests.fair import Fair
from tests.personas import REACHED, Persona, everybody, expected
from tests.routes import Place, all_routes, furnish
from tests.working import another

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
#: What pages must say of scripts, styles, frames, forms and addresses.
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "connect-src": "'self'",
}
#: Sources of scripts that no page may name.
UNSAFE = re.compile(r"'unsafe-(inline|eval|hashes)'|\*|http:|https:|data:")


@pytest.fixture
def place(app: Flask, fair: Fair) -> Place:
    with app.app_context():
        return furnish(fair)


def told(answer: TestResponse, *, https: bool) -> Iterator[str]:
    """What a page's answer lacks."""
    for name, value in HEADERS.items():
        if answer.headers.getlist(name) != [value]:
            yield f"{name}: {answer.headers.getlist(name)}"
    policy = dict(
        part.strip().split(" ", 1)
        for part in answer.headers.get("Content-Security-Policy", "").split(";")
        if " " in part
    )
    yield from (f"{name} {policy.get(name)}" for name, value in POLICY.items() if policy.get(name) != value)
    if UNSAFE.search(policy.get("script-src", "*")):
        yield f"script-src {policy.get('script-src')}"
    if answer.headers.get("Strict-Transport-Security") != ("max-age=31536000" if https else None):
        yield f"Strict-Transport-Security: {answer.headers.get('Strict-Transport-Security')}"
    cache = answer.headers.get("Cache-Control", "")
    if answer.mimetype == "text/html" and "no-store" not in cache and "no-cache" not in cache:
        yield f"Cache-Control: {cache}"
    if answer.mimetype == "text/html" and re.search(
        r"<script(?![^>]*\ssrc=)[^>]*>|<style|\son[a-z]+=\"|\sstyle=\"|javascript:", answer.text
    ):
        yield "code or styles inside the page"
    for cookie in answer.headers.getlist("Set-Cookie"):
        flags = {part.strip() for part in cookie.split(";")}
        missing = {"HttpOnly", "SameSite=Lax", "Path=/", *(["Secure"] if https else [])} - flags
        if missing or (not https and "Secure" in flags):
            yield f"a cookie without {missing}"


def test_every_page(app: Flask, place: Place) -> None:
    people = everybody(app, place)
    assert not (found := _pages(app, place, people, https=False)), "\n".join(found)


def test_every_page_under_https(config: Config, place: Place) -> None:
    with another(config, base_url="https://fair.example.org") as app:
        nobody = Persona("nobody")
        assert not (found := _pages(app, place, [nobody], https=True)), "\n".join(found)
        client = app.test_client()
        answer = client.get("/api/v1/organizers/x/events/y/seats/")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def _pages(app: Flask, place: Place, people: list[Persona], *, https: bool) -> list[str]:
    found = []
    routes = [route for route in all_routes(app, place) if route.rule.browser and not route.writes]
    assert len(routes) > 20
    for route in routes:
        for persona in [one for one in people if https or expected(one, route) == REACHED][:1] + people[:1]:
            found += [
                f"{route} for {persona.name}: {problem}" for problem in told(persona.ask(app, route), https=https)
            ]
    return found


@pytest.mark.parametrize("who", ["organizer", "exhibitor"])
def test_a_cookie_from_before_the_sign_in_is_worth_nothing_after(
    app: Flask, client: FlaskClient, fair: Fair, who: str
) -> None:
    """Session fixation: somebody who planted their cookie in a browser is not signed in with it."""
    client.get("/login")
    planted = client.get_cookie("portal")
    assert planted
    if who == "organizer":
        sign_in(client, fair.organizer_email)
    else:
        sign_in_code(client, fair.full_code)
    now = client.get_cookie("portal")
    assert now
    assert now.value != planted.value
    other = app.test_client()
    other.set_cookie("portal", planted.value)
    assert other.get("/organizer/" if who == "organizer" else "/exhibitor/").status_code == 303
