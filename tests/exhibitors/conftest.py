"""A script that asks for exhibitors, and looking at what is stored."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.queries import token_scope
from tests.fair import Fair
from tests.seating.conftest import Api
from tests.services import SmtpServer
from tests.working import mailing

ACTOR = Actor(kind="token", id=1, label="a script")


@pytest.fixture
def api(client: FlaskClient, fair: Fair) -> Api:
    """A script with the fair's strong token."""
    return Api(client, fair)


@pytest.fixture
def stored(app: Flask) -> Callable[[Any], list[Any]]:
    """The rows of a statement, in a session of its own."""

    def read(statement: Any) -> list[Any]:
        with app.app_context():
            return list(db.session.execute(statement).all())

    return read


@pytest.fixture
def audited(stored: Callable[[Any], list[Any]]) -> Callable[[], list[Any]]:
    """Action, actor, object and data of everything in the audit log."""

    def read() -> list[Any]:
        entry = AuditEntry
        return stored(sa.select(entry.action, entry.actor_label, entry.object_id, entry.data).order_by(entry.id))

    return read


@pytest.fixture
def scope(app: Flask, fair: Fair) -> EventScope:
    """The fair's event as its strong token sees it."""
    with app.app_context():
        found = token_scope(fair.token, "bigevents", "sampleconf")
        assert found is not None
        assert found[1] is not None
        return found[1]


@pytest.fixture
def smtp(app: Flask, smtp_server: SmtpServer) -> Iterator[SmtpServer]:
    """Mails of the app go to a real server."""
    with mailing(app, smtp_server):
        yield smtp_server
