"""The rows of the benchmark: which requests each sends, and the goal it is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from bench.data import TOKEN
from portal.core.database import db
from portal.seating.models import Seat

EVENT = "/api/v1/organizers/bigevents/events/sampleconf"


@dataclass(frozen=True)
class Request:
    """One request. ``vary`` is the value in it that differs between the requests of a row: an id, most often."""

    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    vary: Any = None


@dataclass(frozen=True)
class Row:
    """A line of the result. ``goal`` is requests a second on PostgreSQL at 4 clients, None where there is none."""

    name: str
    requests: Callable[[], Sequence[Request]]
    goal: int | None = None


AUTH = {"Authorization": f"Token {TOKEN}"}
JSON = AUTH | {"Content-Type": "application/json"}


def _seats(limit: int) -> list[int]:
    return list(db.session.scalars(sa.select(Seat.id).order_by(Seat.id).limit(limit)))


def seats_list() -> list[Request]:
    """Pages of fifty seats."""
    return [Request("GET", f"{EVENT}/seats/?page={page}", headers=AUTH) for page in range(1, 51)]


def seat_detail() -> list[Request]:
    """Single seats."""
    return [Request("GET", f"{EVENT}/seats/{seat}/", headers=AUTH, vary=seat) for seat in _seats(500)]


def seat_patch() -> list[Request]:
    """Single seats, blocked and freed in turn so that every request changes a row."""
    ids = _seats(501)
    return [
        Request("PATCH", f"{EVENT}/seats/{seat}/", b'{"blocked": %s}' % value, JSON, vary=seat)
        for value in (b"true", b"false")
        for seat, _ in pairwise(ids)
    ]


def exhibitors_list() -> list[Request]:
    """Pages of fifty exhibitors with codes and tags."""
    return [Request("GET", f"{EVENT}/exhibitors/?page={page}", headers=AUTH) for page in range(1, 7)]


ROWS = (
    Row("seats list", seats_list, goal=1000),
    Row("one seat", seat_detail, goal=1950),
    Row("seat patch", seat_patch, goal=700),
    Row("exhibitors list", exhibitors_list),
)
