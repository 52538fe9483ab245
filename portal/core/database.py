"""The database: sessions, column types, and transactions that lose nothing on SQLite and PostgreSQL."""

import fcntl
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from weakref import WeakKeyDictionary

import orjson
import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from portal.core import clock

_writing: ContextVar[bool] = ContextVar("portal_writing", default=True)


def set_writing(value: bool) -> None:
    """Say whether the transactions of this context may write; the web kit says it for each request."""
    _writing.set(value)


def is_writing() -> bool:
    """Whether a transaction that begins now may write."""
    return _writing.get()


@contextmanager
def side_write() -> Iterator[sa.Connection]:
    """A short transaction of its own, outside the session's, for stamps such as “last used”.

    Call it when the session holds no transaction: on SQLite it would wait for it.
    """
    before = _writing.get()
    _writing.set(True)
    try:
        with db.engine.begin() as connection:
            yield connection
    finally:
        _writing.set(before)


@contextmanager
def reading() -> Iterator[None]:
    """What a writing request reads before it writes, in a transaction that is over at the end.

    Nothing is locked while it then does something slow (hashing a password), and `side_write` has nobody to wait for.
    """
    before = _writing.get()
    if before and db.session().in_transaction():
        raise RuntimeError("the writing transaction has begun: what is read now belongs to it")
    _writing.set(False)
    try:
        yield
    finally:
        db.session.rollback()
        _writing.set(before)


class SQLiteDialect(SQLiteDialect_pysqlite):
    """SQLite where a transaction says at its start whether it will write.

    The driver's own habit (a transaction begins at the first write) lets two requests read the same state and the
    later one overwrite the earlier. Several processes that each wait for SQLite's lock wait unfairly, so writers
    queue on a file lock beside the database; ``busy_timeout`` is the net.
    """

    driver = "portal"
    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        connection = _driver_connection(dbapi_connection)
        if not is_writing():
            connection.execute("BEGIN")
            return
        lock = _LOCKS.get(connection)
        if lock is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            _unlock(connection)
            raise

    def do_commit(self, dbapi_connection: Any) -> None:
        connection = _driver_connection(dbapi_connection)
        try:
            connection.commit()
        finally:
            if not connection.in_transaction:
                _unlock(connection)

    def do_rollback(self, dbapi_connection: Any) -> None:
        connection = _driver_connection(dbapi_connection)
        try:
            connection.rollback()
        finally:
            _unlock(connection)

    def do_close(self, dbapi_connection: Any) -> None:
        lock = _LOCKS.pop(_driver_connection(dbapi_connection), None)
        if lock is not None:
            lock.close()
        super().do_close(dbapi_connection)  # type: ignore[no-untyped-call]


registry.register("sqlite.portal", __name__, "SQLiteDialect")

#: The lock file of each SQLite connection that is a file.
_LOCKS: dict[sqlite3.Connection, IO[str]] = {}


def _driver_connection(connection: Any) -> sqlite3.Connection:
    """The driver's connection, without the pool's wrapping."""
    return getattr(connection, "dbapi_connection", connection)  # type: ignore[no-any-return]


def _unlock(connection: sqlite3.Connection) -> None:
    lock = _LOCKS.get(connection)
    if lock is not None:
        fcntl.flock(lock, fcntl.LOCK_UN)


def read_json(text: str | bytes) -> Any:
    """JSON of a column, by the fast reader; the slow one knows numbers that do not fit into 64 bits."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def database_uri(url: str) -> str:
    """The SQLAlchemy form of a ``DATABASE_URL``: our SQLite dialect, psycopg for PostgreSQL.

    Raises `ValueError` for another kind of database.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return f"sqlite+portal://{rest}"
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return f"postgresql+psycopg://{rest}"
    raise ValueError("must start with sqlite:/// or postgresql://")


@sa.event.listens_for(Engine, "connect")
def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    if not isinstance(dbapi_connection, sqlite3.Connection):
        return
    dbapi_connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "busy_timeout=15000",
        "foreign_keys=ON",
        "synchronous=FULL",
        "cache_size=-16000",
        "temp_store=MEMORY",
    ):
        dbapi_connection.execute(f"PRAGMA {pragma}")
    file = dbapi_connection.execute("PRAGMA database_list").fetchone()[2]
    if file:
        _LOCKS[dbapi_connection] = Path(file + ".lock").open("w")  # noqa: SIM115 - lives as long as the connection


class _Readers(threading.local):
    """The reading connections of a thread, by engine."""

    def __init__(self) -> None:
        self.by_engine: WeakKeyDictionary[Engine, sqlite3.Connection] = WeakKeyDictionary()


_readers = _Readers()


def sqlite_reader(engine: Engine) -> sqlite3.Connection:
    """A connection that this thread keeps for single reads, each a transaction of its own.

    To take one from the pool and give it back costs as much as such a read.
    """
    kept = _readers.by_engine.get(engine)
    if kept is None:
        pooled = engine.raw_connection()
        kept = _driver_connection(pooled)
        lock = _LOCKS.pop(kept, None)
        if lock is not None:
            lock.close()
        pooled.detach()
        _readers.by_engine[engine] = kept
    return kept


def reading_engine(engine: Engine) -> Engine:
    """Where reading requests connect: without BEGIN and COMMIT on PostgreSQL, two round trips less for each."""
    if engine.dialect.name != "postgresql":
        return engine
    reading = _READING.get(engine)
    if reading is None:
        reading = _READING[engine] = engine.execution_options(isolation_level="AUTOCOMMIT")
    return reading


class PortalSession(FlaskSession):
    """The session, which reads as `reading_engine` says."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        engine = super().get_bind(*args, **kwargs)
        return engine if is_writing() or not isinstance(engine, Engine) else reading_engine(engine)


_READING: dict[Engine, Engine] = {}


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC, on databases that keep the zone and on those that do not."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    # SQLite keeps texts: written and read here in one step each, not in SQLAlchemy's three.

    def bind_processor(self, dialect: Dialect) -> Any:
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a datetime without a zone cannot be stored")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


class Money(TypeDecorator[Decimal]):
    """Decimals with two places; whole cents on SQLite, which has no decimals."""

    impl = sa.Numeric(13, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(sa.BigInteger() if dialect.name == "sqlite" else sa.Numeric(13, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return int((value * 100).to_integral_exact())

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None or dialect.name != "sqlite":
            return value  # type: ignore[no-any-return]
        return Decimal(value) / 100


#: JSON that PostgreSQL can index.
JSONValue = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
#: Ids: 64 bit on PostgreSQL, SQLite's own rowid.
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Base(DeclarativeBase):
    """What all tables share: names for constraints, and the column types of annotations."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UTCDateTime(),
        Decimal: Money(),
        dict[str, Any]: JSONValue,
        dict[str, str]: JSONValue,
        list[str]: JSONValue,
        list[Any]: JSONValue,
    }


class HasId:
    """An integer id of the portal's own."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)


class HasModified:
    """When the row last changed, for conditional answers.

    Who deletes a row touches its parent's, at last its event's; so does, before its commit, a transaction that takes
    longer than two seconds: what changed under an older time would go unnoticed.
    """

    modified: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


def foreign_key(column: str, *, ondelete: str = "CASCADE", **kwargs: Any) -> Any:
    """A foreign key column that the database cascades, indexed unless told otherwise."""
    kwargs.setdefault("index", True)
    return mapped_column(BigId, sa.ForeignKey(column, ondelete=ondelete), **kwargs)


db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={"class_": PortalSession, "expire_on_commit": False},
    disable_autonaming=True,
)
