"""The doctor: quiet where all is well, and a sentence with what to do for each thing that is not."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core import clock, health, outbox
from portal.core.database import db, set_writing, side_write
from portal.core.queue import queue_of
from tests.fair import Fair
from tests.services import SmtpServer, free_port
from tests.working import mailing, setting


@pytest.fixture
def well(app: Flask, smtp_server: SmtpServer) -> Iterator[Flask]:
    """An installation that lacks nothing."""
    queue_of(app).beat()
    with (
        mailing(app, smtp_server),
        setting(app, base_url="https://fair.example.org", trusted_proxies=1, ratelimit_enabled=True),
    ):
        yield app
    queue_of(app).open().storage.flush_all()


def says(app: Flask) -> tuple[int, dict[str, list[str]]]:
    """The exit status, and the lines by verdict."""
    ended = app.test_cli_runner().invoke(args=["doctor"])
    assert "Traceback" not in ended.output
    lines: dict[str, list[str]] = {"ok": [], "WARNING": [], "WRONG": []}
    for line in ended.output.splitlines()[:-1]:
        if not line.startswith(" "):
            verdict, _, rest = line.partition(" ")
            lines[verdict].append(rest.strip())
    return ended.exit_code, lines


def test_all_is_well(well: Flask) -> None:
    status, lines = says(well)
    assert (status, lines["WARNING"], lines["WRONG"]) == (0, [], [])
    looked_at = {line.partition(":")[0] for line in lines["ok"]}
    assert {
        "SECRET_KEY",
        "BASE_URL",
        "database",
        "migrations",
        "worker",
        "mail",
        "outbox",
        "INSTANCE_PATH",
    } <= looked_at


@pytest.mark.parametrize(
    ("values", "verdict", "line"),
    [
        ({"secret_key": ""}, "WRONG", "SECRET_KEY: it is not set"),
        ({"env": "development"}, "WARNING", "PORTAL_ENV: development"),
        ({"base_url": None}, "WARNING", "BASE_URL: it is not set"),
        ({"base_url": "http://fair.example.org"}, "WARNING", "BASE_URL: it is not https"),
        ({"trusted_proxies": 0}, "WARNING", "TRUSTED_PROXIES: 0"),
        ({"ratelimit_enabled": False}, "WARNING", "RATELIMIT_ENABLED: limits are off"),
        ({"smtp": None}, "WARNING", "mail: mails become files"),
        ({"instance_path": Path("/nowhere/at/all")}, "WRONG", "INSTANCE_PATH: /nowhere/at/all does not exist"),
        ({"redis_url": "redis://:secret@127.0.0.1:1/0"}, "WRONG", "redis: it does not answer"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_settings(well: Flask, values: dict[str, Any], verdict: str, line: str) -> None:
    with setting(well, **values):
        status, lines = says(well)
    assert [found for found in lines[verdict] if found.startswith(line)], lines
    assert status == (1 if verdict == "WRONG" else 0)
    assert "secret@" not in str(lines)


def test_a_mail_server_that_is_not_there(well: Flask) -> None:
    with setting(well, smtp=type(well.config["PORTAL"].smtp)("127.0.0.1", free_port(), password="hush")):
        status, lines = says(well)
    assert (status, [line for line in lines["WRONG"] if line.startswith("mail: 127.0.0.1:")] != []) == (1, True)
    assert "hush" not in str(lines)


def test_no_worker(well: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + dt.timedelta(minutes=5)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: later)
        assert [line for line in says(well)[1]["WRONG"] if line.startswith("worker: no sign of life since")]
    queue_of(well).open().storage.flush_all()
    assert "worker: none has given a sign of life" in says(well)[1]["WRONG"]


def test_mails_that_failed_or_are_late(well: Flask) -> None:
    with well.app_context():
        set_writing(True)
        for verdict, late in (("failed", 0), ("waiting", 3600)):
            row = outbox.put("code_request", {})
            row.status, row.not_before = verdict, clock.now() - dt.timedelta(seconds=late)
        db.session.commit()
    status, lines = says(well)
    assert status == 1
    assert "outbox: 1 could not be done" in lines["WARNING"]
    assert "outbox: 1 have waited for more than 15 minutes" in lines["WRONG"]


@pytest.mark.parametrize(("version", "said"), [("0001", "not at the newest"), ("9999", "newer portal")])
def test_another_schema(well: Flask, version: str, said: str) -> None:
    with well.app_context():
        before = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
        db.session.rollback()
        _set_version(version)
    try:
        status, lines = says(well)
    finally:
        with well.app_context():
            _set_version(str(before))
    assert (status, [line for line in lines["WRONG"] if line.startswith("migrations") and said in line] != []) == (
        1,
        True,
    )


def _set_version(version: str) -> None:
    with side_write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def test_a_full_disk(well: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 50 * 1024**2})
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _place: usage)
        status, lines = says(well)
    assert status == 1
    assert any("50 MiB free" in line for line in lines["WRONG"])


def test_no_database(well: Flask, fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("connect", {}, OSError("postgresql://portal:secret@db/portal"))

    with monkeypatch.context() as patched:
        patched.setattr(health, "current_schema", refuse)
        status, lines = says(well)
    assert (status, "database: it does not answer (OperationalError)" in lines["WRONG"]) == (1, True)
    assert "secret" not in str(lines).replace("secret-key", "").replace("SECRET_KEY", "")
