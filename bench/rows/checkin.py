"""Rows of the check-in API."""

import sqlalchemy as sa
from flask import current_app

from bench.data import DEVICE_KEY
from bench.rows.base import Request, Row
from portal.core.database import db
from portal.tickets.models import Checkin, OrderPosition

GATE = "/eventyaydroid/api/bigevents/sampleconf"
KEY = f"?key={DEVICE_KEY}"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _redeem(secret: str, position: int) -> Request:
    body = f"secret={secret}&questions_supported=true".encode()
    return Request("POST", f"{GATE}/redeem/{KEY}", body, FORM, vary=position)


def redeem_fresh() -> list[Request]:
    """Every ticket but the first thousand, each once; those that an earlier row let in go out again."""
    tickets = sa.select(OrderPosition.secret, OrderPosition.id).order_by(OrderPosition.id).offset(1000)
    found = db.session.execute(tickets).all()
    db.session.execute(sa.delete(Checkin).where(Checkin.position_id >= found[0].id))
    db.session.commit()
    return [_redeem(secret, position) for secret, position in found]


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


def download() -> list[Request]:
    """The copy of all tickets, for a phone that has none; compressed, as phones ask for it."""
    return [Request("GET", f"{GATE}/download/{KEY}", headers={"Accept-Encoding": "gzip"})]


def download_unchanged() -> list[Request]:
    """The copy of all tickets, for a phone that has it."""
    path = f"{GATE}/download/{KEY}"
    tag = current_app.test_client().get(path).headers["ETag"]
    return [Request("GET", path, headers={"If-None-Match": tag})]


ROWS = (
    Row("gate: unchanged download", download_unchanged),
    Row("gate: status", gate_status),
    Row("gate: search by name", search_names, goal=500),
    Row("gate: redeem fresh", redeem_fresh, goal=560, once=True),
    Row("gate: redeem used", redeem_used),
)

#: What is measured at two sizes (`bench.scale`), with more clients and with whole copies.
SCALED = (
    *(row for row in ROWS if row.requests is not redeem_fresh),
    Row("gate: download", download, kept=True),
    Row("gate: redeem fresh, 4 at once", redeem_fresh, goal=560, once=True),
    Row("gate: redeem fresh, 16 at once", redeem_fresh, once=True, clients=16),
)
