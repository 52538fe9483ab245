"""A fair of a chosen size as a bundle: seats, tickets, vouchers, exhibitors with leads."""

import datetime as dt
from typing import Any

TOKEN = "b" * 64
DEVICE_KEY = "d" * 40
CODE = "BENCH2345"
#: Signs the sessions of the pages' rows: the app that makes them and the server that reads them are two processes.
SECRET_KEY = "a key for the bench only"
START = dt.datetime(2035, 6, 1, 9, tzinfo=dt.UTC)
#: Leads were scanned before now, so that a scan now is no earlier one.
SCANNED = dt.datetime(2025, 6, 1, 9, tzinfo=dt.UTC)
GIVEN = ("Ada", "Peter", "Zoë", "Jürgen", "Mei", "Olu", "Ana", "Tom", "Ivan", "Lena")
TAGS = ("hot", "partner", "press", "newsletter", "follow up")
#: The vouchers of the first exhibitor, and how many tickets were bought with them.
GIVEN_VOUCHERS = range(100, 150)
REDEMPTIONS = 1000
FAMILY = ("Miller", "O’Neill", "Groß", "King", "Lin", "Ade", "García", "Sawyer", "Dornby", "Novák", "Haas")


def build(seats: int, tickets: int) -> dict[str, Any]:
    """A bundle with ``seats`` seats (a tenth sold, some in carts or for vouchers) and ``tickets`` paid tickets."""
    item = {"id": 1, "name": {"en": "Ticket"}, "default_price": "100.00", "admission": True}
    taken = iter(range(0, seats, 10))
    orders = [_order(number, next(taken, None)) for number in range(tickets)]
    return {
        "format": "portal-bundle",
        "version": 1,
        "source": "bench",
        "organizer": {"slug": "bigevents", "name": "Big Events"},
        "users": [{"email": "ada@example.org", "password": "demo-organizer", "name": "Ada"}],
        "teams": [
            {
                "name": "Crew",
                "all_events": True,
                "permissions": ["can_change_event_settings", "can_view_orders", "can_view_vouchers"],
                "members": ["ada@example.org"],
                "tokens": [{"name": "bench", "token": TOKEN}],
            }
        ],
        "events": [
            {
                "slug": "sampleconf",
                "name": {"en": "Sample conference"},
                "live": True,
                "date_from": START.isoformat(),
                "date_to": (START + dt.timedelta(days=2)).isoformat(),
                "timezone": "Europe/Berlin",
                "items": [item],
                "settings": {
                    "lead_fields": ["attendee_name", "attendee_email", "company"],
                    "lead_notes": True,
                    "lead_tags": list(TAGS),
                },
                "vouchers": [_voucher(number) for number in range(500)],
                "orders": orders,
                "carts": [_cart(number) for number in range(min(20, seats // 10))],
                "seats": [_seat(number) for number in range(seats)],
                "checkin_lists": [{"id": 1, "name": "Main entrance"}],
                "devices": [{"name": "Gate 1", "key": DEVICE_KEY, "list": 1}],
                "exhibitor_tags": ["Gold Sponsor", "Startup", "Press"],
                "exhibitors": [
                    {
                        "name": "Aperture Science",
                        "access_code": CODE,
                        "allow_lead_scanning": True,
                        "allow_lead_access": True,
                        "allow_voucher_access": True,
                        "leads": [_lead(number) for number in range(min(10_000, tickets // 2))],
                        "vouchers": [{"id": number + 1} for number in GIVEN_VOUCHERS],
                    },
                    *(_exhibitor(number) for number in range(299)),
                ],
            }
        ],
    }


def _lead(number: int) -> dict[str, Any]:
    scanned = SCANNED + dt.timedelta(seconds=17 * number)
    return {
        "secret": _secret(number),
        "scanned": scanned.isoformat(),
        "rating": None if number % 3 == 0 else number % 6,
        "tags": [TAGS[number % 5]] if number % 2 else [],
        "notes": f"Wants an offer for {number} seats" if number % 4 == 0 else "",
        "device_name": f"Phone {number % 7}",
        "device_uuid": f"00000000-0000-4000-8000-{number % 7:012d}",
    }


def _exhibitor(number: int) -> dict[str, Any]:
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number % len(FAMILY)]
    return {
        "name": f"{family} {number} Ltd",
        "internal_id": f"C-{number:05d}",
        "contact_name_parts": {"_scheme": "given_family", "given_name": given, "family_name": family},
        "contact_email": f"booth{number}@example.org",
        "contact_cc_email": f"copy{number}@example.org",
        "booth": f"{chr(65 + number % 8)}{number}",
        "access_code": f"FULL{number:05d}",
        "lead_scanning_access_code": f"SCAN{number:04d}",
        "allow_lead_scanning": True,
        "exhibitor_tags": [("Gold Sponsor", "Startup", "Press")[number % 3]],
    }


def _secret(number: int) -> str:
    return f"{number * 2654435761 % 2**32:08x}{number:024x}"


def _guid(number: int) -> str:
    zone, rest = divmod(number, 2000)
    row, seat = divmod(rest, 100)
    return f"{chr(65 + zone % 26)}{zone // 26 or ''}-{row + 1}-{seat + 1}"


def _seat(number: int) -> dict[str, Any]:
    guid = _guid(number)
    zone, row, seat = guid.split("-")
    return {
        "id": number + 1,
        "zone_name": f"Zone {zone}",
        "row_name": row,
        "row_label": f"Row {row}",
        "seat_number": seat,
        "seat_guid": guid,
        "product": 1,
    }


def _order(number: int, seat: int | None) -> dict[str, Any]:
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number % len(FAMILY)]
    position = {
        "id": number + 1,
        "positionid": 1,
        "item": 1,
        "price": "100.00",
        "attendee_name_parts": {"_scheme": "given_family", "given_name": given, "family_name": f"{family} {number}"},
        "attendee_email": f"person{number}@example.org",
        "company": f"{family} Ltd",
        "secret": _secret(number),
        "pseudonymization_id": f"P{number:09d}",
        "seat": None if seat is None else {"seat_guid": _guid(seat)},
        "voucher": GIVEN_VOUCHERS[number % len(GIVEN_VOUCHERS)] + 1 if number < REDEMPTIONS else None,
    }
    return {
        "code": f"B{number:06X}",
        "status": "p",
        "email": f"person{number}@example.org",
        "datetime": "2035-01-01T10:00:00Z",
        "positions": [position],
    }


def _voucher(number: int) -> dict[str, Any]:
    seat = _guid(number * 10 + 5) if number < 100 else None
    return {"id": number + 1, "code": f"BENCH{number:05d}", "item": 1, "seat": seat, "tag": "press", "max_usages": 20}


def _cart(number: int) -> dict[str, Any]:
    return {
        "id": number + 1,
        "cart_id": f"cart-{number}",
        "item": 1,
        "price": "100.00",
        "datetime": "2026-01-01T00:00:00Z",
        "expires": "2099-01-01T00:00:00Z",
        "seat": {"seat_guid": _guid(number * 10 + 7)},
    }
