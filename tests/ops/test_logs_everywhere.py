"""Whatever is handed in at whatever door: a line with who asked and under which id, and never a secret."""

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from flask import Flask

from portal.web import logs
from tests.fair import Fair
from tests.personas import REACHED, Persona, everybody, expected
from tests.routes import ABSENT, SERIES_KEY, Place, Route, all_routes, furnish
from tests.working import work

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")

TYPED = "typed-by-somebody-7341"
FIELDS = (
    "password",
    "new_password",
    "old_password",
    "repeat",
    "confirm",
    "code",
    "secret",
    "token",
    "note",
    "key",
    "nonce",
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """The log as in production."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    output = io.StringIO()
    logs.configure(development=False, stream=output)
    yield output
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


@pytest.fixture
def place(app: Flask, fair: Fair) -> Place:
    with app.app_context():
        return furnish(fair)


def credentials(place: Place, people: list[Persona]) -> set[str]:
    """Everything that opens a door."""
    fair = place.fair
    found = {fair.password, fair.device_key, SERIES_KEY, fair.full_code, fair.scanning_code, fair.rival_code, TYPED}
    for persona in people:
        found |= {persona.cookie, persona.csrf, *persona.query.values()}
        found |= {value.rpartition(" ")[2] for value in persona.headers.values()}
    return found - {""}


def ask(app: Flask, persona: Persona, route: Route, address: str) -> None:
    """Hand in something secret in every way that the route has."""
    client = app.test_client()
    if persona.cookie:
        client.set_cookie("portal", persona.cookie)
    headers = {"Referer": f"http://localhost/e/{TYPED}", "User-Agent": TYPED, **persona.headers}
    if persona.csrf:
        headers["X-CSRFToken"] = persona.csrf
    data = dict.fromkeys(FIELDS, TYPED) | {"email": address} if route.writes else None
    query = {"code": TYPED, "token": TYPED, "q": TYPED, **persona.query}
    client.open(route.path, method=route.method, headers=headers, query_string=query, data=data)


def test_no_secret_is_logged_anywhere(app: Flask, place: Place, stream: io.StringIO) -> None:
    people = everybody(app, place)
    nobody = people[0]
    routes = all_routes(app, place)
    for route in routes:
        for persona in (nobody, *[one for one in people if expected(one, route) == REACHED][:1]):
            ask(app, persona, route, place.fair.organizer_email)
    work(app)
    said = stream.getvalue()
    lines = [json.loads(line) for line in said.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) > 200
    assert all(line["request_id"] and line["actor"] and line["route"] for line in requests)
    kinds = {line["actor"].partition(":")[0] for line in requests}
    assert {"anonymous", "user", "token", "exhibitor", "device"} <= kinds
    assert any(line["event"] == "job" for line in lines)
    assert [secret for secret in credentials(place, people) if secret in said] == []
    assert [line for line in requests if f"{ABSENT}" in line["route"]] == [], "routes are patterns"
    assert [token for token in mailed(app) if token in said] == []


def mailed(app: Flask) -> set[str]:
    """The secrets in links of the mails that were sent: whatever is long in their addresses."""
    found: set[str] = set()
    for file in (Path(app.config["PORTAL"].instance_path) / "mail").glob("*.eml"):
        text = file.read_text(errors="replace").replace("=\n", "")
        for address in re.findall(r"https?://[^\s\"<>]+", text):
            found |= {
                part
                for part in re.split(r"[/?=&#]", address)
                if re.fullmatch(r"[A-Za-z0-9_-]{24,}|[A-Z0-9]{8,9}", part)
            }
    assert found, "some mail with a link was sent"
    return found
