"""The outbox: work that leaves the house after the commit that asked for it, and the rules by which it is done once.

A service calls `put` inside its transaction. A feature's ``jobs.py`` says with `register` how a kind is prepared. A
worker calls `deliver`: it claims the row by one conditional update, lets the kind prepare in a reading transaction,
ends that, and only then does what goes over the network.
"""

import datetime as dt
import smtplib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import sqlalchemy as sa
import structlog
from flask import Flask, current_app

from portal.core import clock
from portal.core.database import db, reading, side_write
from portal.core.meters import JOB_SECONDS, JOBS
from portal.core.models import OutboxMessage

log = structlog.get_logger()

#: A claimed row is its worker's for so long; longer than any job may take. Afterwards the worker counts as dead.
LEASE = dt.timedelta(minutes=3)
#: How long to wait after the first, second, … failed attempt; after the last one the row has failed.
BACKOFF = (
    dt.timedelta(minutes=1),
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=2),
)
#: How long finished rows are kept, for those who look after the installation.
KEPT = {"done": dt.timedelta(days=30), "failed": dt.timedelta(days=90)}

_SAID = 300


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed row."""

    id: int
    kind: str
    payload: dict[str, Any]
    attempts: int
    created: dt.datetime

    @property
    def key(self) -> str:
        """The same for every attempt and no other row anywhere; a mail's id is made of it."""
        return f"{self.kind}-{self.id}-{self.created:%Y%m%d%H%M%S%f}"


#: What preparing returns: the work, done with no transaction open, or None where nothing is to be done.
Work = Callable[[], None] | None
Prepare = Callable[[Job], Work]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; ``skipped`` is a row that is not due or another worker's."""

    status: Literal["done", "waiting", "failed", "skipped"]
    retry_at: dt.datetime | None = None


class Abandon(Exception):
    """Raised by a kind whose work can never succeed; the row fails without another attempt. The text is stored."""


def register(app: Flask, kind: str, prepare: Prepare) -> None:
    """Say how rows of a kind are prepared; ``jobs.init_app`` of each feature does."""
    kinds = app.extensions.setdefault("outbox", {})
    if kind in kinds:
        raise RuntimeError(f"two features prepare “{kind}”")
    kinds[kind] = prepare


def put(kind: str, payload: dict[str, Any], *, not_before: dt.datetime | None = None) -> OutboxMessage:
    """Ask for work after the commit of the current transaction; nothing happens where that is rolled back.

    ``payload`` is JSON. Put ids and addresses there and read the rest when the work is prepared: what was true at the
    commit may have changed, and secrets do not belong here.
    """
    message = OutboxMessage(kind=kind, payload=payload)
    if not_before is not None:
        message.not_before = not_before
    db.session.add(message)
    db.session.info.setdefault("outbox", []).append(message)
    return message


def _is_due(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Waiting and due, or running under a lease that has ended: its worker died."""
    return sa.and_(OutboxMessage.status.in_(("waiting", "running")), OutboxMessage.not_before <= now)


def due(*, after: int = 0, limit: int = 500) -> list[int]:
    """The ids of rows beyond ``after`` that a worker should take now, the oldest first."""
    statement = (
        sa.select(OutboxMessage.id)
        .where(OutboxMessage.id > after, _is_due(clock.now()))
        .order_by(OutboxMessage.id)
        .limit(limit)
    )
    with reading(), db.engine.connect() as connection:
        return list(connection.scalars(statement))


def _claim(message_id: int) -> Job | None:
    now = clock.now()
    statement = (
        sa.update(OutboxMessage)
        .where(OutboxMessage.id == message_id, _is_due(now))
        .values(status="running", attempts=OutboxMessage.attempts + 1, not_before=now + LEASE)
        .returning(
            OutboxMessage.id,
            OutboxMessage.kind,
            OutboxMessage.payload,
            OutboxMessage.attempts,
            OutboxMessage.created,
        )
    )
    with side_write() as connection:
        row = connection.execute(statement).one_or_none()
    return None if row is None else Job(*row)


def _finish(job: Job, **values: Any) -> bool:
    """Write down how the attempt ended, where the row is still this attempt's."""
    with side_write() as connection:
        result = connection.execute(
            sa.update(OutboxMessage)
            .where(
                OutboxMessage.id == job.id,
                OutboxMessage.status == "running",
                OutboxMessage.attempts == job.attempts,
            )
            .values(**values)
        )
    return cast("sa.CursorResult[Any]", result).rowcount == 1


def _prepare(job: Job) -> Work:
    kinds: dict[str, Prepare] = current_app.extensions.get("outbox", {})
    if job.kind not in kinds:
        raise LookupError(f"nothing prepares “{job.kind}”")
    with reading():
        try:
            return kinds[job.kind](job)
        finally:
            db.session.remove()


def deliver(message_id: int) -> Outcome:
    """Do one row's work, if it is due and nobody else's. Call it with no transaction open."""
    job = _claim(message_id)
    if job is None:
        return Outcome("skipped")
    started = time.perf_counter()
    try:
        work = _prepare(job)
        if work is not None:
            work()
    except Exception as error:
        outcome = _failed(job, error)
    else:
        outcome = Outcome("done")
        _finish(job, status="done", finished=clock.now(), last_error=None)
    seconds = time.perf_counter() - started
    JOBS.labels(job.kind, "retried" if outcome.status == "waiting" else outcome.status).inc()
    JOB_SECONDS.labels(job.kind).observe(seconds)
    log.info("job", id=job.id, kind=job.kind, status=outcome.status, attempt=job.attempts, ms=round(seconds * 1000, 1))
    return outcome


def _failed(job: Job, error: Exception) -> Outcome:
    said = describe(error)
    if not isinstance(error, Abandon | OSError):
        log.error("job.crashed", id=job.id, kind=job.kind, exc_info=error)
    if isinstance(error, Abandon) or job.attempts > len(BACKOFF):
        log.error("job.failed", id=job.id, kind=job.kind, error=said)
        _finish(job, status="failed", finished=clock.now(), last_error=said)
        return Outcome("failed")
    retry_at = clock.now() + BACKOFF[job.attempts - 1]
    log.warning("job.retry", id=job.id, kind=job.kind, error=said, retry_at=retry_at.isoformat(timespec="seconds"))
    kept = _finish(job, status="waiting", not_before=retry_at, last_error=said)
    return Outcome("waiting", retry_at if kept else None)


def describe(error: Exception) -> str:
    """What went wrong, for the row and the log: the kind of error and the server's answer, nothing of the payload."""
    name = type(error).__name__
    if isinstance(error, Abandon):
        return str(error)[:_SAID]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = {f"{code} {_text(answer)}" for code, answer in error.recipients.values()}
        return f"{name}: {'; '.join(sorted(answers))}"[:_SAID]
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{name}: {error.smtp_code} {_text(error.smtp_error)}"[:_SAID]
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return f"{name}: {error}"[:_SAID]
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"[:_SAID]
    return name


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def counts() -> Sequence[tuple[str, str, int]]:
    """How many rows there are, by kind and status."""
    statement = sa.select(OutboxMessage.kind, OutboxMessage.status, sa.func.count()).group_by(
        OutboxMessage.kind, OutboxMessage.status
    )
    return [(kind, status, count) for kind, status, count in db.session.execute(statement)]


def purge() -> int:
    """Delete what was finished long ago; how many rows."""
    now = clock.now()
    old = sa.or_(
        *(sa.and_(OutboxMessage.status == status, OutboxMessage.finished < now - kept) for status, kept in KEPT.items())
    )
    with side_write() as connection:
        return cast("sa.CursorResult[Any]", connection.execute(sa.delete(OutboxMessage).where(old))).rowcount
