"""Pages of a list: which one is asked for, and the envelope it comes in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import current_app
from flask.globals import request_ctx

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
        before, behind = self.number > 1, self.offset + self.size < self.count
        link = _links() if before or behind else str
        return {
            "count": self.count,
            "next": link(self.number + 1) if behind else None,
            "previous": link(self.number - 1) if before else None,
            "results": results,
        }


def read_page(count: int) -> Page:
    """The page that this request asks for. Raises `NotFound` where the list has no such page."""
    args = request_ctx.request.args
    size = _page_size(args.get("page_size", ""))
    last = max(1, -(-count // size))
    given = args.get("page", "")
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


def _page_size(given: str) -> int:
    if not given:
        return PAGE_SIZE
    try:
        size = int(given) if len(given) <= 20 else PAGE_SIZE
    except ValueError:
        return PAGE_SIZE
    return min(size, PAGE_SIZE) if size > 0 else PAGE_SIZE


def _links() -> Callable[[int], str]:
    """Makes absolute addresses of other pages; the other parameters stay, the first page needs none."""
    current = request_ctx.request
    base = current_app.config["PORTAL"].base_url or f"{current.scheme}://{current.host}"
    path = base + quote(current.path)
    others = sorted((name, values) for name, values in current.args.lists() if name != "page")

    def link(number: int) -> str:
        if not others:
            return f"{path}?page={number}" if number > 1 else path
        pairs = sorted([*others, ("page", [str(number)])]) if number > 1 else others
        return f"{path}?{urlencode(pairs, doseq=True)}"

    return link
