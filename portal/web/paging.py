"""Pages of a list: which one is asked for, and the envelope it comes in."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import current_app, request

from portal.core.errors import NotFound

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """A page that exists, of a list with ``count`` entries."""

    number: int
    size: int
    count: int

    @property
    def offset(self) -> int:
        """How many entries come before it."""
        return (self.number - 1) * self.size

    def envelope(self, results: list[Any]) -> dict[str, Any]:
        """The answer of the platform rules."""
        return {
            "count": self.count,
            "next": _link(self.number + 1) if self.offset + self.size < self.count else None,
            "previous": _link(self.number - 1) if self.number > 1 else None,
            "results": results,
        }


def read_page(count: int) -> Page:
    """The page that this request asks for. Raises `NotFound` where the list has no such page."""
    size = _page_size()
    last = max(1, -(-count // size))
    given = request.args.get("page", "")
    if not given:
        return Page(1, size, count)
    if given == "last":
        return Page(last, size, count)
    try:
        number = int(given) if len(given) <= 20 else 0
    except ValueError:
        number = 0
    if not 1 <= number <= last:
        raise NotFound("Invalid page.")
    return Page(number, size, count)


def _page_size() -> int:
    given = request.args.get("page_size", "")
    if not given:
        return PAGE_SIZE
    try:
        size = int(given) if len(given) <= 20 else PAGE_SIZE
    except ValueError:
        return PAGE_SIZE
    return min(size, PAGE_SIZE) if size > 0 else PAGE_SIZE


def _link(number: int) -> str:
    """The absolute address of another page; the other parameters stay, the first page needs none."""
    pairs = sorted((name, values) for name, values in request.args.lists() if name != "page")
    if number > 1:
        pairs = sorted([*pairs, ("page", [str(number)])])
    base = current_app.config["PORTAL"].base_url or request.host_url.rstrip("/")
    query = urlencode(pairs, doseq=True)
    return f"{base}{quote(request.path)}{'?' + query if query else ''}"
