"""The log: one line a request with what is needed, in JSON, and never a secret."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db, set_writing
from portal.web import logs
from tests.browserless import post_form, sign_in
from tests.fair import PASSWORD, Fair
from tests.working import work


class Log(io.StringIO):
    """What was logged."""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def requests(self) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == "request"]


def _configured(*, development: bool) -> Iterator[Log]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = Log()
    logs.configure(development=development, stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


@pytest.fixture
def log() -> Iterator[Log]:
    """The log as in production."""
    yield from _configured(development=False)


@pytest.fixture
def console() -> Iterator[Log]:
    """The log as in development."""
    yield from _configured(development=True)


def test_a_request_is_one_line(client: FlaskClient, fair: Fair, log: Log) -> None:
    sign_in(client, fair.organizer_email)
    answer = client.get("/e/", headers={"X-Request-ID": "from-the-proxy-1"})
    assert answer.headers["X-Request-ID"] == "from-the-proxy-1"
    line = log.requests()[-1]
    assert line.pop("ms") > 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "route": "/e/",
        "status": 200,
        "actor": "anonymous",
        "request_id": "from-the-proxy-1",
    }


def test_it_says_who_acted(client: FlaskClient, fair: Fair, log: Log) -> None:
    client.get(f"{fair.base}/seats/", headers=fair.auth())
    assert str(log.requests()[-1]["actor"]).startswith("token:")


def test_machines_that_ask_all_the_time_are_not_heard(client: FlaskClient, log: Log) -> None:
    client.get("/healthz")
    client.get("/static/css/base.css").close()
    assert log.requests() == []
    client.get("/static/missing.css")
    assert [line["status"] for line in log.requests()] == [404]


def everything(app: Flask, client: FlaskClient, fair: Fair) -> None:
    """Every way to hand a secret in, right and wrong."""
    for code in (fair.full_code, "WRNG-2345 6"):
        post_form(client, "/e/", {"code": code})
        client.get(f"/e/{code}")
        post_form(client, f"/e/{code}")
    client.get(
        "/e/", query_string={"next": f"/e/{fair.full_code}"}, headers={"Referer": f"http://x/e/{fair.full_code}"}
    )
    post_form(client, "/login", {"email": fair.organizer_email, "password": PASSWORD})
    for token in (fair.token, "z" * 64):
        client.get(f"{fair.base}/seats/", headers=fair.auth(token))
        client.get(f"{fair.base}/seats/?token={token}", headers={"Authorization": f"Bearer {token}"})
        client.get("/exhibitors/api/v1/profile", headers={"Authorization": f"Exhibitor {fair.full_code}"})
    for prefix in ("pretixdroid", "eventyaydroid"):
        api = f"/{prefix}/api/bigevents/sampleconf"
        client.get(f"{api}/status/?key={fair.device_key}")
        client.post(f"{api}/redeem/?key={fair.device_key}", data={"secret": "secret1x0001abcdefgh"})
    post_form(client, "/e/send", {"email": "johnson@as.example.org"})
    work(app)


def secrets_of(fair: Fair) -> tuple[str, ...]:
    return (
        fair.full_code,
        fair.scanning_code,
        "WRNG",
        PASSWORD,
        fair.token,
        "z" * 64,
        fair.device_key,
        "johnson@as",
        "secret1x0001",
    )


def test_no_secret_is_ever_logged(app: Flask, client: FlaskClient, fair: Fair, log: Log) -> None:
    everything(app, client, fair)
    said = log.getvalue()
    assert len(log.requests()) > 15
    assert any(line["event"] == "job" for line in log.lines())
    assert [secret for secret in secrets_of(fair) if secret in said] == []


def test_nor_in_development(app: Flask, client: FlaskClient, fair: Fair, console: Log) -> None:
    everything(app, client, fair)
    said = console.getvalue()
    assert "/e/<code>" in said
    assert [secret for secret in secrets_of(fair) if secret in said] == []


@pytest.mark.parametrize("development", [False, True], ids=["production", "development"])
def test_a_crash_is_told_without_values(app: Flask, development: bool) -> None:
    """Neither variables, nor parameters of a statement, nor what the database repeats of a row."""
    log = structlog.get_logger()
    secret = "VKHZ" + "2FU84"

    def look_up(code: str) -> None:
        db.session.execute(sa.text("SELECT :code FROM nowhere"), {"code": code})

    for stream in _configured(development=development):
        with app.app_context():
            set_writing(True)
            try:
                look_up(secret)
            except sa.exc.SQLAlchemyError as error:
                log.error("crash", exc_info=error)
                logging.getLogger("some.library").error("crash", exc_info=error)
            finally:
                db.session.rollback()
        detail = RuntimeError(f"duplicate key\nDETAIL:  Key (lookup)=({secret}) already exists.")
        log.error("crash", exc_info=detail)
        said = stream.getvalue()
        assert said.count("crash") >= 3
        assert "look_up" in said
        assert "nowhere" in said
        assert secret not in said


def test_what_libraries_say_takes_the_same_form(log: Log) -> None:
    logging.getLogger("some.library").warning("It is %s", "late")
    line = log.lines()[-1]
    assert (line["event"], line["level"], line["logger"]) == ("It is late", "warning", "some.library")


def test_requests_of_libraries_are_not_printed(log: Log) -> None:
    """They name whole addresses."""
    for name in ("werkzeug", "httpx", "urllib3", "sqlalchemy.engine"):
        logging.getLogger(name).info("GET /e/VKHZ2FU84")
    assert log.getvalue() == ""
