"""What a resource looks like in a bundle: its keys, how each is read, and where it is stored."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal.exchange.load.problems import Problems
from portal.exchange.load.values import Reader, kind_of


class _Keep:
    """Stands for what is not in the file and stays as it is."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Final = _Keep()


@dataclass(frozen=True, slots=True)
class Field:
    """A key, the reader of its value, the column it goes to, and what it is when it is missing or null."""

    key: str
    read: Reader
    default: Any = None
    required: bool = False
    column: str = ""


class Shape:
    """The keys of one resource: fields are read here, ``nested`` ones elsewhere, ``ignored`` ones by nobody."""

    def __init__(self, *fields: Field, nested: str = "", ignored: Collection[str] = ()) -> None:
        self.fields = tuple((field.key, field.column or field.key) for field in fields)
        self.columns = tuple(column for _, column in self.fields)
        self._readers = [(field.key, field.read, field.default, field.required) for field in fields]
        self._known = frozenset({field.key for field in fields} | set(nested.split()) | set(ignored))

    def read(self, problems: Problems, data: Any, path: str) -> list[Any] | None:
        """The values of all columns, in their order; None for what is no object."""
        if type(data) is not dict:
            problems.error(path, f"must be an object, not {kind_of(data)}")
            return None
        if not data.keys() <= self._known:
            for key in data.keys() - self._known:
                problems.warn(f"{path}.{key}" if path else key, "unknown key, ignored")
        values = []
        for key, read, default, required in self._readers:
            value = data.get(key)
            if value is None:
                if required:
                    problems.error(_join(path, key), "must not be null" if key in data else "is missing")
                values.append(default)
                continue
            try:
                values.append(read(value))
            except ValueError as error:
                problems.error(_join(path, key), str(error))
                values.append(default)
        return values


class Row:
    """A row to be: where it stands in the file, its id there, its values, and its own id as soon as it has one."""

    __slots__ = ("ident", "path", "pk", "state", "values")

    def __init__(self, path: str, ident: int | None, values: list[Any]) -> None:
        self.path = path
        self.ident = ident
        self.values = values
        self.pk: int | None = None
        self.state = ""


class Later:
    """A value that needs ids which do not exist before the rows it names are written."""

    __slots__ = ("entries",)

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.entries = entries

    def resolve(self) -> list[dict[str, Any]]:
        """The entries with ids in place of rows."""
        return [{key: _ids(value) for key, value in entry.items()} for entry in self.entries]


def _ids(value: Any) -> Any:
    if type(value) is Row:
        return value.pk
    if type(value) is list:
        return [_ids(entry) for entry in value]
    return value


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def get_list(problems: Problems, data: Mapping[str, Any], key: str, path: str) -> list[Any]:
    """The list under a key; nothing is an empty one."""
    value = data.get(key)
    if value is None:
        return []
    if type(value) is not list:
        problems.error(_join(path, key), f"must be a list, not {kind_of(value)}")
        return []
    return value
