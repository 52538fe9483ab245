"""Lists on pages: the words and the page that are asked for, read leniently, and addresses that keep the rest."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request, url_for

PAGE_SIZE = 50
MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class PagePart:
    """A page that exists, of ``total`` rows."""

    number: int
    pages: int
    total: int
    size: int = PAGE_SIZE

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.size


def words(name: str = "q") -> str:
    """What somebody types into a search field; never longer than a search is."""
    return request.args.get(name, "").replace("\0", "").strip()[:MOST_WORDS]


def asked_page(first: int = 1) -> int:
    """The number of the page that is asked for, whether it exists or not."""
    given = request.args.get("page", "")
    return max(1, int(given)) if given.isascii() and given.isdecimal() and len(given) < 10 else first


def page_part(total: int, *, first: int = 1, size: int = PAGE_SIZE) -> PagePart:
    """The page that is asked for, ``first`` where none is; a page behind the end is the last."""
    pages = max(1, -(-total // size))
    return PagePart(min(asked_page(first), pages), pages, total, size)


def here(**changes: object) -> str:
    """This list's address with other parameters (None takes one out), on the first page unless one is named."""
    kept: dict[str, object] = {key: value for key, value in request.args.items() if key != "page"}
    merged = {key: value for key, value in (kept | changes).items() if value not in (None, "")}
    address = url_for(str(request.endpoint), **(request.view_args or {}))  # its own parameters are for the query alone
    return f"{address}?{urlencode(merged)}" if merged else address


def page_url(number: int) -> str:
    """Another page of this list."""
    return here(page=number if number > 1 else None)
