"""The job queue: huey wakes a worker for outbox rows, and sweeps up every minute what no wake-up reached.

The outbox is the truth and the queue only a bell: a wake-up that is lost, doubled or late does no harm.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
from flask import Flask, current_app
from huey import Huey, crontab
from huey.constants import EmptyData
from huey.serializer import SignedSerializer
from huey.storage import PostgresStorage, RedisStorage, SqliteStorage
from redis import ConnectionPool
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, SessionTransaction

from portal.core import clock, outbox, uploads
from portal.core.database import PortalSession
from portal.core.models import OutboxMessage

log = structlog.get_logger()

#: Up to so many rows of one transaction get a wake-up each; more of them one for all.
EACH = 50
#: So many rows are woken by one sweep.
AT_ONCE = 500
_HEARTBEAT = "heartbeat"


class Queue:
    """An app's queue; its storage is opened when it is first needed."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.hourly: dict[str, Callable[[], object]] = {}
        self._lock = Lock()
        self._huey: Huey | None = None

    def open(self) -> Huey:
        """The huey instance with its tasks, made at the first call."""
        if self._huey is None:
            with self._lock:
                if self._huey is None:
                    self._huey = self._make()
        return self._huey

    def close(self) -> None:
        """Let go of the storage's connections."""
        if self._huey is not None:
            self._huey.storage.close()

    def _make(self) -> Huey:
        settings = self.app.config["PORTAL"]
        if not settings.secret_key:
            raise RuntimeError("the queue needs SECRET_KEY")
        storage, options = storage_of(settings)
        huey = Huey(
            "portal",
            results=False,
            storage_class=storage,
            serializer=SignedSerializer(secret=settings.secret_key, salt="portal-queue"),
            **options,
        )
        self.deliver = huey.task(name="deliver")(self._deliver)
        self.sweep = huey.task(name="sweep")(self._sweep)
        huey.periodic_task(crontab(minute="*"), name="sweep_every_minute")(self._sweep_when_quiet)
        huey.periodic_task(crontab(minute="7"), name="tidy_every_hour")(self._tidy)
        return huey

    # ------------------------------------------------------------------------------------------------- the tasks

    def _deliver(self, message_id: int) -> None:
        with self.app.app_context():
            outcome = outbox.deliver(message_id)
        if outcome.retry_at is not None:
            self._later(message_id, outcome.retry_at)

    def _sweep(self, after: int = 0) -> None:
        with self.app.app_context():
            found = outbox.due(after=after, limit=AT_ONCE)
        for message_id in found:
            self.deliver(message_id)
        if len(found) == AT_ONCE:
            self.sweep(found[-1])
        if found:
            log.info("outbox.swept", count=len(found))

    def _sweep_when_quiet(self) -> None:
        if self.open().storage.queue_size() < AT_ONCE:
            self._sweep()

    def _tidy(self) -> None:
        for name, work in self.hourly.items():
            with self.app.app_context():
                try:
                    work()
                except Exception as error:
                    log.error("tidy.failed", task=name, exc_info=error)

    # ------------------------------------------------------------------------------------------------ wake-ups

    def wake(self, rows: Sequence[tuple[int, dt.datetime]]) -> None:
        """Wake a worker for committed rows. A queue that cannot be reached is no error: the sweep takes them."""
        try:
            self.open()
            if len(rows) > EACH:
                self.sweep()
                return
            now = clock.now()
            for message_id, not_before in rows:
                if not_before <= now:
                    self.deliver(message_id)
                else:
                    self._later(message_id, not_before)
        except Exception as error:
            log.warning("queue.unreachable", error=type(error).__name__, rows=len(rows))

    def _later(self, message_id: int, moment: dt.datetime) -> None:
        delay = max(0.0, (moment - clock.now()).total_seconds()) + 0.05
        self.deliver.schedule(args=(message_id,), delay=delay)

    # ----------------------------------------------------------------------------------------------- heartbeat

    def beat(self) -> None:
        """A worker's sign of life, where all who share the queue see it."""
        self.open().storage.put_data(_HEARTBEAT, str(clock.now().timestamp()).encode())

    def last_beat(self) -> dt.datetime | None:
        """When a worker last gave a sign of life."""
        found: Any = self.open().storage.peek_data(_HEARTBEAT)
        if found is EmptyData or found is None:
            return None
        return dt.datetime.fromtimestamp(float(bytes(found)), dt.UTC)


def storage_of(settings: Any) -> tuple[type, dict[str, Any]]:
    """Where the queue lives: Redis where it is set, else PostgreSQL where the database is, else a file."""
    if settings.redis_url:
        pool = ConnectionPool.from_url(settings.redis_url, socket_connect_timeout=2, socket_timeout=10)
        return RedisStorage, {"connection_pool": pool}
    if settings.database_uri.startswith("postgresql"):
        dsn = settings.database_uri.replace("postgresql+psycopg://", "postgresql://", 1)
        return PostgresStorage, {"dsn": dsn, "connect_timeout": 5, "application_name": "portal queue"}
    path = Path(settings.instance_path) / "queue.sqlite3"
    return SqliteStorage, {"filename": str(path), "fsync": False}


def init_app(app: Flask) -> None:
    """Give ``app`` its queue; it tidies up the outbox every hour."""
    app.extensions["queue"] = Queue(app)
    hourly(app, "outbox", outbox.purge)
    hourly(app, "uploads", uploads.purge)


def hourly(app: Flask, name: str, work: Callable[[], object]) -> None:
    """Let a worker call ``work`` every hour, in an app context; for tidying up that may be done twice."""
    queue_of(app).hourly[name] = work


def queue_of(app: Flask) -> Queue:
    """The app's queue."""
    queue: Queue = app.extensions["queue"]
    return queue


# --------------------------------------------------------------------------------------- after the commit, not before


@event.listens_for(PortalSession, "after_commit")
def _after_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return
    messages: list[OutboxMessage] = session.info.pop("outbox", [])
    rows = [(message.id, message.not_before) for message in messages if inspect(message).persistent]
    if rows:
        queue_of(current_app).wake(rows)


@event.listens_for(PortalSession, "after_soft_rollback")
def _after_rollback(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("outbox", None)
