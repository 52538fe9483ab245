"""Rows of the seats API and of the map."""

import html
import json
import re
import time
from itertools import pairwise

import sqlalchemy as sa
from flask import current_app
from flask.testing import FlaskClient

from bench.rows.base import AUTH, EVENT, JSON, Request, Row
from portal.core.database import db
from portal.seating.models import Seat
from portal.seating.queries.delta import SETTLING
from tests.browserless import sign_in

MAP = "/organizer/bigevents/sampleconf/seats/"
BULK = 10_000


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


def available_list() -> list[Request]:
    """Pages of fifty available seats."""
    return [Request("GET", f"{EVENT}/seats/?is_available=true&page={page}", headers=AUTH) for page in range(1, 51)]


def filtered_list() -> list[Request]:
    """The rows of the first zone, one at a time."""
    return [Request("GET", f"{EVENT}/seats/?zone_name=Zone+A&row_name={row}", headers=AUTH) for row in range(1, 21)]


def bulk_block() -> list[Request]:
    """Ten thousand seats, blocked and freed in turn."""
    body = json.dumps({"ids": _seats(BULK)}).encode()
    return [
        Request("POST", f"{EVENT}/seats/{door}/", body, JSON, variant=variant)
        for variant, door in enumerate(("bulk_block", "bulk_unblock"))
    ]


def vouchers_list() -> list[Request]:
    """Pages of fifty vouchers."""
    return [Request("GET", f"{EVENT}/vouchers/?page={page}", headers=AUTH) for page in range(1, 11)]


def _organizer() -> tuple[FlaskClient, dict[str, str]]:
    """A signed-in browser, and the header with its cookie."""
    client = current_app.test_client()
    sign_in(client, "ada@example.org", "demo-organizer")
    cookie = client.get_cookie("portal")
    if cookie is None:
        raise SystemExit("The sign-in of the bench set no cookie.")
    return client, {"Cookie": f"portal={cookie.value}"}


def map_zone() -> list[Request]:
    """A zone of two thousand seats, drawn."""
    _, cookie = _organizer()
    return [Request("GET", f"{MAP}zones/0", headers=cookie)]


def map_delta() -> list[Request]:
    """What an open map asks every two seconds, when nothing changed."""
    time.sleep(SETTLING.total_seconds() + 1)
    client, cookie = _organizer()
    found = re.search(r'hx-get="([^"]*/changes[^"]*)"', client.get(MAP).text)
    if found is None:
        raise SystemExit("The map of the bench does not ask for changes.")
    return [Request("GET", html.unescape(found[1]), headers=cookie)]


ROWS = (
    Row("seats list", seats_list, goal=1000),
    Row("seats is_available", available_list, goal=500),
    Row("seats of a row", filtered_list),
    Row("one seat", seat_detail, goal=1950),
    Row("seat patch", seat_patch, goal=700),
    Row("seats bulk_block 10,000", bulk_block, goal=6, slow=4),
    Row("vouchers list", vouchers_list, goal=1300),
    Row("seat map: zone of 2,000", map_zone),
    Row("seat map: nothing changed", map_delta),
)

#: What is measured at two sizes (`bench.scale`): everything that looks at seats.
SCALED = tuple(row for row in ROWS if row.requests is not vouchers_list)
