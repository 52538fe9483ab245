"""The rows of the benchmark: which requests each sends, and the goal it is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from flask import current_app

from bench.data import DEVICE_KEY, TOKEN
from portal.core.database import db
from portal.seating.models import Seat
from portal.tickets.models import OrderPosition

EVENT = "/api/v1/organizers/bigevents/events/sampleconf"


@dataclass(frozen=True)
class Request:
    """One request. ``vary`` is the value in it that differs between the requests of a row: an id, most often.

    ``variant`` tells requests of a row apart that do different things: each is recorded for the floor.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    vary: Any = None
    variant: int = 0


@dataclass(frozen=True)
class Row:
    """A line of the result. ``goal`` is requests a second on PostgreSQL at 4 clients, None where there is none."""

    name: str
    requests: Callable[[], Sequence[Request]]
    goal: int | None = None
    #: Each request can be sent once only: the portal and the floor get different ones.
    once: bool = False


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
        Request("PATCH", f"{EVENT}/seats/{seat}/", b'{"blocked": %s}' % value, JSON, vary=seat, variant=variant)
        for variant, value in enumerate((b"true", b"false"))
        for seat, _ in pairwise(ids)
    ]


def exhibitors_list() -> list[Request]:
    """Pages of fifty exhibitors with codes and tags."""
    return [Request("GET", f"{EVENT}/exhibitors/?page={page}", headers=AUTH) for page in range(1, 7)]


GATE = "/eventyaydroid/api/bigevents/sampleconf"
KEY = f"?key={DEVICE_KEY}"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _redeem(secret: str, position: int) -> Request:
    body = f"secret={secret}&questions_supported=true".encode()
    return Request("POST", f"{GATE}/redeem/{KEY}", body, FORM, vary=position)


def redeem_fresh() -> list[Request]:
    """Every ticket but the first thousand, each once."""
    tickets = sa.select(OrderPosition.secret, OrderPosition.id).order_by(OrderPosition.id).offset(1000)
    return [_redeem(secret, position) for secret, position in db.session.execute(tickets)]


def redeem_used() -> list[Request]:
    """One ticket that is in already."""
    ticket = sa.select(OrderPosition.secret, OrderPosition.id).order_by(OrderPosition.id).limit(1)
    return [_redeem(secret, position) for secret, position in db.session.execute(ticket)]


def search_names() -> list[Request]:
    """A family name and a part of a number, as somebody types them."""
    queries = [f"miller%20{number}" for number in range(1000, 1200)]
    return [Request("GET", f"{GATE}/search/{KEY}&query={query}") for query in queries]


def gate_status() -> list[Request]:
    """The figures of a list."""
    return [Request("GET", f"{GATE}/status/{KEY}")]


def download_unchanged() -> list[Request]:
    """The copy of all tickets, for a phone that has it."""
    path = f"{GATE}/download/{KEY}"
    tag = current_app.test_client().get(path).headers["ETag"]
    return [Request("GET", path, headers={"If-None-Match": tag})]


ROWS = (
    Row("seats list", seats_list, goal=1000),
    Row("one seat", seat_detail, goal=1950),
    Row("seat patch", seat_patch, goal=700),
    Row("exhibitors list", exhibitors_list),
    Row("gate: unchanged download", download_unchanged),
    Row("gate: status", gate_status),
    Row("gate: search by name", search_names, goal=500),
    Row("gate: redeem fresh", redeem_fresh, goal=560, once=True),
    Row("gate: redeem used", redeem_used),
)
