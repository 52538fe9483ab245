"""Helpers of the sign-in tests: rows of sessions and the audit log, and counted statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Session
from portal.app import create_app
from portal.config import Config
from portal.core.database import db
from portal.core.models import AuditEntry

MakeServer = Callable[..., Flask]


@pytest.fixture(scope="session")
def make_server(config: Config) -> Iterator[MakeServer]:
    """``make_server(redis_url=…)``: another server on the same database, with other settings."""
    made: list[Flask] = []

    def make(**settings: Any) -> Flask:
        made.append(create_app(replace(config, **settings)))
        return made[-1]

    yield make
    for server in made:
        with server.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def limited_server(make_server: MakeServer) -> Flask:
    """A server with limits."""
    return make_server(ratelimit_enabled=True)


@pytest.fixture
def limited(app: Flask, limited_server: Flask) -> Flask:
    """A server with limits, on the test's clean database."""
    return limited_server


@pytest.fixture
def sessions(app: Flask) -> Callable[[], list[Session]]:
    """All session rows, oldest first."""

    def rows() -> list[Session]:
        with app.app_context():
            return list(db.session.scalars(sa.select(Session).order_by(Session.id)))

    return rows


@pytest.fixture
def audit(app: Flask) -> Callable[[], list[AuditEntry]]:
    """All audit entries, oldest first."""

    def rows() -> list[AuditEntry]:
        with app.app_context():
            return list(db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))

    return rows


@pytest.fixture
def statements(app: Flask) -> Callable[[], Any]:
    """``with statements() as seen``: what is sent to the database meanwhile."""

    @contextmanager
    def watch() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        with app.app_context():
            engine = db.engine
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)

    return watch


def is_signed_in(client: FlaskClient) -> bool:
    """Whether the start page sends this browser home."""
    return client.get("/").status_code == 303
