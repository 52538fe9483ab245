"""Building blocks for hot statements: lists as one parameter, rows as JSON, and running them without the ORM."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from typing import Any

import sqlalchemy as sa
from flask import Flask, g
from flask.globals import app_ctx
from orjson import JSONDecodeError, loads
from psycopg.pq import TransactionStatus
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from portal.core.database import UTCDateTime, db, is_writing, read_json, reading_engine, set_writing, sqlite_reader


def run(statement: sa.Executable, parameters: Mapping[str, Any] | None = None) -> sa.CursorResult[*tuple[Any, ...]]:
    """Execute past the ORM, at a third of the cost of `Session.execute`.

    A writing request, and one whose session has read before, does it in the session's transaction; another reading
    one on a connection of its own, which costs half of a session's.
    """
    return _connection().execute(statement, parameters)


def _connection() -> sa.Connection:
    if is_writing():
        _give_back()
        return db.session.connection()
    connection: sa.Connection | None = g.get(_READER)
    if connection is not None:
        return connection
    if db.session.registry.has() and db.session().in_transaction():
        return db.session.connection()
    connection = reading_engine(db.engine).connect()
    setattr(g, _READER, connection)
    return connection


def _give_back() -> None:
    connection = app_ctx.g.pop(_READER, None)
    if connection is not None:
        connection.close()


@contextmanager
def reading_ahead() -> Iterator[None]:
    """What a writing request reads before it knows whether there is anything to write: nobody waits for it.

    Its transaction has not begun then; where it has, what is read belongs to it.
    """
    if not is_writing() or (db.session.registry.has() and db.session().in_transaction()):
        yield
        return
    set_writing(False)
    try:
        yield
    finally:
        if db.session.registry.has():
            db.session.rollback()
        set_writing(True)


@contextmanager
def planned_once() -> Iterator[None]:
    """PostgreSQL keeps the plan that it made for a statement, whatever its parameters.

    For statements of which each run is planned anew, since a pattern might be a common one, and whose plan takes longer
    than they do. Twice a round trip: worth it where that is less than the planning.
    """
    if db.engine.dialect.name != "postgresql":
        yield
        return
    raw: Any = _connection().connection.dbapi_connection
    raw.execute("SET plan_cache_mode = force_generic_plan")
    try:
        yield
    finally:
        if not raw.broken and raw.info.transaction_status != TransactionStatus.INERROR:
            raw.execute("RESET plan_cache_mode")


def rows(statement: sa.Select[*tuple[Any, ...]] | UpdateBase, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """All rows of a statement as tuples, for the hot doors: it goes past the execution as well.

    ``statement`` must live as long as the process (a constant, or cached): what is worked out about it is kept. Where
    somebody listens to statements, it goes the long way, with the same result. A writing request stays in the session's
    transaction; in a reading one each such read is a transaction of its own: what two say may be a change apart.
    """
    engine = db.engine
    if engine.dispatch.before_cursor_execute:
        found = _connection().execute(statement, parameters)
        return found.all() if found.returns_rows else ()
    prepared = _prepared(engine.dialect, statement)
    return prepared.read(prepared.found(engine, parameters))


def columns(statement: sa.Select[*tuple[Any, ...]], parameters: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """The same as `rows`, by the columns' names; for many rows."""
    engine = db.engine
    if engine.dispatch.before_cursor_execute:
        result = _connection().execute(statement, parameters)
        names = tuple(result.keys())
        found: list[Sequence[Any]] = list(zip(*result.all(), strict=True))
    else:
        prepared = _prepared(engine.dialect, statement)
        names, found = prepared.names, prepared.columns(prepared.found(engine, parameters))
    return dict(zip(names, found or repeat(()), strict=bool(found)))


def clashes() -> tuple[type[Exception], ...]:
    """What `rows` raises where a row cannot be as it is: a key that is there already, or one that is gone."""
    return IntegrityError, db.engine.dialect.loaded_dbapi.IntegrityError


#: PostgreSQL's number of the type that its driver gives as decimals; other types do not ask for a number.
_NUMERIC = 1700


class _Prepared:
    """A statement as the driver takes it, with what turns parameters and columns into the driver's and back."""

    __slots__ = ("_binds", "_columns", "_fixed", "_order", "_text", "names")

    def __init__(self, dialect: Dialect, statement: sa.Select[*tuple[Any, ...]] | UpdateBase) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._binds: dict[str, Callable[[Any], Any]] = {
            name: process
            for name, bind in compiled.binds.items()
            if (process := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        processors = [_reader(column.type, dialect) for column in statement.exported_columns]
        self.names = tuple(statement.exported_columns.keys())
        self._columns = [(place, process) for place, process in enumerate(processors) if process is not None]

    def found(self, engine: sa.Engine, parameters: Mapping[str, Any]) -> list[Any]:
        """What the driver finds, as it gives it: on the session's connection, or on the reader's."""
        if engine.dialect.name == "sqlite" and not is_writing():
            return self._fetch(sqlite_reader(engine), parameters)
        connection = _connection()
        raw: Any = connection.connection.dbapi_connection
        try:
            return self._fetch(raw, parameters)
        except connection.dialect.loaded_dbapi.Error as error:
            if connection.dialect.is_disconnect(error, raw, None):  # one that lost its server is not used again
                connection.engine.dispose()
                connection.invalidate(error)
            raise

    def _fetch(self, raw: Any, parameters: Mapping[str, Any]) -> list[Any]:
        given = {**self._fixed, **parameters}
        for name, process in self._binds.items():
            given[name] = process(given[name])
        values: Any = given if self._order is None else [given[name] for name in self._order]
        cursor = raw.execute(self._text, values)
        return cursor.fetchall() if cursor.description is not None else []

    def read(self, found: list[Any]) -> Sequence[Sequence[Any]]:
        """Rows with our values."""
        if not self._columns:
            return found
        if len(found) == 1:
            return [self._row(found[0])]
        # By columns, which costs a call less for each row.
        return list(zip(*self.columns(found), strict=True))

    def columns(self, found: list[Any]) -> list[Sequence[Any]]:
        """Columns with our values; none where nothing was found."""
        columns: list[Sequence[Any]] = list(zip(*found, strict=True))
        if columns:
            for place, process in self._columns:
                columns[place] = _processed(columns[place], process)
        return columns

    def _row(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, process in self._columns:
            value = values[place]
            if value is not None:
                values[place] = process(value)
        return values


def _processed(column: Sequence[Any], process: Callable[[Any], Any]) -> Sequence[Any]:
    if process is read_json and None not in column:
        with suppress(JSONDecodeError):  # numbers that only the slow reader knows
            return list(map(loads, column))
    return [None if value is None else process(value) for value in column]


def _reader(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """What makes a value of ours from the driver's; the layers of the library between them cost more than the work."""
    if dialect.name == "sqlite":
        if isinstance(kind, UTCDateTime):
            read = datetime.fromisoformat
            return lambda text: read(text if "+" in text else text + "+00:00")
        if isinstance(kind, sa.JSON):
            return read_json
    process: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, _NUMERIC)
    return process


@lru_cache(maxsize=2000)
def _prepared(dialect: Dialect, statement: sa.Select[*tuple[Any, ...]] | UpdateBase) -> _Prepared:
    return _Prepared(dialect, statement)


_READER = "portal_reader"


def init_app(app: Flask) -> None:
    """Give back the connections of reading requests at their end."""

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        _give_back()


class ListOf(TypeDecorator[Sequence[Any]]):
    """Many values in one parameter, so that a statement's text does not depend on how many there are."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item_type: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.item_type = item_type

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        kind: Any = ARRAY(self.item_type) if dialect.name == "postgresql" else sa.Text()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        return list(value or ()) if dialect.name == "postgresql" else json.dumps(list(value or ()))


class _OneOf(FunctionElement[bool]):
    """``column`` equals one of the values of a list parameter."""

    name = "one_of"
    type = sa.Boolean()
    inherit_cache = True
    _is_implicitly_boolean = True


@compiles(_OneOf)
def _one_of_json(element: _OneOf, compiler: Any, **kwargs: Any) -> str:
    column, values = element.clauses
    left, right = compiler.process(column, **kwargs), compiler.process(values, **kwargs)
    return f"{left} IN (SELECT value FROM json_each({right}))"  # noqa: S608 - both are compiled, not typed by anyone


@compiles(_OneOf, "postgresql")
def _one_of_array(element: _OneOf, compiler: Any, **kwargs: Any) -> str:
    column, values = element.clauses
    return f"{compiler.process(column, **kwargs)} = ANY({compiler.process(values, **kwargs)})"


def one_of_ids(column: Any, parameter: str) -> _OneOf:
    """``column`` is one of the ids in ``parameter``."""
    return _OneOf(column, sa.bindparam(parameter, type_=ListOf(sa.BigInteger())))


def one_of_texts(column: Any, parameter: str) -> _OneOf:
    """``column`` is one of the strings in ``parameter``."""
    return _OneOf(column, sa.bindparam(parameter, type_=ListOf(sa.Text())))


class json_rows(FunctionElement[list[list[Any]]]):
    """All rows of a subquery as a JSON list of lists, in no order."""

    name = "json_rows"
    type = sa.JSON()
    inherit_cache = True


@compiles(json_rows)
def _json_rows_sqlite(element: json_rows, compiler: Any, **kwargs: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **kwargs)}))"


@compiles(json_rows, "postgresql")
def _json_rows_postgresql(element: json_rows, compiler: Any, **kwargs: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **kwargs)}))"
