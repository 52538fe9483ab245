"""Bundles for tests: the contract's example with its gaps filled, and what to compare afterwards."""

import copy
import gzip
import re
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from portal.core.actors import SYSTEM
from portal.core.database import Base, db
from portal.exchange.dump import dump_bundle
from portal.exchange.load import Loaded, load_bundle
from portal.seating.models import Seat

Json = dict[str, Any]
SAMPLE = Path(__file__).parent.parent / "data" / "pretix-sample.bundle.json.gz"
SECRET = "4rfgp263jduratnsvwvy6cc6r6wnptbj"
MISSING = object()


def layout() -> Json:
    """Two zones with three seats, and a stage."""
    return {
        "name": "Main hall",
        "size": {"width": 400, "height": 300},
        "categories": [{"name": "Stalls", "color": "#3a3"}, {"name": "Balcony", "color": "#a33"}],
        "zones": [
            {
                "name": "Ground floor",
                "position": {"x": 10, "y": 20},
                "rows": [
                    {
                        "row_number": "1",
                        "row_label": "Row %s",
                        "seat_label": None,
                        "position": {"x": 1, "y": 2},
                        "seats": [
                            {
                                "seat_guid": "1-1",
                                "seat_number": "1",
                                "category": "Stalls",
                                "position": {"x": 0, "y": 0},
                            },
                            {
                                "seat_guid": "1-2",
                                "seat_number": "2",
                                "category": "Stalls",
                                "position": {"x": 20, "y": 0},
                            },
                        ],
                    }
                ],
                "areas": [{"shape": "circle", "position": {"x": 5, "y": 5}, "circle": {"radius": 4}, "color": "#eee"}],
            },
            {
                "name": "Balcony",
                "position": {"x": 10, "y": 200},
                "rows": [
                    {
                        "row_number": "1",
                        "seats": [
                            {
                                "seat_guid": "B-1",
                                "seat_number": "1",
                                "category": "Balcony",
                                "position": {"x": 3, "y": 4},
                            }
                        ],
                    }
                ],
            },
        ],
    }


def example() -> Json:
    """The bundle contract's example."""
    return copy.deepcopy(_EXAMPLE)


def _seat(ident: int, number: str, guid: str, **more: Any) -> Json:
    return {
        "id": ident,
        "subevent": None,
        "zone_name": "Ground floor",
        "row_name": "1",
        "row_label": None,
        "seat_number": number,
        "seat_label": None,
        "seat_guid": guid,
        "product": 104,
        "blocked": False,
        "x": None,
        "y": None,
    } | more


_EXAMPLE: Json = {
    "format": "portal-bundle",
    "version": 1,
    "source": "pretix.example.org",
    "organizer": {"slug": "bigevents", "name": "Big Events"},
    "users": [{"email": "ada@example.org", "password": "correct horse", "name": "Ada", "is_admin": False}],
    "teams": [
        {
            "name": "Crew",
            "all_events": True,
            "limit_events": [],
            "permissions": ["can_change_event_settings"],
            "members": ["ada@example.org"],
            "tokens": [{"name": "sync", "token": "a-token-of-the-example"}],
        }
    ],
    "resellers": [
        {
            "name": "Tickets GmbH",
            "public_name": "Tickets",
            "public_url": "https://tickets.example.org",
            "support_email": "help@tickets.example.org",
            "support_phone": "+49 30 23125",
            "communication_language": "de",
            "members": ["ada@example.org"],
        }
    ],
    "oauth_applications": [
        {
            "name": "Sync",
            "owner": "ada@example.org",
            "client_id": "sync-app",
            "client_secret": "a-client-secret",
            "redirect_uris": ["https://app.example.org/callback"],
        }
    ],
    "events": [
        {
            "slug": "sampleconf",
            "name": {"en": "Sample conference", "de": "Beispielkonferenz"},
            "live": True,
            "locale": "en",
            "locales": ["en", "de"],
            "currency": "EUR",
            "date_from": "2026-12-27T10:00:00Z",
            "date_to": "2026-12-28T10:00:00Z",
            "timezone": "Europe/Berlin",
            "has_subevents": False,
            "url": "https://tickets.example.org/bigevents/sampleconf/",
            "settings": {
                "imprint_url": None,
                "privacy_url": "https://example.org/privacy",
                "lead_fields": ["attendee_name", "attendee_email", "company"],
                "lead_notes": True,
                "lead_tags": ["foo", "bar"],
            },
            "subevents": [],
            "items": [
                {
                    "id": 104,
                    "name": {"en": "Standard ticket"},
                    "default_price": "60.00",
                    "admission": True,
                    "checkin_attention": False,
                    "position": 0,
                    "variations": [{"id": 59, "value": {"en": "Early bird"}, "position": 0}],
                },
                {"id": 105, "name": {"en": "T-Shirt"}, "default_price": "15.00", "position": 1},
            ],
            "questions": [
                {
                    "id": 12,
                    "question": {"en": "Choose a shirt size"},
                    "type": "C",
                    "required": True,
                    "position": 2,
                    "identifier": "SIZE",
                    "items": [104],
                    "ask_during_checkin": True,
                    "options": [
                        {"id": 24, "identifier": "M", "answer": {"en": "M"}, "position": 0},
                        {"id": 25, "identifier": "L", "answer": {"en": "L"}, "position": 1},
                    ],
                }
            ],
            "vouchers": [
                {
                    "id": 15,
                    "code": "43K6LKM37FBVR2YG",
                    "max_usages": 1,
                    "redeemed": 0,
                    "price_mode": "set",
                    "value": "12.00",
                    "item": 104,
                    "tag": "testvoucher",
                    "seat": None,
                },
                {"id": 16, "code": "SEATVOUCHER", "seat": "1-3"},
            ],
            "orders": [
                {
                    "code": "U0HW7",
                    "status": "p",
                    "testmode": False,
                    "email": "peter@example.org",
                    "datetime": "2026-11-01T10:00:00Z",
                    "checkin_attention": False,
                    "invoice_address": {
                        "name": "Peter Miller",
                        "name_parts": {"_scheme": "full", "full_name": "Peter Miller"},
                        "company": "Miller Ltd",
                    },
                    "positions": [
                        {
                            "id": 134,
                            "positionid": 1,
                            "item": 104,
                            "variation": 59,
                            "price": "60.00",
                            "attendee_name_parts": {
                                "_scheme": "given_family",
                                "given_name": "Peter",
                                "family_name": "Müller",
                            },
                            "attendee_email": "peter@example.org",
                            "company": "Miller Ltd",
                            "voucher": 15,
                            "secret": SECRET,
                            "pseudonymization_id": "ZSNYSG3URZ",
                            "addon_to": None,
                            "subevent": None,
                            "seat": {"seat_guid": "1-2"},
                            "canceled": False,
                            "answers": [{"question": 12, "answer": "M", "options": [24]}],
                            "checkins": [
                                {"list": 1, "datetime": "2026-12-27T12:00:00Z"},
                                {"list": 1, "datetime": "2026-12-27T09:00:00Z"},
                                {"list": 1, "datetime": "2026-12-27T11:00:00Z", "type": "exit"},
                            ],
                        },
                        {"id": 135, "item": 105, "price": "15.00", "secret": "shirt-secret", "addon_to": 134},
                    ],
                },
                {
                    "code": "PEND1",
                    "status": "n",
                    "datetime": "2026-11-02T10:00:00+01:00",
                    "positions": [{"id": 136, "item": 104, "price": "60.00", "secret": "pending-secret"}],
                },
            ],
            "carts": [
                {
                    "id": 9,
                    "cart_id": "abc@sampleconf",
                    "item": 104,
                    "variation": None,
                    "price": "60.00",
                    "datetime": "2026-11-20T10:00:00Z",
                    "expires": "2099-11-20T10:30:00Z",
                    "seat": {"seat_guid": "1-4"},
                    "answers": [{"question": 12, "answer": "L", "options": [25]}],
                }
            ],
            "seating_plan": {"name": "Main hall", "layout": layout()},
            "seats": [
                _seat(1633, "1", "1-1"),
                _seat(1634, "2", "1-2"),
                _seat(1635, "3", "1-3", x=12.5, y=7),
                _seat(1636, "4", "1-4", blocked=True, orderposition=4321, cartposition=None, voucher=51),
            ],
            "checkin_lists": [
                {
                    "id": 1,
                    "name": "Main entrance",
                    "all_products": False,
                    "limit_products": [104],
                    "subevent": None,
                    "include_pending": False,
                }
            ],
            "devices": [
                {
                    "name": "Gate 1",
                    "key": "the-key-of-gate-1",
                    "list": 1,
                    "all_items": False,
                    "items": [104],
                    "allow_search": True,
                    "show_info": True,
                    "api_version": None,
                }
            ],
            "exhibitor_tags": ["Gold Sponsor", "Start-up"],
            "exhibitors": [
                {
                    "id": 1,
                    "name": "Aperture Science",
                    "booth": "A2",
                    "contact_name_parts": {"_scheme": "title_given_family", "title": "Dr", "given_name": "Cave"},
                    "contact_email": "johnson@as.example.org",
                    "contact_cc_email": "miller@as.example.org,smith@as.example.org",
                    "locale": "de",
                    "access_code": "VKHZ2FU84",
                    "lead_scanning_access_code": "WVK2B8PZ",
                    "allow_lead_scanning": True,
                    "allow_lead_access": True,
                    "allow_voucher_access": True,
                    "exhibitor_tags": ["Gold Sponsor"],
                    "vouchers": [{"code": "43K6LKM37FBVR2YG", "exhibitor_comment": "Free ticket"}],
                    "leads": [
                        {
                            "secret": SECRET,
                            "notes": "Wants our newsletter",
                            "rating": 4,
                            "tags": ["foo"],
                            "scanned": "2026-12-27T13:00:00Z",
                            "first_upload": "2026-12-27T13:00:05Z",
                            "device_name": "DEV1",
                            "device_uuid": "d8c2ec53-d602-4a08-882d-db4cf54344a2",
                        }
                    ],
                },
                {"id": 2, "name": "Black Mesa", "access_code": "RVAL23456", "lead_scanning_access_code": None},
            ],
        }
    ],
}


def series() -> Json:
    """A series of two dates in the same hall, the second with a plan of its own."""
    small = layout()
    del small["zones"][0]
    return {
        "format": "portal-bundle",
        "version": 1,
        "source": "pretix.example.org",
        "organizer": {"slug": "bigevents", "name": "Big Events"},
        "events": [
            {
                "slug": "series",
                "name": {"en": "Series"},
                "date_from": "2026-12-01T10:00:00Z",
                "has_subevents": True,
                "items": [{"id": 201, "name": {"en": "Evening"}}],
                "seating_plan": {"layout": layout()},
                "seat_category_mapping": {"Stalls": 201},
                "subevents": [
                    {"id": 31, "name": {"en": "Day 1"}, "date_from": "2026-12-01T10:00:00Z"},
                    {
                        "id": 32,
                        "name": {"en": "Day 2"},
                        "date_from": "2026-12-02T10:00:00Z",
                        "date_to": None,
                        "seating_plan": {"name": "Small", "layout": small},
                        "seat_category_mapping": {"Balcony": 201},
                    },
                ],
                "orders": [
                    {
                        "code": "EVE01",
                        "status": "p",
                        "datetime": "2026-11-02T10:00:00Z",
                        "positions": [
                            {"item": 201, "secret": "one", "subevent": 31, "seat": {"seat_guid": "B-1"}},
                            {"item": 201, "secret": "two", "subevent": 32, "seat": {"seat_guid": "B-1"}},
                        ],
                    }
                ],
            }
        ],
    }


def change(data: Json, path: str, value: Any) -> Json:
    """Set (or, with `MISSING`, remove) what stands at a path such as ``events[0].slug``; ``[+]`` appends."""
    *steps, last = [
        int(index) if index.lstrip("-").isdigit() else (index or name)
        for name, index in re.findall(r"([^.\[\]]+)|\[([^\]]+)\]", path)
    ]
    place: Any = data
    for step in steps:
        place = place[step]
    if last == "+":
        place.append(value)
    elif value is MISSING:
        del place[last]
    else:
        place[last] = value
    return data


def load(data: Json | bytes) -> Loaded:
    """Load and commit."""
    raw = data if isinstance(data, bytes) else orjson.dumps(data)
    try:
        loaded = load_bundle(actor=SYSTEM, raw=raw)
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    return loaded


def dump(organizer: str = "bigevents") -> bytes:
    """The organizer's bundle."""
    db.session.rollback()
    return b"".join(dump_bundle(organizer=organizer))


def sample() -> Json:
    """A part of what a real pretix answered."""
    data: Json = orjson.loads(gzip.decompress(SAMPLE.read_bytes()))
    return data


def tables() -> dict[str, list[Any]]:
    """All rows of all tables."""
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table)).all()))
            for table in Base.metadata.sorted_tables
        }


def rows(model: type[Base], **where: Any) -> list[Any]:
    """Rows of a table as objects, by id."""
    return list(db.session.scalars(sa.select(model).filter_by(**where).order_by(model.id)))  # type: ignore[attr-defined]


def count(model: type[Base]) -> int:
    """How many rows a table has."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def guid_of(seat_id: int | None) -> str | None:
    """A seat's guid."""
    return db.session.scalar(sa.select(Seat.seat_guid).where(Seat.id == seat_id))


def without_identity(raw: bytes) -> Json:
    """A dump without what differs between installations: the source, and ids, which become numbers in order."""
    data: Json = orjson.loads(raw)
    del data["source"]
    numbers: dict[tuple[str, int], int] = {}
    references = {
        "item": "items", "items": "items", "product": "items", "limit_products": "items", "voucher": "vouchers",
        "variation": "variations", "question": "questions", "options": "options", "subevent": "subevents",
        "list": "checkin_lists",
    }  # fmt: skip

    def number(kind: str, ident: int) -> int:
        return numbers.setdefault((kind, ident), len(numbers))

    def walk(value: Any, kind: str) -> Any:
        if isinstance(value, list):
            return [walk(entry, kind) for entry in value]
        if isinstance(value, dict):
            return {
                key: one(key, entry, kind) for key, entry in sorted(value.items(), key=lambda pair: pair[0] != "id")
            }
        return value

    def one(key: str, value: Any, kind: str) -> Any:
        if key == "id":
            return number(kind, value)
        if key == "addon_to":
            return number(kind, value)
        if key in references and isinstance(value, int):
            return number(references[key], value)
        if key in references and isinstance(value, list) and all(isinstance(entry, int) for entry in value):
            return [number(references[key], entry) for entry in value]
        return walk(value, key)

    walked: Json = walk(data, "")
    return walked
