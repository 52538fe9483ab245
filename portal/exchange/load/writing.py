"""From rows to the database: which of them exist, what changed, and what is new."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal.core.statements import one_of_ids
from portal.exchange.identity import Sources
from portal.exchange.load.bulk import Bulk, batches
from portal.exchange.load.kinds import Kind, Unique, default_of
from portal.exchange.load.links import Link
from portal.exchange.load.problems import Problems
from portal.exchange.load.reading import freeze
from portal.exchange.load.shapes import KEEP, Later, Row

NEW, CHANGED, SAME = "new", "changed", "same"


class Existing:
    """The rows of a kind that are there before: their ids, and who has which unique values."""

    def __init__(self) -> None:
        self.pks: set[int] = set()
        self.keys: dict[tuple[str, ...], dict[tuple[Any, ...], int]] = {}


class Writer:
    """Writes the rows of one load, kind by kind, parents first."""

    def __init__(self, bulk: Bulk, sources: Sources, problems: Problems, now: Any, progress: Callable[[int], None]):
        self.bulk = bulk
        self.sources = sources
        self.problems = problems
        self.now = now
        self.progress = progress
        self.counts: dict[str, int] = {NEW: 0, CHANGED: 0, SAME: 0}

    def put(
        self,
        kind: Kind,
        rows: list[Row],
        where: sa.ColumnElement[bool] | None,
        prepare: Callable[[], None] = lambda: None,
        hints: Mapping[Row, int] | None = None,
    ) -> None:
        """Write rows of a kind. ``where`` finds those that may exist already, None says there are none.

        ``prepare`` runs when it is known which rows exist, and may still set values. ``hints`` say which row one may
        be when its id does not.
        """
        if not rows:
            return
        existing = self._existing(kind, rows, where)
        claimed = self._identify(kind, rows, existing, hints or {})
        prepare()
        parked = self._check(kind, rows, existing, claimed)
        self.problems.stop()
        new = [row for row in rows if row.pk is None]
        for row, pk in zip(new, self.bulk.new_ids(kind.table, len(new)), strict=True):
            row.pk, row.state = pk, NEW
        for row in rows:
            _resolve(row.values)
        self._update(kind, [row for row in rows if row.state != NEW], parked)
        self._insert(kind, new)
        self.sources.remember(kind.name, rows)
        self.progress(len(rows))

    # --- which rows exist ------------------------------------------------------------------------------------------

    def _existing(self, kind: Kind, rows: list[Row], where: sa.ColumnElement[bool] | None) -> Existing:
        existing = Existing()
        groups = {unique.columns: unique for unique in kind.uniques}
        if any(row.ident is None for row in rows):
            groups.setdefault(kind.natural, Unique(kind.natural, ""))
        for columns in groups:
            existing.keys[columns] = {}
        if where is None:
            return existing
        names = list(dict.fromkeys(name for columns in groups for name in columns))
        table = kind.table
        found = self.bulk.connection.execute(
            sa.select(table.c.id, *(table.c[name] for name in names)).where(where).order_by(table.c.id)
        )
        places = {
            columns: ([names.index(name) + 1 for name in columns], unique.ignore_case)
            for columns, unique in groups.items()
        }
        for entry in found:
            existing.pks.add(entry[0])
            for columns, (at, ignore_case) in places.items():
                key = tuple([freeze(entry[number]) for number in at])
                existing.keys[columns].setdefault(_cased(key, ignore_case), entry[0])
        return existing

    def _identify(self, kind: Kind, rows: list[Row], existing: Existing, hints: Mapping[Row, int]) -> dict[int, Row]:
        """Find the existing row of each: by its id in the source, else by what it is known by."""
        claimed: dict[int, Row] = {}
        if not existing.pks:
            return claimed
        known = self.sources.known(kind.name)
        for row in rows:
            if row.ident is None:
                continue
            pk = known.get(row.ident)
            if pk not in existing.pks:
                pk = row.ident if self.sources.own and row.ident in existing.pks else None
            if pk is not None and pk not in claimed:
                row.pk = pk
                claimed[pk] = row
        groups = [unique for unique in kind.uniques if unique.adopts]
        natural = next((group for group in groups if group.columns == kind.natural), Unique(kind.natural, ""))
        with_natural = [natural, *(group for group in groups if group is not natural)]
        for row in rows:
            if row.pk is not None:
                continue
            pk = hints.get(row)
            if pk is not None and pk not in claimed:
                row.pk = pk
                claimed[pk] = row
                continue
            candidates = groups if row.ident is not None else with_natural
            for group in candidates:
                pk = existing.keys[group.columns].get(_key(kind, row, group))
                if pk is not None and pk not in claimed:
                    row.pk = pk
                    claimed[pk] = row
                    break
        return claimed

    def _check(
        self, kind: Kind, rows: list[Row], existing: Existing, claimed: dict[int, Row]
    ) -> list[tuple[str, list[int]]]:
        """Complain of values that other rows have. Returns what must let go of its value before others take it."""
        parked: list[tuple[str, list[int]]] = []
        for unique in kind.uniques:
            keys = existing.keys[unique.columns]
            others = self._elsewhere(kind, rows, unique) if unique.everywhere else {}
            holders: list[int] = []
            for row in rows:
                key = _key(kind, row, unique)
                if key[-1] is None or key[-1] is KEEP:
                    continue
                holder = keys.get(key, others.get(key))
                if holder is None or holder == row.pk:
                    continue
                if holder in claimed:
                    holders.append(holder)
                    continue
                where = f"{row.path}.{unique.key}" if unique.key else row.path
                shown = "this" if unique.everywhere else f"“{kind.get(row.values, unique.columns[-1])}”"
                scope = "in this installation" if unique.everywhere else "here"
                self.problems.error(where, f"{shown} is taken by another {kind.name.replace('_', ' ')} {scope}")
            if holders:
                parked.append((unique.columns[-1], holders))
        return parked

    def _elsewhere(self, kind: Kind, rows: list[Row], unique: Unique) -> dict[tuple[Any, ...], int]:
        """Who has these values anywhere in the installation."""
        column = kind.table.c[unique.columns[-1]]
        wanted = [value for row in rows if (value := kind.get(row.values, column.name)) is not KEEP]
        found: dict[tuple[Any, ...], int] = {}
        for batch in batches(wanted):
            for pk, value in self.bulk.connection.execute(sa.select(kind.table.c.id, column).where(column.in_(batch))):
                found[value,] = pk
        return found

    # --- writing them ----------------------------------------------------------------------------------------------

    def _update(self, kind: Kind, rows: list[Row], parked: list[tuple[str, list[int]]]) -> None:
        """Write the rows whose values differ from what is stored."""
        for name, pks in parked:
            column = kind.table.c[name]
            for number, pk in enumerate(pks, 1):
                spare = None if column.nullable else -number if isinstance(column.type, sa.Integer) else f"~{pk}"
                self.bulk.update(kind.table, [name], [[pk, spare]])
        changes = []
        for batch in batches(rows):
            stored: dict[int, list[Any]] = {
                entry[0]: list(entry[1:])
                for entry in self.bulk.by_ids(kind.table, kind.columns, [row.pk for row in batch if row.pk])
            }
            for row in batch:
                current = stored[row.pk or 0]
                for at, _ in kind.keep:
                    if row.values[at] is KEEP:
                        row.values[at] = current[at]
                row.state = SAME if row.values == current else CHANGED
                if row.state == CHANGED:
                    changes.append(row)
        stamps = ["modified"] if "modified" in kind.table.c else []
        self.bulk.update(
            kind.table,
            [*kind.columns, *stamps],
            [[row.pk, *row.values, *(self.now for _ in stamps)] for row in changes],
        )
        self.counts[CHANGED] += len(changes)
        self.counts[SAME] += len(rows) - len(changes)

    def _insert(self, kind: Kind, rows: list[Row]) -> None:
        given = {"id", *kind.columns, *kind.stamps}
        rest = [column for column in kind.table.c if column.name not in given and column.default is not None]
        more = [*(self.now for _ in kind.stamps), *(default_of(column) for column in rest)]
        columns = ["id", *kind.columns, *kind.stamps, *(column.name for column in rest)]
        for row in rows:
            for at, default in kind.keep:
                if row.values[at] is KEEP:
                    row.values[at] = default
        for depth in _by_depth(kind, rows):
            self.bulk.insert(kind.table, columns, [[row.pk, *row.values, *more] for row in depth])
        self.counts[NEW] += len(rows)

    # --- what hangs on them ----------------------------------------------------------------------------------------

    def link(self, link: Link, pairs: Iterable[tuple[Row, list[Row]]]) -> list[Row]:
        """Make the right sides of each left row what the file says. Returns the left rows that changed by it."""
        pairs = list(pairs)
        left, right = link.table.c[link.left], link.table.c[link.right]
        old = [row.pk for row, _ in pairs if row.state != NEW]
        stored: dict[int, set[int]] = {}
        statement = sa.select(left, right).where(one_of_ids(left, "ids"))
        for batch in batches(old):
            for one, other in self.bulk.connection.execute(statement, {"ids": batch}):
                stored.setdefault(one, set()).add(other)
        added: list[dict[str, int]] = []
        touched = []
        for row, others in pairs:
            wanted = {other.pk: None for other in others if other.pk}
            before = stored.get(row.pk or 0, set())
            gone = before - wanted.keys()
            if gone:
                self.bulk.connection.execute(link.table.delete().where(left == row.pk, right.in_(gone)))
            fresh = [{link.left: row.pk or 0, link.right: pk} for pk in wanted if pk not in before]
            added += fresh
            if row.state != NEW and (gone or fresh):
                touched.append(row)
        for some in batches(added):
            self.bulk.connection.execute(link.table.insert(), list(some))
        return touched

    def touch(self, kind: Kind, rows: Iterable[Row]) -> None:
        """Mark rows as modified because something that hangs on them is."""
        untouched = list({row.pk: row for row in rows if row.state == SAME}.values())
        self.bulk.update(kind.table, ["modified"], [[row.pk, self.now] for row in untouched])
        for row in untouched:
            row.state = CHANGED
        self.counts[CHANGED] += len(untouched)
        self.counts[SAME] -= len(untouched)


def _cased(key: tuple[Any, ...], ignore_case: bool) -> tuple[Any, ...]:
    return (*key[:-1], key[-1].lower()) if ignore_case and key[-1] is not None else key


def _key(kind: Kind, row: Row, unique: Unique) -> tuple[Any, ...]:
    key = tuple([_plain(row.values[kind.index[column]]) for column in unique.columns])
    return _cased(key, unique.ignore_case)


def _plain(value: Any) -> Any:
    return value.pk if type(value) is Row else freeze(value)


def _resolve(values: list[Any]) -> None:
    """Put ids in place of rows."""
    for number, value in enumerate(values):
        kind = type(value)
        if kind is Row:
            values[number] = value.pk
        elif kind is Later:
            values[number] = value.resolve()


def _by_depth(kind: Kind, rows: Sequence[Row]) -> list[Sequence[Row]]:
    """Rows that others of the same table refer to come first."""
    at = kind.index.get("addon_to_id")
    if at is None:
        return [rows]
    return [
        [row for row in rows if row.values[at] is None],
        [row for row in rows if row.values[at] is not None],
    ]
