"""Rows of the seats API and of the map."""

from itertools import pairwise

import sqlalchemy as sa

from bench.rows.base import AUTH, EVENT, JSON, Request, Row
from portal.core.database import db
from portal.seating.models import Seat


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


ROWS = (
    Row("seats list", seats_list, goal=1000),
    Row("one seat", seat_detail, goal=1950),
    Row("seat patch", seat_patch, goal=700),
)
