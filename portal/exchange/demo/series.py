"""A small series of two evenings in a chamber of sixty seats, with its own lists and one door."""

import random
from datetime import timedelta

from portal.exchange.demo.facts import SERIES_SLUG, DemoFacts
from portal.exchange.demo.hall import seats_of
from portal.exchange.demo.kit import ORDER_LETTERS, SECRET_LETTERS, ZONE_NAME, Codes, Fair, Json, dice, stamp, uuid
from portal.exchange.demo.names import People

SEAT_ITEM = 201
SUBEVENTS = (1, 2)
LISTS = (11, 12)
FIRST_SEAT_ID, FIRST_POSITION_ID = 5001, 9001
ROWS, SEATS_A_ROW = 6, 10
SOLD = (41, 17)


def _layout(rng: random.Random) -> Json:
    rows = [
        {
            "row_number": str(number),
            "row_label": "Row %s",
            "seat_label": "Seat %s",
            "row_number_position": "start",
            "uuid": uuid(rng),
            "position": {"x": 40.0 + (number % 2) * 14, "y": 30.0 * number},
            "seats": [
                {
                    "seat_guid": f"chamber-{number}-{seat}",
                    "seat_number": str(seat),
                    "category": "Chamber",
                    "position": {"x": 28.0 * (seat - 1), "y": 0.0},
                    "radius": 10,
                    "uuid": uuid(rng),
                    "start_direction": None,
                }
                for seat in range(1, SEATS_A_ROW + 1)
            ],
        }
        for number in range(1, ROWS + 1)
    ]
    podium = {
        "shape": "rectangle",
        "position": {"x": 80.0, "y": -40.0},
        "rotation": 0,
        "color": "#d7dde3",
        "border_color": "#8a97a3",
        "uuid": uuid(rng),
        "rectangle": {"width": 200, "height": 36},
    }
    zone = {
        "name": "Chamber",
        "zone_id": "chamber",
        "uuid": uuid(rng),
        "position": {"x": 20.0, "y": 70.0},
        "rows": rows,
        "areas": [podium],
    }
    return {
        "name": "Chamber",
        "categories": [{"name": "Chamber", "color": "#7a4fa3"}],
        "size": {"width": 400, "height": 320},
        "zones": [zone],
    }


def _orders(rng: random.Random, fair: Fair, seats: list[Json]) -> list[Json]:
    """One ticket an order, on the seats of both evenings; some of yesterday's guests came in."""
    people = People(rng)
    codes, secrets, badges = Codes(rng, ORDER_LETTERS, 5), Codes(rng, SECRET_LETTERS, 32), Codes(rng, ORDER_LETTERS, 10)
    orders: list[Json] = []
    for subevent, checkin_list, sold in zip(SUBEVENTS, LISTS, SOLD, strict=True):
        free = [seat for seat in seats if seat["subevent"] == subevent and not seat["blocked"]]
        for seat in rng.sample(free, sold):
            guest = people.someone()
            number = FIRST_POSITION_ID + len(orders)
            address = f"{guest.mailbox}.{number}@post.example.net"
            entered = fair.at(-1, 19, 5) + timedelta(seconds=rng.randrange(1500))
            came = subevent == SUBEVENTS[0] and rng.random() < 0.8
            position: Json = {
                "id": number,
                "positionid": 1,
                "item": SEAT_ITEM,
                "variation": None,
                "price": "28.00",
                "attendee_name_parts": guest.parts,
                "attendee_email": address,
                "company": None,
                "voucher": None,
                "secret": secrets.next(),
                "pseudonymization_id": badges.next(),
                "addon_to": None,
                "subevent": subevent,
                "seat": {"seat_guid": seat["seat_guid"]},
                "canceled": False,
                "answers": [],
                "checkins": [{"list": checkin_list, "datetime": stamp(entered)}] if came else [],
            }
            placed = fair.at(-rng.randrange(3, 60), rng.randrange(8, 22), rng.randrange(60))
            orders.append(
                {
                    "code": codes.next(),
                    "status": "p" if came or rng.random() < 0.9 else "n",
                    "testmode": False,
                    "email": address,
                    "locale": "en",
                    "datetime": stamp(placed),
                    "checkin_attention": False,
                    "invoice_address": None,
                    "positions": [position],
                }
            )
    return orders


def build_series(fair: Fair, facts: DemoFacts) -> Json:
    """The series: yesterday evening is over, tomorrow evening is to come."""
    rng = dice("series")
    layout = _layout(rng)
    seats: list[Json] = []
    for subevent in SUBEVENTS:
        seats += seats_of(layout, {"Chamber": SEAT_ITEM}, FIRST_SEAT_ID + len(seats), subevent)
    for seat in seats:
        seat["blocked"] = seat["row_name"] == "1" and seat["seat_number"] in ("1", "2")
    evenings = (
        (-1, {"en": "First evening", "de": "Erster Abend"}),
        (1, {"en": "Second evening", "de": "Zweiter Abend"}),
    )
    return {
        "slug": SERIES_SLUG,
        "name": {"en": "Chamber evenings", "de": "Kammerabende"},
        "live": True,
        "locale": "en",
        "locales": ["en", "de"],
        "currency": "EUR",
        "date_from": stamp(fair.at(-1, 19, 30)),
        "date_to": stamp(fair.at(1, 22)),
        "timezone": ZONE_NAME,
        "has_subevents": True,
        "url": f"https://tickets.example.org/{facts.organizer}/{SERIES_SLUG}/",
        "settings": {"lead_fields": ["attendee_name", "attendee_email"], "lead_notes": True, "lead_tags": []},
        "subevents": [
            {"id": number, "name": name, "date_from": stamp(fair.at(day, 19, 30)), "date_to": stamp(fair.at(day, 22))}
            for number, (day, name) in zip(SUBEVENTS, evenings, strict=True)
        ],
        "items": [
            {
                "id": SEAT_ITEM,
                "name": {"en": "Evening seat", "de": "Abendkarte"},
                "default_price": "28.00",
                "admission": True,
                "checkin_attention": False,
                "position": 0,
                "variations": [],
            }
        ],
        "questions": [],
        "vouchers": [],
        "orders": _orders(rng, fair, seats),
        "carts": [],
        "seating_plan": {"name": "Chamber", "layout": layout},
        "seats": seats,
        "checkin_lists": [
            {
                "id": number,
                "name": name,
                "all_products": True,
                "limit_products": [],
                "subevent": subevent,
                "include_pending": False,
            }
            for number, subevent, name in zip(LISTS, SUBEVENTS, ("First evening", "Second evening"), strict=True)
        ],
        "devices": [
            {
                "name": "Chamber door",
                "key": facts.series_device_key,
                "list": LISTS[1],
                "all_items": True,
                "items": [],
                "allow_search": True,
                "show_info": True,
                "api_version": None,
            }
        ],
        "exhibitor_tags": [],
        "exhibitors": [],
    }
