"""The matrix: everybody at every route, answered as the route's rule says, and no refusal leaves a trace."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask

from portal.core.database import db
from portal.core.models import AuditEntry, OutboxMessage
from portal.core.queue import queue_of
from tests.fair import Fair
from tests.personas import EXPECTED, REACHED, Persona, everybody, expected, wrong
from tests.routes import Place, Route, all_routes, furnish

pytestmark = [
    pytest.mark.slow,
    # Who may do what does not hang on the database, and a file can be put back between two requests.
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]


class Snapshot:
    """The fair as it was, put back as often as a request has changed it."""

    def __init__(self, app: Flask) -> None:
        self._file = app.config["PORTAL"].database_uri.partition("///")[2]
        self._kept = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._file)) as source:
            source.backup(self._kept)

    def restore(self) -> None:
        """Put it back."""
        with closing(sqlite3.connect(self._file)) as target:
            self._kept.backup(target)

    def close(self) -> None:
        """Forget it."""
        self._kept.close()


@pytest.fixture
def place(app: Flask, fair: Fair) -> Place:
    queue_of(app).beat()
    with app.app_context():
        return furnish(fair)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of lines of the log would cost more than what they speak of."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def snapshot(app: Flask, people: list[Persona]) -> Iterator[Snapshot]:
    kept = Snapshot(app)
    yield kept
    kept.close()


@pytest.fixture
def people(app: Flask, place: Place) -> list[Persona]:
    return everybody(app, place)


def traces(app: Flask) -> tuple[int, ...]:
    """How much there is of what every change leaves behind."""
    with app.app_context():
        return tuple(
            db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in (AuditEntry, OutboxMessage)
        )


def callers(people: list[Persona], route: Route) -> list[Persona]:
    """Everybody; of those whose kind of credentials counts for nothing here, one of each kind."""
    found: dict[str, Persona] = {}
    for persona in people:
        counts = bool(persona.cookie) == route.rule.browser
        found.setdefault(persona.name if counts else persona.kind, persona)
    return list(found.values())


def test_everybody_at_every_route(app: Flask, place: Place, people: list[Persona], snapshot: Snapshot) -> None:
    found = all_routes(app, place)
    problems: list[str] = []
    met: set[tuple[str, int]] = set()
    before = traces(app)
    for route in found:
        for persona in callers(people, route):
            if (wanted := expected(persona, route)) == REACHED:
                continue
            met.add((route.rule.kind, wanted))
            if problem := wrong(persona, route, persona.ask(app, route)):
                problems.append(f"{route} for {persona.name}: {problem}")
        if traces(app) != before:
            problems.append(f"{route}: somebody who was refused left a trace")
            snapshot.restore()
    for route in found:
        for persona in callers(people, route):
            if expected(persona, route) != REACHED:
                continue
            met.add((route.rule.kind, REACHED))
            if problem := wrong(persona, route, persona.ask(app, route)):
                problems.append(f"{route} for {persona.name}: {problem}")
            if route.writes or "code" in route.parameters:
                snapshot.restore()
    assert not problems, "\n".join(problems)
    kinds = {route.rule.kind for route in found}
    assert kinds <= EXPECTED.keys()
    reachable = {kind for kind, wanted in met if wanted == REACHED}
    assert kinds - reachable <= {"metrics_token"}, "somebody gets through every kind of rule"


def test_no_page_is_changed_without_its_token(
    app: Flask, place: Place, people: list[Persona], snapshot: Snapshot
) -> None:
    """Another site can make a browser send a form, but not with the token of ours."""
    before = traces(app)
    problems = []
    forms = [route for route in all_routes(app, place) if route.rule.browser and route.writes]
    assert len(forms) > 10
    for route in forms:
        for persona in {one.kind: one for one in people if one.cookie}.values():
            if (status := _forge(app, persona, route)) != 400:
                problems.append(f"{route} for {persona.name}: {status}")
    assert not problems, "\n".join(problems)
    assert traces(app) == before


def _forge(app: Flask, persona: Persona, route: Route) -> int:
    client = app.test_client()
    client.set_cookie("portal", persona.cookie)
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    return client.open(route.path, method=route.method, data={"csrf_token": "forged"}, headers=headers).status_code
