"""What tests of the organizer's pages do again and again: sign in, post a form, look at what is stored."""

import html
import re
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.database import db
from portal.core.models import AuditEntry
from tests.browserless import csrf_token

LIST = "/organizer/bigevents/sampleconf/exhibitors/"


def post(client: FlaskClient, path: str, data: dict[str, Any] | None = None, page: str = f"{LIST}new") -> TestResponse:
    """Send a form with the token of a page that the browser may open."""
    return client.post(path, data={"csrf_token": csrf_token(client.get(page)), **(data or {})})


def flashes(client: FlaskClient, path: str = LIST) -> str:
    """The next page, as text: what was just done stands on it."""
    return words(client.get(path).text)


def words(text: str) -> str:
    """A page's text without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def stored(app: Flask, statement: Any) -> list[Any]:
    """The rows of a statement, in a session of its own."""
    with app.app_context():
        return list(db.session.execute(statement).all())


def audited(app: Flask) -> list[tuple[str, int | None, Any]]:
    """Action, object and data of everything in the audit log but sign-ins."""
    entry = AuditEntry
    statement = sa.select(entry.action, entry.object_id, entry.data).where(entry.action.not_like("%signed%"))
    return [tuple(row) for row in stored(app, statement.order_by(entry.id))]
