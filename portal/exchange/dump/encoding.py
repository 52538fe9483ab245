"""Rows as JSON: the values of columns in the form of the contracts, unset ones left out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa

from portal.core.database import Money, UTCDateTime
from portal.exchange.load.shapes import Shape

Entry = dict[str, Any]
Encoder = Callable[[Any], Any]


def stamp(value: datetime) -> str:
    """ISO 8601 in UTC."""
    return value.replace(tzinfo=None).isoformat() + "Z"


def cents(value: Decimal) -> str:
    """Money as the contracts print it."""
    return f"{value:.2f}"


def in_order(value: Any) -> Any:
    """JSON whose objects have their keys in order: PostgreSQL keeps another one than SQLite."""
    if type(value) is dict:
        return {key: in_order(value[key]) for key in sorted(value)}
    if type(value) is list:
        return [in_order(entry) for entry in value]
    return value


def encoder_of(column: sa.ColumnElement[Any]) -> Encoder | None:
    """How a column's values are written; None: as they are."""
    if isinstance(column.type, UTCDateTime):
        return stamp
    if isinstance(column.type, Money):
        return cents
    return in_order if isinstance(column.type, sa.JSON) else None


class Table:
    """Reads rows of a table and writes those columns that a shape names under its keys."""

    def __init__(self, table: sa.Table, shape: Shape, *more: sa.ColumnElement[Any]) -> None:
        self.table = table
        self._keys = [(key, encoder_of(table.c[column])) for key, column in shape.fields]
        self._columns = [table.c.id, *(table.c[column] for _, column in shape.fields), *more]
        self._rest = 1 + len(self._keys)

    def read(
        self,
        connection: sa.Connection,
        where: sa.ColumnElement[bool],
        *order: sa.ColumnElement[Any],
        source: sa.FromClause | None = None,
        **parameters: Any,
    ) -> Iterator[tuple[int, Entry, Sequence[Any]]]:
        """Each row's id, its entry, and the values of the columns that the shape does not know."""
        statement = sa.select(*self._columns).where(where).order_by(*(order or (self.table.c.id,)))
        if source is not None:
            statement = statement.select_from(source)
        for row in connection.execute(statement, parameters):
            entry: Entry = {}
            for (key, encode), value in zip(self._keys, row[1:], strict=False):
                if value is not None:
                    entry[key] = value if encode is None else encode(value)
            yield row[0], entry, row[self._rest :]


def put(entry: Entry, **values: Any) -> Entry:
    """Add the values that are set."""
    entry.update((key, value) for key, value in values.items() if value is not None)
    return entry


def members(entry: Entry, *arrays: tuple[str, Iterable[Any] | None], open_end: bool = False) -> Iterator[bytes]:
    """An object in pieces: its short values on a line, then each list with an entry a line.

    ``open_end`` leaves the closing bracket to the caller, who has more to say.
    """
    yield orjson.dumps(entry)[:-1]
    empty = not entry
    for key, entries in arrays:
        if entries is None:
            continue
        yield b"%b\n%b: [" % (b"" if empty else b",", orjson.dumps(key))
        empty = False
        separator = b"\n"
        for each in entries:
            yield separator + orjson.dumps(each)
            separator = b",\n"
        yield b"]" if separator == b"\n" else b"\n]"
    if not open_end:
        yield b"}"
