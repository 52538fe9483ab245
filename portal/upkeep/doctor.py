"""What is wrong with an installation, and what to do about it."""

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from flask import current_app
from redis import Redis, RedisError

from portal.config import Config
from portal.core import clock, health, mail, outbox
from portal.core.database import db
from portal.core.models import OutboxMessage
from portal.core.queue import queue_of

Verdict = Literal["ok", "warning", "wrong"]

#: Below so much free space a warning, and an alarm.
LITTLE_SPACE, NO_SPACE = 1024**3, 100 * 1024**2
#: A mail that waits longer than this is not on its way.
LONG_WAIT = timedelta(minutes=15)
CLOCKS_APART = timedelta(seconds=5)
_UPGRADE = "flask --app wsgi db upgrade"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do where it is not well."""

    what: str
    verdict: Verdict
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Look at everything; what cannot be looked at is wrong, and never stops the rest."""
    found: list[Finding] = []
    checks: tuple[tuple[str, Callable[[Config], Iterator[Finding]]], ...] = (
        ("settings", _settings),
        ("disk", _disk),
        ("database", _database),
        ("redis", _redis),
        ("queue", _queue),
        ("mail", _mail),
    )
    for name, check in checks:
        try:
            found += check(current_app.config["PORTAL"])
        except Exception as error:
            # Its text may hold an address with a password.
            found.append(Finding(name, "wrong", f"it could not be looked at ({type(error).__name__})", "See the log."))
        finally:
            db.session.rollback()
    return found


def _settings(config: Config) -> Iterator[Finding]:
    file = config.instance_path / "secret-key"
    if not config.secret_key:
        yield Finding(
            "SECRET_KEY", "wrong", "it is not set", "Set it to a long random text that stays the same; serve needs it."
        )
    elif file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield Finding("SECRET_KEY", "wrong", f"others may read {file}", f"Run: chmod 600 {file}")
    else:
        yield Finding("SECRET_KEY", "ok", "it is set")
    if config.development:
        yield Finding("PORTAL_ENV", "warning", "development", "Unset it where people work with the portal.")
    if config.base_url is None:
        yield Finding(
            "BASE_URL", "warning", "it is not set", "Set it, or mails that anybody may ask for hold no links."
        )
    elif not config.https:
        yield Finding("BASE_URL", "warning", "it is not https", "Passwords and codes cross the network in the clear.")
    else:
        yield Finding("BASE_URL", "ok", config.base_url)
    if config.https and config.trusted_proxies == 0:
        advice = "Set it to the number of proxies in front, or all people share one address and its limits."
        yield Finding("TRUSTED_PROXIES", "warning", "0, although https ends before the portal", advice)
    if not config.ratelimit_enabled:
        yield Finding(
            "RATELIMIT_ENABLED", "warning", "limits are off", "Unset it: passwords can be guessed at any rate."
        )


def _disk(config: Config) -> Iterator[Finding]:
    places = [("INSTANCE_PATH", config.instance_path)]
    if file := sqlite_file(config):
        places.append(("the database's folder", file.parent))
    for name, place in places:
        if not place.is_dir():
            yield Finding(name, "wrong", f"{place} does not exist", "Make it, owned by who runs the portal.")
            continue
        free = shutil.disk_usage(place).free
        verdict: Verdict = "wrong" if free < NO_SPACE else "warning" if free < LITTLE_SPACE else "ok"
        advice = "" if verdict == "ok" else "Make room: without it nothing can be saved."
        yield Finding(name, verdict, f"{place}, {free // 1024**2:,} MiB free", advice)
        probe = place / ".doctor"
        try:
            probe.touch()
            probe.unlink()
        except OSError:
            yield Finding(
                name, "wrong", f"{place} cannot be written", "Run this as who runs the portal, or change its owner."
            )


def _database(config: Config) -> Iterator[Finding]:
    advice = "Check DATABASE_URL, and that the server runs and lets us in."
    try:
        current = health.current_schema()
        version = ".".join(map(str, db.engine.dialect.server_version_info or ()))
    except sa.exc.SQLAlchemyError as error:
        yield Finding("database", "wrong", f"it does not answer ({type(error).__name__})", advice)
        return
    yield Finding("database", "ok", f"{db.engine.dialect.name} {version}")
    if current == health.newest_schema():
        yield Finding("migrations", "ok", ", ".join(sorted(current)))
    elif current <= health.known_schemas():
        yield Finding("migrations", "wrong", "the database is not at the newest schema", f"Run: {_UPGRADE}")
    else:
        yield Finding("migrations", "wrong", "the database is of a newer portal", "Install that version again.")
    if file := sqlite_file(config):
        with sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True) as connection:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        connection.close()
        if said != "ok":
            yield Finding("database", "wrong", f"{file} is damaged", "Stop the portal and restore the last backup.")
    else:
        apart = abs(db.session.execute(sa.select(sa.func.clock_timestamp())).scalar_one() - clock.now())
        if apart > CLOCKS_APART:
            seconds = round(apart.total_seconds())
            yield Finding(
                "clock", "warning", f"the database's differs by {seconds} s", "Let both follow a time server."
            )


def _redis(config: Config) -> Iterator[Finding]:
    if config.redis_url is None:
        return
    try:
        client = Redis.from_url(config.redis_url, socket_connect_timeout=2, socket_timeout=2)
        try:
            client.ping()
        finally:
            client.close()
    except RedisError as error:
        advice = "Check REDIS_URL; until it answers, limits are counted in the database and mails wait."
        yield Finding("redis", "wrong", f"it does not answer ({type(error).__name__})", advice)
    else:
        yield Finding("redis", "ok", "it answers")


def _queue(config: Config) -> Iterator[Finding]:
    if not config.secret_key:
        return  # which signs what lies in it
    try:
        beat = queue_of(current_app).last_beat()
    except Exception as error:
        yield Finding(
            "queue", "wrong", f"it does not answer ({type(error).__name__})", "Check REDIS_URL or DATABASE_URL."
        )
        return
    start = "Start one: flask --app wsgi serve, or flask --app wsgi worker."
    if beat is None:
        yield Finding("worker", "wrong", "none has given a sign of life", start)
    elif clock.now() - beat > health.GONE_AFTER:
        yield Finding("worker", "wrong", f"no sign of life since {beat:%Y-%m-%d %H:%M:%S} UTC", start)
    else:
        yield Finding("worker", "ok", f"alive at {beat:%H:%M:%S} UTC")


def _mail(config: Config) -> Iterator[Finding]:
    if config.smtp is None:
        yield Finding("mail", "warning", f"mails become files in {mail.folder(config)}", "Set SMTP_URL.")
    else:
        server = f"{config.smtp.host}:{config.smtp.port}"
        try:
            mail.reach(patience=10)
        except OSError as error:
            said = outbox.describe(error)
            yield Finding("mail", "wrong", f"{server}: {said}", "Check SMTP_URL, and that the server lets us in.")
        else:
            yield Finding("mail", "ok", f"{server} takes mails")
    failed, late = db.session.execute(
        sa.select(
            sa.func.count().filter(OutboxMessage.status == "failed"),
            sa.func.count().filter(
                OutboxMessage.status == "waiting",
                OutboxMessage.attempts == 0,
                OutboxMessage.not_before < clock.now() - LONG_WAIT,
            ),
        )
    ).one()
    if failed:
        yield Finding("outbox", "warning", f"{failed} could not be done", "The log says why: look for the event “job”.")
    if late:
        minutes = int(LONG_WAIT.total_seconds() // 60)
        yield Finding("outbox", "wrong", f"{late} have waited for more than {minutes} minutes", "See to the worker.")
    if not failed and not late:
        yield Finding("outbox", "ok", "nothing failed, nothing is late")


def sqlite_file(config: Config) -> Path | None:
    """The file of an SQLite database; None for another."""
    kind, _, path = config.database_uri.partition(":///")
    return Path(path).absolute() if kind.startswith("sqlite") and path else None
