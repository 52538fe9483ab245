"""What the fair sells and asks, its check-in lists and gates."""

from portal.exchange.demo.facts import DemoFacts
from portal.exchange.demo.kit import Json, cents

STANDARD, VIP, BALCONY, STUDENT, PRESS, SHIRT, PARKING = 104, 105, 106, 107, 108, 109, 110
EARLY_BIRD, REGULAR, RED, BLUE = 59, 60, 61, 62
ADMISSION = (STANDARD, VIP, BALCONY, STUDENT, PRESS)

SIZE, DIET, NEWSLETTER, STAFF = 12, 13, 14, 15
MAIN_LIST, VIP_LIST, BALCONY_LIST = 1, 2, 3


def _item(item: int, position: int, name: Json, price: str, variations: list[Json] | None = None) -> Json:
    return {
        "id": item,
        "name": name,
        "default_price": price,
        "admission": item in ADMISSION,
        "checkin_attention": item in (STUDENT, PRESS),
        "position": position,
        "variations": variations or [],
    }


def _variation(variation: int, position: int, value: Json, price: str | None = None) -> Json:
    return {"id": variation, "value": value, "default_price": price, "position": position}


def items() -> list[Json]:
    """The products."""
    return [
        _item(
            STANDARD,
            0,
            {"en": "Standard ticket", "de": "Standardticket"},
            "75.00",
            [
                _variation(EARLY_BIRD, 0, {"en": "Early bird", "de": "Frühbucher"}, "60.00"),
                _variation(REGULAR, 1, {"en": "Regular", "de": "Normalpreis"}),
            ],
        ),
        _item(VIP, 1, {"en": "VIP ticket", "de": "VIP-Ticket"}, "240.00"),
        _item(BALCONY, 2, {"en": "Balcony ticket", "de": "Balkonticket"}, "45.00"),
        _item(STUDENT, 3, {"en": "Student ticket", "de": "Studierende"}, "25.00"),
        _item(PRESS, 4, {"en": "Press", "de": "Presse"}, "0.00"),
        _item(
            SHIRT,
            5,
            {"en": "T-Shirt", "de": "T-Shirt"},
            "18.00",
            [_variation(RED, 0, {"en": "Red", "de": "Rot"}), _variation(BLUE, 1, {"en": "Blue", "de": "Blau"})],
        ),
        _item(PARKING, 6, {"en": "Parking spot", "de": "Stellplatz"}, "12.00"),
    ]


def price_of(item: int, variation: int | None) -> int:
    """The price in cents before vouchers."""
    entry = next(entry for entry in items() if entry["id"] == item)
    for option in entry["variations"]:
        if option["id"] == variation and option["default_price"]:
            return cents(option["default_price"])
    return cents(entry["default_price"])


def _options(first_id: int, *answers: tuple[str, Json]) -> list[Json]:
    return [
        {"id": first_id + position, "identifier": identifier, "answer": answer, "position": position}
        for position, (identifier, answer) in enumerate(answers)
    ]


def questions() -> list[Json]:
    """What buyers and gates are asked."""
    staff = ("1-9", "10-49", "50-249", "250-999", "1000+")
    return [
        {
            "id": STAFF,
            "question": {"en": "How many people work at your company?", "de": "Wie viele Menschen arbeiten bei Ihnen?"},
            "type": "C",
            "required": False,
            "position": 0,
            "identifier": "STAFF",
            "items": [STANDARD, VIP],
            "ask_during_checkin": False,
            "options": _options(40, *((size, {"en": size, "de": size}) for size in staff)),
        },
        {
            "id": DIET,
            "question": {"en": "Do you have dietary needs?", "de": "Was sollen wir bei Ihrem Essen beachten?"},
            "type": "S",
            "required": False,
            "position": 1,
            "identifier": "DIET",
            "items": [VIP, STANDARD],
            "ask_during_checkin": False,
            "options": [],
        },
        {
            "id": SIZE,
            "question": {"en": "Choose a shirt size", "de": "Wählen Sie eine Hemdgröße"},
            "type": "C",
            "required": True,
            "position": 2,
            "identifier": "SIZE",
            "items": [SHIRT],
            "ask_during_checkin": True,
            "options": _options(23, *((size, {"en": size, "de": size}) for size in ("S", "M", "L", "XL"))),
        },
        {
            "id": NEWSLETTER,
            "question": {
                "en": "May we send you our newsletter?",
                "de": "Dürfen wir Ihnen unseren Newsletter schicken?",
            },
            "type": "B",
            "required": False,
            "position": 3,
            "identifier": "NEWSLETTER",
            "items": list(ADMISSION),
            "ask_during_checkin": False,
            "options": [],
        },
    ]


def settings() -> Json:
    """The fair's settings."""
    site = "https://sampleconf.example.org"
    return {
        "imprint_url": f"{site}/imprint",
        "privacy_url": f"{site}/privacy",
        "help_url": f"{site}/help",
        "terms_url": f"{site}/terms",
        "logo_url": None,
        "lead_fields": ["attendee_name", "attendee_email", "company", "city"],
        "lead_notes": True,
        "lead_tags": ["hot", "follow up", "newsletter", "demo requested", "partner"],
    }


def checkin_lists() -> list[Json]:
    """The doors of the fair."""
    return [
        _list(MAIN_LIST, "Main entrance", []),
        _list(VIP_LIST, "VIP lounge", [VIP]),
        _list(BALCONY_LIST, "Balcony", [BALCONY]),
    ]


def _list(number: int, name: str, products: list[int]) -> Json:
    return {
        "id": number,
        "name": name,
        "all_products": not products,
        "limit_products": products,
        "subevent": None,
        "include_pending": False,
    }


def devices(facts: DemoFacts) -> list[Json]:
    """The four gates: three kinds of phones at the main entrance, and one for the balcony."""
    kinds: tuple[Json, ...] = (
        {
            "list": MAIN_LIST,
            "all_items": True,
            "items": [],
            "allow_search": True,
            "show_info": True,
            "api_version": None,
        },
        {"list": MAIN_LIST, "all_items": True, "items": [], "allow_search": True, "show_info": True, "api_version": 3},
        {
            "list": MAIN_LIST,
            "all_items": False,
            "items": [VIP, PRESS],
            "allow_search": True,
            "show_info": False,
            "api_version": 3,
        },
        {
            "list": BALCONY_LIST,
            "all_items": True,
            "items": [],
            "allow_search": False,
            "show_info": True,
            "api_version": 2,
        },
    )
    return [
        {"name": f"Gate {number}", "key": key} | kind
        for number, (key, kind) in enumerate(zip(facts.device_keys, kinds, strict=True), 1)
    ]
