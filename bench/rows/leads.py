"""Rows of exhibitors' own doors: the App API and the pages, with 10,000 leads and 1,000 redemptions."""

import re
from collections.abc import Sequence

import orjson
import sqlalchemy as sa
from flask import current_app

from bench.data import CODE, FAMILY
from bench.rows.base import Request, Row
from portal.core.database import db
from portal.leads.models import Lead
from portal.tickets.models import OrderPosition

API = "/exhibitors/api/v1"
CODE_HEADER = {"Authorization": f"Exhibitor {CODE}"}
JSON = CODE_HEADER | {"Content-Type": "application/json"}
PAGES = "/exhibitor"


def profile() -> list[Request]:
    """What each phone asks for again and again."""
    return [Request("GET", f"{API}/profile", headers=CODE_HEADER)]


def _scan(secret: str, position: int) -> Request:
    body = {
        "code": secret,
        "notes": "",
        "scanned": "2025-10-18T12:24:23.000+00:00",
        "scan_type": "lead",
        "tags": None,
        "rating": None,
        "device_name": "DEV1",
        "device_uuid": "d8c2ec53-d602-4a08-882d-db4cf54344a2",
    }
    return Request("POST", f"{API}/leads/", orjson.dumps(body), JSON, vary=position)


def first_scan() -> list[Request]:
    """Every ticket that is no lead yet, each once."""
    known = sa.select(Lead.position_id)
    tickets = sa.select(OrderPosition.secret, OrderPosition.id).where(OrderPosition.id.not_in(known))
    return [_scan(*ticket) for ticket in db.session.execute(tickets.order_by(OrderPosition.id))]


def repeated_scan() -> list[Request]:
    """Tickets that are leads already, with nothing new about them."""
    tickets = sa.select(OrderPosition.secret, OrderPosition.id).join(Lead, Lead.position_id == OrderPosition.id)
    return [_scan(*ticket) for ticket in db.session.execute(tickets.order_by(OrderPosition.id).limit(500))]


def leads_list() -> list[Request]:
    """Pages of fifty leads."""
    return [Request("GET", f"{API}/leads/?page={page}", headers=CODE_HEADER) for page in range(1, 51)]


def vouchers_list() -> list[Request]:
    """Fifty vouchers with a thousand redemptions."""
    return [Request("GET", f"{API}/vouchers/", headers=CODE_HEADER)]


def _signed_in() -> dict[str, str]:
    """The cookie of a browser with the exhibitor's code."""
    client = current_app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/e/").text)
    assert token is not None
    client.post("/e/", data={"csrf_token": token[1], "code": CODE})
    cookie = client.get_cookie(str(current_app.config["SESSION_COOKIE_NAME"]))
    assert cookie is not None
    return {"Cookie": f"{cookie.key}={cookie.value}"}


def leads_page() -> list[Request]:
    """The list with its figures and filters."""
    return [Request("GET", f"{PAGES}/leads", headers=_signed_in())]


def leads_search() -> list[Request]:
    """What a search swaps as somebody types the name of one lead."""
    headers = _signed_in() | {"HX-Request": "true", "HX-Target": "lead-list"}
    found = [number for number in range(1000, 2000) if FAMILY[number % len(FAMILY)] == "Miller"]
    return [Request("GET", f"{PAGES}/leads?q=miller+{number}", headers=headers) for number in found]


ROWS: Sequence[Row] = (
    Row("app: profile", profile),
    Row("app: first scan", first_scan, once=True),
    Row("app: repeated scan", repeated_scan, reads=True),
    Row("app: leads page", leads_list),
    Row("app: vouchers page", vouchers_list),
    Row("leads page, 10,000 leads", leads_page),
    Row("search in 10,000 leads", leads_search),
)
