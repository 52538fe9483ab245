"""Health, readiness and metrics: what machines ask, and what they learn."""

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core import clock, health, outbox
from portal.core.database import db, side_write
from portal.core.queue import Queue, queue_of
from tests.browserless import sign_in
from tests.fair import Fair
from tests.working import setting, work


@pytest.fixture
def queue(app: Flask) -> Iterator[Queue]:
    """The app's queue, with a worker behind it that has just given a sign of life."""
    queue = queue_of(app)
    queue.beat()
    yield queue
    queue.open().storage.flush_all()


def test_alive_needs_no_database(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the database was asked")

    with monkeypatch.context() as patched:
        patched.setattr(sa.engine.Engine, "connect", refuse)
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_ready(app: Flask, client: FlaskClient, queue: Queue) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def problems(client: FlaskClient) -> dict[str, str]:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["status"] == "not ready"
    found: dict[str, str] = answer.json["problems"]
    return found


def test_not_ready_without_a_worker(app: Flask, client: FlaskClient, queue: Queue) -> None:
    queue.open().storage.flush_all()
    assert problems(client) == {"worker": "No worker has given a sign of life."}


def test_not_ready_when_the_worker_is_gone(
    app: Flask, client: FlaskClient, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + health.GONE_AFTER + dt.timedelta(seconds=5)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert list(problems(client)) == ["worker"]


def test_not_ready_before_the_migrations(app: Flask, client: FlaskClient, queue: Queue) -> None:
    with app.app_context():
        before = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
        db.session.rollback()
        _set_version("0000")
    try:
        assert problems(client) == {
            "migrations": "The database is not at the newest schema. Run: flask --app wsgi db upgrade"
        }
    finally:
        with app.app_context():
            _set_version(str(before))


def _set_version(version: str) -> None:
    with side_write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def test_not_ready_without_a_database(
    app: Flask, client: FlaskClient, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("connect", {}, OSError("postgresql://portal:secret@db/portal"))

    monkeypatch.setattr(health, "current_schema", refuse)
    assert problems(client) == {"database": "The database does not answer."}


def test_not_ready_without_the_queue(
    app: Flask, client: FlaskClient, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionError("redis://:secret@redis")

    monkeypatch.setattr(queue.open().storage, "peek_data", refuse)
    assert problems(client) == {"queue": "The job queue does not answer."}


# --------------------------------------------------------------------------------------------------------- metrics


def test_without_the_setting_there_are_no_metrics(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_metrics_are_for_the_token_alone(app: Flask, client: FlaskClient, fair: Fair) -> None:
    with setting(app, metrics_token="open sesame"):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Token open sesame"}):
            refused = client.get("/metrics", headers=headers)
            assert refused.status_code == 401
            assert refused.headers["WWW-Authenticate"] == "Bearer"
        sign_in(client, fair.admin_email)
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Bearer open sesame"}).status_code == 200


def test_what_is_counted(app: Flask, client: FlaskClient, fair: Fair) -> None:
    client.get(f"/e/{fair.full_code}")
    client.get("/nowhere/at/all")
    client.open("/healthz", method="BREW")
    with app.app_context():
        outbox.put("code_request", {"email": "nobody@example.org", "base_url": "http://localhost"})
        outbox.put("code_request", {"email": "nobody@example.org", "base_url": "http://localhost"})
        db.session.commit()
        outbox.deliver(outbox.due()[0])
    with setting(app, metrics_token="open sesame"):
        answer = client.get("/metrics", headers={"Authorization": "Bearer open sesame"})
    assert answer.content_type.startswith("text/plain")
    lines = answer.text.splitlines()
    names = {line.rpartition(" ")[0] for line in lines}
    assert 'portal_requests_total{method="GET",route="/e/<code>",status="200"}' in names
    assert 'portal_requests_total{method="GET",route="(none)",status="404"}' in names
    assert 'portal_requests_total{method="OTHER",route="(none)",status="405"}' in names
    assert 'portal_request_seconds_bucket{le="0.05",method="GET",route="/e/<code>"}' in names
    assert 'portal_jobs_total{kind="code_request",outcome="done"}' in names
    assert 'portal_outbox{kind="code_request",status="done"} 1.0' in lines
    assert 'portal_outbox{kind="code_request",status="waiting"} 1.0' in lines
    assert fair.full_code not in answer.text
    assert "nowhere" not in answer.text
    work(app)
