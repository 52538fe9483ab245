"""Rows that many tests begin with: built once for each database, then put back as they were, all at once."""

import datetime as dt
from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

import sqlalchemy as sa

from portal.core import clock
from portal.core.database import Base, db

T = TypeVar("T")
#: What was written so near to the moment of building speaks of that moment, and moves with it.
NEAR = dt.timedelta(minutes=2)

_known: dict[tuple[str, Callable[[], Any]], tuple[Any, dt.datetime, list[tuple[sa.Table, list[dict[str, Any]]]]]] = {}


def built(build: Callable[[], T]) -> T:
    """What ``build`` returns, with its rows in the empty tables: by building it the first time, later by copying."""
    key = (str(db.engine.url), build)
    if key not in _known:
        result = build()
        _known[key] = (deepcopy(result), clock.now(), _rows())
        return result
    result, then, tables = _known[key]
    later = clock.now() - then
    with db.engine.begin() as connection:
        for table, rows in tables:
            connection.execute(table.insert(), [_moved(row, then, later) for row in rows])
    return deepcopy(result)


def _rows() -> list[tuple[sa.Table, list[dict[str, Any]]]]:
    with db.engine.connect() as connection:
        found = [
            (table, [dict(row) for row in connection.execute(sa.select(table)).mappings()])
            for table in Base.metadata.sorted_tables
        ]
    return [(table, rows) for table, rows in found if rows]


def _moved(row: dict[str, Any], then: dt.datetime, later: dt.timedelta) -> dict[str, Any]:
    return {
        name: value + later if isinstance(value, dt.datetime) and abs(value - then) < NEAR else value
        for name, value in row.items()
    }
