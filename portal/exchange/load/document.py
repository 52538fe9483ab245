"""The file itself: gzip or plain, JSON or not, and its orders one at a time, so that large files take little memory."""

import re
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import orjson

from portal.exchange.load.problems import BundleError, Problem

#: Up to the next bracket that is not the half of an empty pair.
_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"|\[\]|\{\})*+([\[\]{}])', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_KEY = re.compile(rb'[ \t\r\n]*+"((?:[^"\\]++|\\.)*+)"[ \t\r\n]*+:[ \t\r\n]*+', re.DOTALL)
_SCALAR = re.compile(rb'[ \t\r\n]*+(?:"(?:[^"\\]++|\\.)*+"|[^\s,\[\]{}"]++)', re.DOTALL)
_COMMA = re.compile(rb"[ \t\r\n]*+,[ \t\r\n]*+")
_OPEN = frozenset(b"[{")
_CHUNK = 1 << 20


class _Unusual(Exception):
    """The scanner met something that only the real parser can judge."""


class Document:
    """A parsed bundle. ``data`` is everything but the orders; `orders` reads those of an event one by one."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._spans: dict[int, list[tuple[int, int]]] = {}
        try:
            self.data: Any = orjson.loads(self._without_orders())
        except (_Unusual, orjson.JSONDecodeError):
            self._spans = {}
            self.data = _parse(raw)

    def orders(self, number: int) -> Iterator[Any]:
        """The orders of an event whose list was cut out, in their order."""
        view = memoryview(self._raw)
        for start, end in self._spans[number]:
            try:
                yield orjson.loads(view[start:end])
            except orjson.JSONDecodeError:
                _parse(self._raw)
                raise

    def is_cut_out(self, number: int) -> bool:
        """Whether an event's orders were cut out of ``data``."""
        return number in self._spans

    def order_count(self) -> int:
        """How many orders were cut out."""
        return sum(map(len, self._spans.values()))

    @property
    def has_null_characters(self) -> bool:
        """Whether any string may hold U+0000, which PostgreSQL refuses."""
        return b"\\u0000" in self._raw

    # --- cutting ---------------------------------------------------------------------------------------------------

    def _without_orders(self) -> bytes:
        """The file with empty lists in place of each event's orders, whose spans are remembered."""
        self._cuts: list[tuple[int, int]] = []
        self._object(_SPACE.match(self._raw).end(), self._root_member)  # type: ignore[union-attr]
        pieces, last = [], 0
        for start, end in self._cuts:
            pieces += [self._raw[last:start], b"[]"]
            last = end
        return b"".join([*pieces, self._raw[last:]])

    def _root_member(self, key: bytes, start: int) -> int:
        if key != b"events" or self._raw[start : start + 1] != b"[":
            return self._end(start)
        if self._spans:
            raise _Unusual
        numbers = count()
        return self._list(start, lambda event: self._object(event, partial(self._event_member, next(numbers))))

    def _event_member(self, number: int, key: bytes, start: int) -> int:
        if key != b"orders" or self._raw[start : start + 1] != b"[":
            return self._end(start)
        if number in self._spans:
            raise _Unusual
        spans = self._spans[number] = []

        def remember(order: int) -> int:
            end = self._end(order)
            spans.append((order, end))
            return end

        end = self._list(start, remember)
        self._cuts.append((start, end))
        return end

    def _object(self, start: int, member: Callable[[bytes, int], int]) -> int:
        """Walk the object at ``start``; ``member`` gets each key and its value's start, and answers its end."""

        def entry(position: int) -> int:
            key = _KEY.match(self._raw, position)
            if key is None:
                raise _Unusual
            return member(key[1], key.end())

        return self._walk(start, b"{", b"}", entry)

    def _list(self, start: int, element: Callable[[int], int]) -> int:
        """Walk the list at ``start``; ``element`` gets each value's start and answers its end."""
        return self._walk(start, b"[", b"]", element)

    def _walk(self, start: int, opening: bytes, closing: bytes, entry: Callable[[int], int]) -> int:
        """Walk what stands between two brackets; the end is behind the closing one."""
        raw = self._raw
        if raw[start : start + 1] != opening:
            raise _Unusual
        position: int = _SPACE.match(raw, start + 1).end()  # type: ignore[union-attr]
        if raw[position : position + 1] == closing:
            return position + 1
        while True:
            end = entry(position)
            comma = _COMMA.match(raw, end)
            if comma is None:
                break
            position = comma.end()
        position = _SPACE.match(raw, end).end()  # type: ignore[union-attr]
        if raw[position : position + 1] != closing:
            raise _Unusual
        return position + 1

    def _end(self, start: int) -> int:
        """Where the value that begins at ``start`` ends."""
        raw = self._raw
        if start >= len(raw):
            raise _Unusual
        if raw[start] not in _OPEN:
            scalar = _SCALAR.match(raw, start)
            if scalar is None:
                raise _Unusual
            return scalar.end()
        depth, position = 1, start + 1
        while depth:
            bracket = _BRACKET.match(raw, position)
            if bracket is None:
                raise _Unusual
            depth += 1 if bracket[1] in (b"[", b"{") else -1
            position = bracket.end()
        return position


def _parse(raw: bytes) -> Any:
    """Parse it in one go; a mistake is told with its line and column."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BundleError([_syntax(raw, error)]) from None


def _syntax(raw: bytes, error: orjson.JSONDecodeError) -> Problem:
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        line = raw.count(b"\n", 0, wrong.start) + 1
        column = wrong.start - (raw.rfind(b"\n", 0, wrong.start) + 1) + 1
        return Problem(f"line {line}, column {column}", "this is not UTF-8")
    return Problem(f"line {error.lineno}, column {error.colno}", f"this is not JSON: {error.msg}")


def unpack(raw: bytes, *, name: str = "") -> bytes:
    """The JSON text of a file, which may be packed with gzip, whatever its name says."""
    if raw[:2] == b"\x1f\x8b":
        raw = _gunzip(raw)
    elif name.endswith(".gz"):
        raise BundleError([Problem("", "this is not a gzip file, though its name ends in .gz")])
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if not raw.strip():
        raise BundleError([Problem("", "the file is empty")])
    return raw


def _gunzip(packed: bytes) -> bytes:
    pieces: list[bytes] = []
    rest = packed
    try:
        while rest:
            unzip = zlib.decompressobj(wbits=31)
            for start in range(0, len(rest), _CHUNK):
                pieces.append(unzip.decompress(rest[start : start + _CHUNK]))
                if unzip.eof:
                    rest = unzip.unused_data + rest[start + _CHUNK :]
                    break
            else:
                raise BundleError([Problem("", "the gzip file ends too early")])
            rest = rest.lstrip(b"\x00")
    except zlib.error as error:
        raise BundleError([Problem("", f"the gzip file is damaged ({error})")]) from None
    return b"".join(pieces)
