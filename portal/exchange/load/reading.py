"""From JSON to rows: what all parts of the reading share. Nothing here touches the database."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from portal.exchange.load import kinds, resources
from portal.exchange.load.kinds import Kind
from portal.exchange.load.links import Link
from portal.exchange.load.problems import Problems
from portal.exchange.load.shapes import KEEP, Later, Row, Shape, get_list
from portal.exchange.load.values import INT64, kind_of

#: Called with the number of orders read since the last call.
Progress = Callable[[int], None]


@dataclass(slots=True)
class Part:
    """Rows that belong together: an event with all it has, or the organizer's people."""

    owner: Row
    path: str
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    links: dict[Link, list[tuple[Row, list[Row]]]] = field(default_factory=lambda: defaultdict(list))
    by_id: dict[str, dict[int, Row]] = field(default_factory=lambda: defaultdict(dict))
    seats: dict[tuple[Row | None, str], Row] = field(default_factory=dict)
    options: dict[Row, list[Row]] = field(default_factory=lambda: defaultdict(list))
    vouchers: dict[str, Row] = field(default_factory=dict)
    tickets: dict[str, Row] = field(default_factory=dict)
    tags: dict[str, Row] = field(default_factory=dict)
    is_series: bool = False
    locale: str = "en"


@dataclass(slots=True)
class Secret:
    """A secret that was made for a row: what it is, and itself."""

    kind: Kind
    row: Row
    what: str
    value: str


@dataclass(slots=True)
class Reading:
    """One reading of a file: what was found so far, and what is wrong."""

    problems: Problems
    now: datetime
    secrets: list[Secret] = field(default_factory=list)
    passwords: dict[Row, str] = field(default_factory=dict)
    voucher_owners: dict[Row, Row] = field(default_factory=dict)
    _ids: dict[str, dict[int, Row]] = field(default_factory=lambda: defaultdict(dict))
    _seen: dict[tuple[str, int], dict[Any, Row]] = field(default_factory=lambda: defaultdict(dict))

    def shape(self, shape: Shape, data: Any, path: str) -> list[Any] | None:
        """The values of a resource's plain keys."""
        return shape.read(self.problems, data, path)

    def entries(self, data: dict[str, Any], key: str, path: str) -> Iterator[tuple[str, Any]]:
        """The entries of a list with their paths."""
        for number, entry in enumerate(get_list(self.problems, data, key, path)):
            yield f"{path}.{key}[{number}]" if path else f"{key}[{number}]", entry

    def value(self, read: Callable[[Any], Any], data: dict[str, Any], key: str, path: str, default: Any = None) -> Any:
        """A single value that is no column of its own; missing and null ones take the default."""
        value = data.get(key)
        if value is None:
            return default
        try:
            return read(value)
        except ValueError as error:
            self.problems.error(f"{path}.{key}", str(error))
            return default

    def flag(self, data: dict[str, Any], key: str, path: str, default: bool) -> bool:
        """True or false."""
        value = data.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.problems.error(f"{path}.{key}", f"must be true or false, not {kind_of(value)}")
            return default
        return value

    # --- rows ------------------------------------------------------------------------------------------------------

    def add(self, part: Part, kind: Kind, path: str, data: dict[str, Any] | None, values: list[Any]) -> Row:
        """A row of a part. Its id and what must be unique are checked against all rows before."""
        ident = None if data is None else self._ident(data, path)
        row = Row(path, ident, values)
        if ident is not None:
            other = self._ids[kind.name].setdefault(ident, row)
            if other is not row:
                self.problems.error(f"{path}.id", f"{ident} is also the id of {other.path}")
            part.by_id[kind.name][ident] = row
        for number, unique in enumerate(kind.uniques):
            key = tuple([values[kind.index[column]] for column in unique.columns])
            last = key[-1]
            if last is None or last is KEEP:
                continue
            if unique.ignore_case:
                key = (*key[:-1], last.lower())
            other = self._seen[kind.name, number].setdefault(key, row)
            if other is not row:
                noun = unique.noun or unique.key
                shown = "this" if kind.name in _SECRET else f"“{last}”"
                at = f"{path}.{unique.key}" if unique.key else path
                self.problems.error(at, f"{shown} is also {_the(noun)}{other.path}")
        if ident is None and (not kind.uniques or kind.natural is not kind.uniques[0].columns):
            self._check_natural(kind, row)
        part.rows[kind.name].append(row)
        return row

    def _check_natural(self, kind: Kind, row: Row) -> None:
        """Rows without an id must differ in what they are known by."""
        key = tuple(freeze(row.values[kind.index[column]]) for column in kind.natural)
        other = self._seen[kind.name, -1].setdefault(key, row)
        if other is not row:
            hint = "; give each an id" if kind.name in _WITH_ID else ""
            self.problems.error(row.path, f"this is {other.path} again{hint}")

    def _ident(self, data: dict[str, Any], path: str) -> int | None:
        value = data.get("id")
        if value is None:
            return None
        if type(value) is not int or not 0 <= value <= INT64:
            self.problems.error(f"{path}.id", f"must be a whole number, not {kind_of(value)}")
            return None
        return value

    # --- references ------------------------------------------------------------------------------------------------

    def ref(self, part: Part, kind: Kind, data: dict[str, Any], key: str, path: str, noun: str = "") -> Row | None:
        """The row of a part that an id under ``key`` refers to."""
        value = data.get(key)
        if value is None:
            return None
        return self.find(part, kind, value, f"{path}.{key}", noun or key)

    def find(self, part: Part, kind: Kind, value: Any, path: str, noun: str) -> Row | None:
        """The row of a part with an id."""
        row = part.by_id[kind.name].get(value) if type(value) is int else None
        if row is None:
            if type(value) is int:
                self.problems.error(path, f"no {noun} {value}")
            else:
                self.problems.error(path, f"must be an id, not {kind_of(value)}")
        return row

    def refs(self, part: Part, kind: Kind, data: dict[str, Any], key: str, path: str, noun: str) -> list[Row]:
        """The rows that a list of ids refers to, each once."""
        found = [self.find(part, kind, value, at, noun) for at, value in self.entries(data, key, path)]
        return list(dict.fromkeys(row for row in found if row is not None))

    def variation(self, part: Part, data: dict[str, Any], item: Row | None, path: str) -> Row | None:
        """The variation under ``variation``, which must be one of the product's."""
        row = self.ref(part, kinds.VARIATION, data, "variation", path)
        if row is not None and item is not None and kinds.VARIATION.get(row.values, "item_id") is not item:
            self.problems.error(f"{path}.variation", f"no variation {row.ident} of item {item.ident}")
        return row

    def seat(self, part: Part, data: dict[str, Any], subevent: Row | None, path: str) -> Row | None:
        """The seat under ``seat``: a guid, or an object that holds it."""
        value = data.get("seat")
        if value is None:
            return None
        path = f"{path}.seat"
        if type(value) is dict:
            given = self.shape(resources.SEAT_REFERENCE, value, path)
            path, value = f"{path}.seat_guid", given[0] if given else None
            if value is None:
                return None
        if type(value) is not str:
            self.problems.error(path, f"must be a seat's guid, not {kind_of(value)}")
            return None
        row = part.seats.get((subevent, value))
        if row is None:
            where = f" in subevent {subevent.ident}" if subevent is not None else ""
            self.problems.error(path, f"no seat “{value}”{where}")
        return row

    def later(self, entries: list[dict[str, Any]]) -> Any:
        """JSON that names rows, to be written when they have ids."""
        return Later(entries) if entries else []


_SECRET = frozenset({"team_token", "device"})
_WITH_ID = frozenset({"subevent", "item", "variation", "cart", "checkin_list", "device", "exhibitor"})


def _the(noun: str) -> str:
    return f"the {noun} of " if noun else ""


def freeze(value: Any) -> Any:
    """A value that can be a key."""
    if type(value) is dict or type(value) is list:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return value
