"""Guessing an application's secret is limited by address; the right one works at any time."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.app import create_app
from portal.config import Config
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.web import limits
from tests.oauth_personas import SECRET, ask_token


@pytest.fixture
def limited(app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """Another server on the same database, with a small limit."""
    monkeypatch.setattr(limits, "CLIENTS_BY_ADDRESS", limits.Limit("clients", 2, 600))
    server = create_app(replace(config, ratelimit_enabled=True))
    yield server
    with server.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
def test_wrong_secrets(limited: Flask, planner: int) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    statuses = [ask_token(limited, secret=f"wrong {number}", **form).status_code for number in range(4)]
    assert statuses == [401, 401, 429, 429]
    refused = ask_token(limited, secret="wrong", **form)
    assert int(refused.headers["Retry-After"]) > 500
    assert set(refused.get_json()) == {"detail"}
    assert ask_token(limited, secret=SECRET, **form).get_json()["error"] == "invalid_grant"
    with limited.app_context():
        written = db.session.scalars(sa.select(AuditEntry.data).where(AuditEntry.action == "limit.reached")).all()
    assert [entry["limit"] for entry in written] == ["clients"]
