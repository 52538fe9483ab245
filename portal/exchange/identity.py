"""Which row came from where: the installation's own name, and the rows that it made for those of a source."""

import secrets
from collections.abc import Iterable
from typing import Protocol

import sqlalchemy as sa

from portal.exchange.models import SourceRow

_OWN = {"source": "", "kind": "installation", "source_id": "own"}
_T: sa.Table = SourceRow.metadata.tables[SourceRow.__tablename__]
_BATCH = 2000


class FileRow(Protocol):
    """A row of a file with its id there and its own."""

    ident: int | None
    pk: int | None


def own_source(connection: sa.Connection, *, make: bool = True) -> str | None:
    """The name under which this installation dumps. A restored database keeps it.

    It is a random number, kept in the one row of the kind “installation”. Without one it is made, or it is None.
    """
    where = sa.and_(*(_T.c[name] == value for name, value in _OWN.items()))
    number = connection.scalar(sa.select(_T.c.row_id).where(where))
    if number is None:
        if not make:
            return None
        number = secrets.randbits(62)
        connection.execute(_T.insert().values(**_OWN, row_id=number))
    return f"portal-{number:016x}"


class Sources:
    """The rows that were made for one source. ``own``: the source is this installation, whose ids are its rows'."""

    def __init__(self, connection: sa.Connection, source: str) -> None:
        self._connection = connection
        self._source = source
        self.own = source == own_source(connection, make=False)
        self._known: dict[str, dict[int, int]] = {}

    def known(self, kind: str) -> dict[int, int]:
        """The rows of a kind by their ids in the source."""
        if kind not in self._known:
            found = self._connection.execute(
                sa.select(_T.c.source_id, _T.c.row_id).where(_T.c.source == self._source, _T.c.kind == kind)
            )
            self._known[kind] = {int(ident): pk for ident, pk in found}
        return self._known[kind]

    def remember(self, kind: str, rows: Iterable[FileRow]) -> None:
        """Remember which row was made or found for each id."""
        fresh, moved = [], []
        known = self.known(kind)
        for row in rows:
            if row.ident is None or row.pk is None or known.get(row.ident) == row.pk:
                continue
            if row.ident in known:
                moved.append(row)
            elif not self.own or row.pk != row.ident:
                fresh.append(row)
            known[row.ident] = row.pk
        for row in moved:
            self._connection.execute(
                _T.update()
                .where(_T.c.source == self._source, _T.c.kind == kind, _T.c.source_id == str(row.ident))
                .values(row_id=row.pk)
            )
        for start in range(0, len(fresh), _BATCH):
            self._connection.execute(
                _T.insert(),
                [
                    {"source": self._source, "kind": kind, "source_id": str(row.ident), "row_id": row.pk}
                    for row in fresh[start : start + _BATCH]
                ],
            )
