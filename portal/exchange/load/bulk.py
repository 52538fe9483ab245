"""Many rows at once, on SQLite and PostgreSQL: new ids, inserts, updates, and reads by ids."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from portal.core.statements import one_of_ids

BATCH = 2000


class Bulk:
    """Bulk statements on one connection, inside its transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.postgresql = connection.dialect.name == "postgresql"

    def new_ids(self, table: sa.Table, count: int) -> list[int]:
        """Ids for ``count`` rows to be inserted in this transaction."""
        if not count:
            return []
        if self.postgresql:
            statement = sa.text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
            return list(self.connection.scalars(statement, {"name": table.name, "count": count}))
        # Behind those of rows that were deleted, too.
        statement = sa.text("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = :name")
        given = self.connection.scalar(statement, {"name": table.name})
        last = max(given, self.connection.scalar(sa.select(sa.func.max(table.c.id))) or 0)
        return list(range(last + 1, last + 1 + count))

    def insert(self, table: sa.Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows whose values stand in the order of ``columns``."""
        for batch in batches(rows):
            if self.postgresql and len(batch) > 50:
                self._copy(table, columns, batch)
            else:
                self.connection.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in batch])

    def _copy(self, table: sa.Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        quote = self.connection.dialect.identifier_preparer.quote
        names = ", ".join(quote(name) for name in columns)
        json_at = [number for number, name in enumerate(columns) if isinstance(table.c[name].type, sa.JSON)]
        driver: Any = self.connection.connection.dbapi_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as copy:
            for row in rows:
                values = list(row)
                for number in json_at:
                    if values[number] is not None:
                        values[number] = orjson.dumps(values[number]).decode()
                copy.write_row(values)

    def update(self, table: sa.Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Update rows by id: each holds its id and then the values of ``columns``."""
        keys = ["row_id", *(f"new_{name}" for name in columns)]
        statement = (
            table.update()
            .where(table.c.id == sa.bindparam("row_id"))
            .values({name: sa.bindparam(f"new_{name}") for name in columns})
        )
        for batch in batches(rows):
            self.connection.execute(statement, [dict(zip(keys, row, strict=True)) for row in batch])

    def by_ids(self, table: sa.Table, columns: Sequence[str], ids: Sequence[int]) -> Iterator[sa.Row[Any]]:
        """The rows with these ids: id and then ``columns``."""
        chosen = [table.c.id, *(table.c[name] for name in columns)]
        statement = sa.select(*chosen).where(one_of_ids(table.c.id, "ids"))
        for batch in batches(ids):
            yield from self.connection.execute(statement, {"ids": batch})


def batches(rows: Sequence[Any], size: int = BATCH) -> Iterator[Sequence[Any]]:
    """Slices of a long list."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
