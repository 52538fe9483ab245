"""A repeated request is answered like the first one and not executed."""

import datetime as dt
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.accounts.models import Team
from portal.core import clock
from portal.core.database import db
from portal.core.errors import Conflict, TooManyRequests, Unavailable
from portal.core.models import AuditEntry, IdempotencyKey
from tests.fair import Fair


def patch(
    client: FlaskClient, fair: Fair, key: str, body: Any, *, token: str | None = None, seat: int = 10
) -> TestResponse:
    """Change a seat with a key."""
    headers = fair.auth(token) | {"X-Idempotency-Key": key}
    return client.patch(f"{fair.base}/seats/{fair.seats[seat]}/", json=body, headers=headers)


def changes(app: Flask) -> int:
    """How many changes the audit log has."""
    with app.app_context():
        return int(db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) or 0)


def rows(app: Flask) -> list[IdempotencyKey]:
    """All keys."""
    with app.app_context():
        return list(db.session.scalars(sa.select(IdempotencyKey)))


def test_the_first_answer_is_given_again(app: Flask, client: FlaskClient, fair: Fair) -> None:
    first = patch(client, fair, "k1", {"blocked": True})
    assert patch(client, fair, "k2", {"blocked": False}).get_json()["blocked"] is False
    again = patch(client, fair, "k1", {"blocked": True})
    assert (again.status_code, again.get_data()) == (first.status_code, first.get_data())
    assert again.content_type == "application/json"
    assert again.get_json()["blocked"] is True
    assert client.get(f"{fair.base}/seats/{fair.seats[10]}/", headers=fair.auth()).get_json()["blocked"] is False
    assert changes(app) == 2


def test_another_request_with_the_same_key_is_not_executed(app: Flask, client: FlaskClient, fair: Fair) -> None:
    first = patch(client, fair, "k", {"blocked": True})
    assert patch(client, fair, "k", {"blocked": True}, seat=11).get_data() == first.get_data()
    assert changes(app) == 1


def test_keys_belong_to_credentials(app: Flask, client: FlaskClient, fair: Fair) -> None:
    assert patch(client, fair, "k", {"blocked": True}).status_code == 200
    assert patch(client, fair, "k", {"blocked": False}, token=fair.weak_token).status_code == 403
    assert patch(client, fair, "k", {"blocked": False}, token="x" * 64).status_code == 401
    assert client.patch(f"{fair.base}/seats/{fair.seats[10]}/", headers={"X-Idempotency-Key": "k"}).status_code == 401
    assert changes(app) == 1


def test_nobody_fills_the_table_without_credentials(app: Flask, client: FlaskClient, fair: Fair) -> None:
    patch(client, fair, "k", {"blocked": True}, token="x" * 64)
    client.patch("/api/v1/organizers/nothing/", headers={"X-Idempotency-Key": "k"})
    assert rows(app) == []


def test_refusals_are_remembered(app: Flask, client: FlaskClient, fair: Fair) -> None:
    assert patch(client, fair, "bad", {"blocked": "x"}).status_code == 400
    assert patch(client, fair, "bad", {"blocked": True}).get_json() == {"blocked": ["Must be a valid boolean."]}
    assert patch(client, fair, "weak", {"blocked": True}, token=fair.weak_token).status_code == 403
    with app.app_context():
        db.session.execute(sa.update(Team).values(can_change_event_settings=True))
        db.session.commit()
    assert patch(client, fair, "weak", {"blocked": True}, token=fair.weak_token).status_code == 403
    assert patch(client, fair, "new", {"blocked": True}, token=fair.weak_token).status_code == 200


def test_a_lost_permission_counts(app: Flask, client: FlaskClient, fair: Fair) -> None:
    patch(client, fair, "k", {"blocked": True})
    with app.app_context():
        db.session.execute(sa.update(Team).values(can_change_event_settings=False))
        db.session.commit()
    assert patch(client, fair, "k", {"blocked": True}).status_code == 403


@pytest.mark.parametrize(
    "error", [Conflict("x"), TooManyRequests("x", retry_after=1), Unavailable("x"), RuntimeError("x")]
)
def test_what_may_work_next_time_is_not_remembered(
    app: Flask, client: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(**_kwargs: Any) -> None:
        raise error

    app.testing = False
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    with monkeypatch.context() as patched:
        patched.setattr("portal.seating.services.set_blocked", fail)
        assert patch(client, fair, "k", {"blocked": True}).status_code in (409, 429, 500, 503)
    app.testing = True
    assert patch(client, fair, "k", {"blocked": True}).status_code == 200
    assert changes(app) == 1


def test_a_key_that_is_under_way(app: Flask, client: FlaskClient, fair: Fair) -> None:
    patch(client, fair, "k", {"blocked": True})
    with app.app_context():
        db.session.execute(sa.update(IdempotencyKey).values(status=None, body=None, created=clock.now()))
        db.session.commit()
    response = patch(client, fair, "k", {"blocked": False})
    assert response.status_code == 409
    assert "idempotency key" in response.get_json()["detail"]
    assert changes(app) == 1
    with app.app_context():
        db.session.execute(sa.update(IdempotencyKey).values(created=clock.now() - dt.timedelta(seconds=61)))
        db.session.commit()
    assert patch(client, fair, "k", {"blocked": False}).get_json()["blocked"] is False
    assert changes(app) == 2


def test_keys_live_a_day(app: Flask, client: FlaskClient, fair: Fair) -> None:
    patch(client, fair, "k", {"blocked": True})
    for hours, blocked in ((23, True), (25, False)):
        with app.app_context():
            db.session.execute(sa.update(IdempotencyKey).values(created=clock.now() - dt.timedelta(hours=hours)))
            db.session.commit()
        assert patch(client, fair, "k", {"blocked": False}).get_json()["blocked"] is blocked


def test_one_whose_key_was_taken_over_changes_nothing(
    app: Flask, client: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request slept for more than a minute; meanwhile the second one was executed."""
    from portal.seating import services  # noqa: PLC0415

    real = services.set_blocked

    def slow(**kwargs: Any) -> Any:
        done = real(**kwargs)
        db.session.execute(sa.update(IdempotencyKey).values(created=clock.now() + dt.timedelta(seconds=61)))
        return done

    with monkeypatch.context() as patched:
        patched.setattr(services, "set_blocked", slow)
        assert patch(client, fair, "k", {"blocked": True}).status_code == 409
    assert changes(app) == 0


def test_keys_that_cannot_be(app: Flask, client: FlaskClient, fair: Fair) -> None:
    assert patch(client, fair, "k" * 255, {"blocked": True}).status_code == 200
    response = patch(client, fair, "k" * 256, {"blocked": False})
    assert response.status_code == 400
    assert list(response.get_json()) == ["X-Idempotency-Key"]
    assert patch(client, fair, "", {"blocked": False}).status_code == 200
    assert patch(client, fair, "ÄÖ’ü😀".encode().decode("latin-1"), {"blocked": True}).status_code == 200
    assert len(rows(app)) == 2


def test_reading_takes_no_keys(app: Flask, client: FlaskClient, fair: Fair) -> None:
    client.get(f"{fair.base}/seats/", headers=fair.auth() | {"X-Idempotency-Key": "k"})
    assert rows(app) == []


def test_the_key_is_stored_hashed_credentials_never(app: Flask, client: FlaskClient, fair: Fair) -> None:
    patch(client, fair, "k", {"blocked": True})
    (row,) = rows(app)
    assert fair.token not in repr(vars(row))


def test_many_at_once_are_executed_once(app: Flask, fair: Fair) -> None:
    """Eight threads, one key: one change; the others get its answer, or 409 while it is not there."""
    start, answers = threading.Barrier(8), []

    def send() -> None:
        client = app.test_client()
        start.wait()
        for _ in range(4):
            response = patch(client, fair, "race", {"blocked": True})
            answers.append((response.status_code, response.get_data() if response.status_code == 200 else b""))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _body in answers} <= {200, 409}
    assert len({body for status, body in answers if status == 200}) == 1
    assert changes(app) == 1
