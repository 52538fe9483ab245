"""Reading an exhibitor's pages, and sending their forms by htmx or without script."""

import html
import re
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.database import db
from portal.leads.models import Lead, LeadVersion
from tests.browserless import csrf_token

LEADS = "/exhibitor/leads"


def names(answer: TestResponse) -> list[str]:
    """The names in the list, in their order."""
    found = re.findall(r'class="lead">\s*<a href="/exhibitor/leads/\d+[^"]*">([^<]+)</a>', answer.text)
    return [html.unescape(name) for name in found]


def by_htmx(client: FlaskClient, lead_id: int, **data: Any) -> TestResponse:
    """A change in place."""
    token = csrf_token(client.get(f"{LEADS}/{lead_id}"))
    return client.post(f"{LEADS}/{lead_id}", data=data, headers={"HX-Request": "true", "X-CSRFToken": token})


def by_form(client: FlaskClient, lead_id: int, **data: Any) -> TestResponse:
    """The same by a plain form."""
    token = csrf_token(client.get(f"{LEADS}/{lead_id}"))
    return client.post(f"{LEADS}/{lead_id}", data={"csrf_token": token, **data})


def stored(app: Flask, lead_id: int) -> Lead:
    """A lead as the database has it."""
    with app.app_context():
        return db.session.get_one(Lead, lead_id)


def versions(app: Flask, lead_id: int) -> list[tuple[str, int | None, list[str]]]:
    """The history, the oldest first."""
    with app.app_context():
        rows = db.session.execute(
            sa.select(LeadVersion.notes, LeadVersion.rating, LeadVersion.tags)
            .where(LeadVersion.lead_id == lead_id)
            .order_by(LeadVersion.id)
        )
        return [(notes, rating, tags) for notes, rating, tags in rows]
