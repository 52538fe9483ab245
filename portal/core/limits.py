"""Counters for limits that hold across processes: a storage of the `limits` library in the portal's own database."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from limits.storage import Storage
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from portal.core import clock
from portal.core.database import db, is_writing, set_writing, side_write
from portal.core.models import LimitHit


@contextmanager
def _side_read() -> Iterator[sa.Connection]:
    before = is_writing()
    set_writing(False)
    try:
        with db.engine.connect() as connection:
            yield connection
    finally:
        set_writing(before)


class DatabaseStorage(Storage):
    """One row for each key with an open window, counted in one statement and a transaction of its own.

    A limit must count what is refused, so nothing of it may hang on the request's transaction; on SQLite that
    would wait for itself, and is an error here.
    """

    STORAGE_SCHEME = ["portal-database"]

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the database raises."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count ``amount`` for ``key`` in its window; where that has expired, in a new one of ``expiry`` seconds."""
        if is_writing() and db.session().in_transaction():
            raise RuntimeError("a limit is counted before the request's transaction begins")
        now = clock.now()
        with side_write() as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            fresh = {"count": amount, "expires": now + dt.timedelta(seconds=expiry)}
            statement = insert(LimitHit).values(key=key, **fresh)
            over = LimitHit.expires <= now
            counted = statement.on_conflict_do_update(
                index_elements=[LimitHit.key],
                set_={
                    "count": sa.case((over, amount), else_=LimitHit.count + amount),
                    "expires": sa.case((over, statement.excluded.expires), else_=LimitHit.expires),
                },
            ).returning(LimitHit.count)
            count: int = connection.execute(counted).scalar_one()
            if count == amount:
                self._sweep(connection, now)
        return count

    @staticmethod
    def _sweep(connection: sa.Connection, now: dt.datetime) -> None:
        """A new window clears some that have expired, so that the table stays as small as what happens."""
        expired = sa.select(LimitHit.key).where(LimitHit.expires <= now).limit(100).with_for_update(skip_locked=True)
        connection.execute(sa.delete(LimitHit).where(LimitHit.key.in_(expired)))

    def get(self, key: str) -> int:
        """The count of the window that is open for ``key``."""
        statement = sa.select(LimitHit.count).where(LimitHit.key == key, LimitHit.expires > clock.now())
        with _side_read() as connection:
            return connection.execute(statement).scalar_one_or_none() or 0

    def get_expiry(self, key: str) -> float:
        """When the window of ``key`` closes, in seconds since 1970."""
        with _side_read() as connection:
            expires = connection.execute(sa.select(LimitHit.expires).where(LimitHit.key == key)).scalar_one_or_none()
        return (expires or clock.now()).timestamp()

    def clear(self, key: str) -> None:
        """Forget what was counted for ``key``."""
        with side_write() as connection:
            connection.execute(sa.delete(LimitHit).where(LimitHit.key == key))

    def reset(self) -> int:
        """Forget everything; how many counters that were."""
        with side_write() as connection:
            return len(connection.execute(sa.delete(LimitHit).returning(LimitHit.key)).all())

    def check(self) -> bool:
        """Whether the counters can be reached."""
        self.get("")
        return True
