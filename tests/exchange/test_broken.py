"""Broken files: each mistake is told with its path and its reason, and nothing is written."""

import gzip
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask import Flask

from portal.core.database import set_writing
from portal.exchange.load import BundleError
from tests.conftest import sweep
from tests.exchange.files import MISSING, SECRET, change, example, layout, load, series, tables

# What is refused is refused before a database hears of it; loading runs on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")

E = "events[0]"
P = "events[0].orders[0].positions[0]"
X = "events[0].exhibitors[0]"
PLAN = "events[0].seating_plan.layout"


@pytest.fixture(scope="module")
def loaded(migrated_app: Flask) -> Iterator[dict[str, list[Any]]]:
    """An installation with the example and another organizer; what its tables hold."""
    with migrated_app.app_context():
        set_writing(True)
        load(example())
        other = example()
        change(other, "source", "other.example.org")
        change(other, "organizer", {"slug": "other", "name": "Other"})
        other |= {"users": [], "teams": [], "resellers": [], "oauth_applications": []}
        event = other["events"][0]
        event["devices"][0]["key"] = "the-key-of-another"
        for number, exhibitor in enumerate(event["exhibitors"]):
            exhibitor |= {"access_code": f"OTHER-{number}", "lead_scanning_access_code": f"SCAN-{number}"}
        load(other)
        yield tables()
    sweep(migrated_app)


def refused(raw: bytes, before: dict[str, list[Any]]) -> list[str]:
    with pytest.raises(BundleError) as caught:
        load(raw)
    assert tables() == before
    return [str(problem) for problem in caught.value.problems]


BROKEN_ORDER = (
    b'{"format": "portal-bundle", "version": 1, "organizer": {"slug": "o", "name": "O"}, "events": [{"slug": "e", '
    b'"name": {"en": "E"}, "date_from": "2026-01-01T00:00:00Z", "orders": [{"code": nope}]}]}'
)

#: A path of the example, what is put there, and all problems that are told.
CHANGES: list[tuple[str, Any, str]] = [
    # The file
    ("format", MISSING, "format: is missing"),
    ("format", "pretix", "format: must be “portal-bundle”"),
    ("version", 2, "version: must be 1, not 2"),
    ("version", True, "version: must be 1"),
    ("source", 5, "source: must be a string, not a number"),
    ("source", " ", "source: must not be empty"),
    ("organizer", MISSING, "organizer: is missing"),
    ("organizer", [], "organizer: must be an object, not a list"),
    ("organizer.slug", MISSING, "organizer.slug: is missing"),
    (
        "organizer.slug",
        "big events",
        "organizer.slug: “big events” is no slug: 1 to 50 letters, digits, dots and dashes, a letter or a digit first",
    ),
    ("organizer.name", None, "organizer.name: must not be null"),
    ("organizer.name", "n" * 201, "organizer.name: has 201 characters, at most 200 are allowed"),
    ("events", {}, "events: must be a list, not an object"),
    ("events[0]", "sampleconf", "events[0]: must be an object, not a string"),
    # People
    ("users[0].email", "ada", "users[0].email: “ada” is no e-mail address\nteams[0].members[0]: …"),
    ("users[+]", {"email": "ADA@example.org"}, "users[1].email: “ADA@example.org” is also the e-mail of users[0]"),
    ("users[0].password_hash", "md5", "users[0].password_hash: is no argon2 hash\nusers[0].password: …"),
    ("users[0].is_admin", "yes", "users[0].is_admin: must be true or false, not a string"),
    ("teams[0].members[0]", "eve@example.org", "teams[0].members[0]: no user “eve@example.org”"),
    ("teams[0].permissions[+]", "can_fly", "teams[0].permissions[1]: no permission “can_fly”"),
    ("teams[0].limit_events", ["nope"], "teams[0].limit_events[0]: no event “nope”"),
    ("teams[+]", {"name": "Crew"}, "teams[1].name: “Crew” is also the name of teams[0]"),
    ("teams[0].tokens[0].token_hash", "abc", "teams[0].tokens[0].token_hash: “abc” is no SHA-256 in hexadecimal"),
    (
        "teams[0].tokens[+]",
        {"name": "again", "token": "a-token-of-the-example"},
        "teams[0].tokens[1].token: this is also the token of teams[0].tokens[0]",
    ),
    (
        "resellers[0].public_url",
        "javascript:alert(1)",
        "resellers[0].public_url: “javascript:alert(1)” is no address …",
    ),
    ("resellers[0].members", ["x@example.org"], "resellers[0].members[0]: no user “x@example.org”"),
    ("oauth_applications[0].owner", MISSING, "oauth_applications[0].owner: is missing"),
    ("oauth_applications[0].owner", "x@example.org", "oauth_applications[0].owner: no user “x@example.org”"),
    (
        "oauth_applications[0].redirect_uris[0]",
        "callback",
        "oauth_applications[0].redirect_uris[0]: must be an absolute address without a #",
    ),
    # The event
    (f"{E}.slug", MISSING, f"{E}.slug: is missing"),
    (
        "events[+]",
        {"slug": "SAMPLECONF", "name": {"en": "S"}, "date_from": "2026-01-01T00:00:00Z"},
        "events[1].slug: …",
    ),
    (f"{E}.name", "Conference", f"{E}.name: must be an object of texts by language, not a string"),
    (f"{E}.name", {}, f"{E}.name: has no text in any language"),
    (f"{E}.name.en", 5, f"{E}.name: the text for “en” must be a string, not a number"),
    (f"{E}.timezone", "Europe/Atlantis", f"{E}.timezone: “Europe/Atlantis” is no time zone"),
    (f"{E}.currency", "euro", f"{E}.currency: “euro” is no currency code of three capital letters"),
    (f"{E}.date_from", "2026-12-27", f"{E}.date_from: “2026-12-27” has no time zone"),
    (
        f"{E}.date_from",
        "soon",
        f"{E}.date_from: must be a date and time such as “2026-12-27T10:00:00Z”, not “soon”",
    ),
    (f"{E}.date_to", "2020-01-01T00:00:00Z", f"{E}.date_to: is before date_from"),
    (f"{E}.subevents", [{"id": 1, "name": {"en": "x"}, "date_from": "2026-01-01T00:00:00Z"}], f"{E}.subevents: …"),
    (f"{E}.settings.imprint_url", "ftp://x", f"{E}.settings.imprint_url: “ftp://x” is no address …"),
    (f"{E}.settings.lead_fields[+]", "age", f"{E}.settings.lead_fields[3]: no field “age”"),
    (f"{E}.settings.lead_notes", "yes", f"{E}.settings.lead_notes: must be true or false"),
    # The catalog
    (f"{E}.items[0].id", "104", f"{E}.items[0].id: must be a whole number, not a string\n…"),
    (f"{E}.items[1].id", 104, f"{E}.items[1].id: 104 is also the id of {E}.items[0]\n…"),
    (
        f"{E}.items[0].default_price",
        "60,00",
        f"{E}.items[0].default_price: must be an amount such as “12.00”, not “60,00”",
    ),
    (
        f"{E}.items[0].default_price",
        60.5,
        f"{E}.items[0].default_price: must be an amount such as “12.00”, not a number",
    ),
    (
        f"{E}.items[0].position",
        2**40,
        f"{E}.items[0].position: must be between -2147483647 and 2147483647, not 1099511627776",
    ),
    (f"{E}.questions[0].type", "X", f"{E}.questions[0].type: must be one of “N”, “S”, …"),
    (f"{E}.questions[0].items", [99], f"{E}.questions[0].items[0]: no item 99"),
    (
        f"{E}.questions[0].options[1].identifier",
        "M",
        f"{E}.questions[0].options[1].identifier: “M” is also the identifier of {E}.questions[0].options[0]\n…",
    ),
    # Vouchers
    (f"{E}.vouchers[0].item", 99, f"{E}.vouchers[0].item: no item 99"),
    (f"{E}.vouchers[0].price_mode", "free", f"{E}.vouchers[0].price_mode: must be one of …"),
    (f"{E}.vouchers[0].value", None, f"{E}.vouchers[0].value: is missing, and price_mode is not “none”"),
    (f"{E}.vouchers[0].variation", 7, f"{E}.vouchers[0].variation: no variation 7"),
    (f"{E}.vouchers[1].variation", 59, f"{E}.vouchers[1].item: is missing, and there is a variation"),
    (f"{E}.vouchers[0].redeemed", -1, f"{E}.vouchers[0].redeemed: must be between 0 and 2147483647, not -1"),
    (
        f"{E}.vouchers[1].code",
        "43K6LKM37FBVR2YG",
        f"{E}.vouchers[1].code: “43K6LKM37FBVR2YG” is also the code of {E}.vouchers[0]",
    ),
    (f"{E}.vouchers[1].seat", "9-9", f"{E}.vouchers[1].seat: no seat “9-9”"),
    # Orders
    (f"{E}.orders[0]", 5, f"{E}.orders[0]: must be an object, not a number\n…"),
    (f"{E}.orders[0].status", "x", f"{E}.orders[0].status: must be one of “n”, “p”, “e”, “c”, not “x”"),
    (f"{E}.orders[0].code", "C" * 17, f"{E}.orders[0].code: has 17 characters, at most 16 are allowed"),
    (f"{E}.orders[1].code", "U0HW7", f"{E}.orders[1].code: “U0HW7” is also the code of {E}.orders[0]"),
    (f"{E}.orders[0].invoice_address", "Miller", f"{E}.orders[0].invoice_address: must be an object, not a string"),
    (f"{E}.orders[0].positions", {"0": {}}, f"{E}.orders[0].positions: must be a list, not an object\n…"),
    (f"{P}.item", 99, f"{P}.item: no item 99"),
    (f"{P}.item", MISSING, f"{P}.item: is missing"),
    (f"{P}.item", True, f"{P}.item: must be an id, not true or false"),
    (f"{P}.item", 105, f"{P}.variation: no variation 59 of item 105"),
    (f"{P}.variation", 60, f"{P}.variation: no variation 60"),
    (f"{P}.voucher", 99, f"{P}.voucher: no voucher 99"),
    (f"{P}.seat", {"seat_guid": "9-9"}, f"{P}.seat.seat_guid: no seat “9-9”"),
    (f"{P}.seat", {"guid": "1-2"}, f"{P}.seat.seat_guid: is missing"),
    (f"{P}.seat", 7, f"{P}.seat: must be a seat's guid, not a number"),
    (f"{P}.subevent", 4, f"{P}.subevent: no subevent 4\n…"),
    (f"{P}.secret", None, f"{P}.secret: must not be null\n…"),
    (f"{E}.orders[1].positions[0].secret", SECRET, f"{E}.orders[1].positions[0].secret: “{SECRET}” is also …"),
    (
        f"{E}.orders[1].positions[0].pseudonymization_id",
        "ZSNYSG3URZ",
        f"{E}.orders[1].positions[0].pseudonymization_id: “ZSNYSG3URZ” is also the pseudonymization_id of {P}",
    ),
    (f"{E}.orders[0].positions[1].positionid", 1, f"{E}.orders[0].positions[1].positionid: “1” is also …"),
    (f"{E}.orders[1].positions[0].id", 134, f"{E}.orders[1].positions[0].id: 134 is also the id of {P}"),
    (
        f"{E}.orders[0].positions[1].addon_to",
        136,
        f"{E}.orders[0].positions[1].addon_to: no position 136 in this order",
    ),
    (f"{P}.addon_to", 134, f"{P}.addon_to: position 134 is an add-on itself"),
    (f"{P}.attendee_name_parts", {"_scheme": "x"}, f"{P}.attendee_name_parts: unknown name scheme “x”"),
    (f"{P}.attendee_name_parts", ["Peter"], f"{P}.attendee_name_parts: names in parts are an object of strings"),
    (f"{P}.attendee_email", "nobody", f"{P}.attendee_email: “nobody” is no e-mail address"),
    (f"{P}.country", "Germany", f"{P}.country: has 7 characters, at most 2 are allowed"),
    (f"{P}.price", "1e3000", f"{P}.price: must be an amount such as “12.00”, not “1e3000”"),
    (f"{P}.company", "a\x00b", f"{P}.company: holds a null character"),
    (f"{P}.answers[0].question", 13, f"{P}.answers[0].question: no question 13"),
    (f"{P}.answers[0].options", [26], f"{P}.answers[0].options[0]: no option 26 of question 12"),
    (f"{P}.answers[+]", {"question": 12, "answer": "L"}, f"{P}.answers[1]: this is {P}.answers[0] again"),
    (f"{P}.checkins[0].list", 9, f"{P}.checkins[0].list: no check-in list 9"),
    (
        f"{P}.checkins[0].datetime",
        "2026-12-27T12:00:00",
        f"{P}.checkins[0].datetime: “2026-12-27T12:00:00” has no time zone",
    ),
    (f"{P}.checkins[0].type", "in", f"{P}.checkins[0].type: must be one of “entry”, “exit”, not “in”"),
    (f"{P}.checkins[1].datetime", "2026-12-27T12:00:00Z", f"{P}.checkins[1]: this is {P}.checkins[0] again"),
    (f"{E}.carts[0].item", 99, f"{E}.carts[0].item: no item 99"),
    (f"{E}.carts[0].expires", MISSING, f"{E}.carts[0].expires: is missing"),
    (f"{E}.carts[0].addon_to", 9, f"{E}.carts[0].addon_to: no cart position 9 that may have add-ons"),
    # Seats
    (f"{E}.seats[1].seat_guid", "1-1", f"{E}.seats[1].seat_guid: “1-1” is also the guid of {E}.seats[0]\n…"),
    (f"{E}.seats[0].product", 99, f"{E}.seats[0].product: no item 99"),
    (f"{E}.seats[0].subevent", 1, f"{E}.seats[0].subevent: no subevent 1"),
    (f"{E}.seats[0].x", "left", f"{E}.seats[0].x: must be a number, not a string"),
    (f"{E}.seats[0].blocked", 1, f"{E}.seats[0].blocked: must be true or false, not a number"),
    (f"{PLAN}", [], f"{PLAN}: a seating plan is an object"),
    (
        f"{PLAN}.zones[0].rows[0].seats[0].category",
        "X",
        f"{PLAN}.zones[0].rows[0].seats[0].category: seat 1 in row 1 of …",
    ),
    (
        f"{PLAN}.zones[0].rows[0].seats[1].seat_guid",
        "1-1",
        f"{PLAN}.zones[0].rows[0].seats[1].seat_guid: seat 2 in row 1 of Ground floor has the guid “1-1” "
        "of seat 1 in row 1 of Ground floor (zones[0].rows[0].seats[0])",
    ),
    (f"{PLAN}.name", "\x00", f"{PLAN}: holds a null character"),
    # Lists, devices
    (f"{E}.checkin_lists[0].limit_products", [99], f"{E}.checkin_lists[0].limit_products[0]: no item 99"),
    (f"{E}.devices[0].list", 2, f"{E}.devices[0].list: no check-in list 2"),
    (f"{E}.devices[0].list", MISSING, f"{E}.devices[0].list: is missing"),
    (
        f"{E}.devices[0].key",
        "a key/",
        f"{E}.devices[0].key: “a key/” may hold letters, digits, dots, dashes, _ and ~ only",
    ),
    (f"{E}.devices[0].api_version", 4, f"{E}.devices[0].api_version: must be between 2 and 3, not 4"),
    (
        f"{E}.devices[+]",
        {"name": "Gate 2", "key": "the-key-of-gate-1", "list": 1},
        f"{E}.devices[1].key: this is also the key of {E}.devices[0]",
    ),
    (
        f"{E}.devices[0].key",
        "the-key-of-another",
        f"{E}.devices[0].key: this is taken by another device in this installation",
    ),
    # Exhibitors
    (f"{X}.name", "", f"{X}.name: must not be empty"),
    (f"{X}.exhibitor_tags", ["Silver"], f"{X}.exhibitor_tags[0]: no exhibitor tag “Silver”"),
    (f"{X}.contact_email", "a@b, c@d", f"{X}.contact_email: “a@b, c@d” is no e-mail address"),
    (f"{X}.contact_cc_email", "a@b.org, c", f"{X}.contact_cc_email: “c” is no e-mail address"),
    (f"{X}.access_code", "---", f"{X}.access_code: has neither letters nor digits"),
    (f"{X}.access_code", "rval-23456", f"{E}.exhibitors[1].access_code: “RVAL23456” is also {X}.access_code"),
    (f"{X}.access_code", "wvk2 b8pz", f"{X}.lead_scanning_access_code: “WVK2B8PZ” is also {X}.access_code"),
    (f"{X}.access_code", "other 0", f"{X}.access_code: this is taken by another access code in this installation"),
    (f"{X}.vouchers[0].code", "NOPE", f"{X}.vouchers[0].code: no voucher “NOPE”"),
    (
        f"{E}.exhibitors[1].vouchers",
        [{"code": "43K6LKM37FBVR2YG"}],
        f"{E}.exhibitors[1].vouchers[0]: the voucher belongs to “Aperture Science” ({X})",
    ),
    (f"{X}.leads[0].secret", "nobody", f"{X}.leads[0].secret: no ticket “nobody”"),
    (f"{X}.leads[0].rating", 6, f"{X}.leads[0].rating: must be between 0 and 5, not 6"),
    (f"{X}.leads[0].tags", "foo", f"{X}.leads[0].tags: must be a list of strings, not a string"),
    (
        f"{X}.leads[+]",
        {"secret": SECRET, "scanned": "2026-12-27T13:00:00Z"},
        f"{X}.leads[1]: this is {X}.leads[0] again",
    ),
    (f"{X}.leads[0].scanned", "yesterday", f"{X}.leads[0].scanned: must be a date and time such as …"),
]


@pytest.mark.parametrize(
    ("path", "value", "expected"), CHANGES, ids=[f"{path}-{n}" for n, (path, *_) in enumerate(CHANGES)]
)
def test_each_mistake_is_told(loaded: dict[str, list[Any]], path: str, value: Any, expected: str) -> None:
    told = refused(orjson.dumps(change(example(), path, value)), loaded)
    first, *more = expected.split("\n")
    if first.endswith("…"):
        assert told[0].startswith(first.removesuffix("…").rstrip())
    else:
        assert told[0] == first
    if not more:
        assert len(told) == 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (b"[]", "a bundle is an object, not a list"),
        (b"null", "a bundle is an object, not null"),
        (
            b'{\n  "format": "portal-bundle",\n  "version": 1,\n}',
            "line 3, column 15: this is not JSON: trailing comma …",
        ),
        (b'{"events": [{"orders": [{"code": "A"},]}]}', "line 1, column 38: this is not JSON: trailing comma …"),
        (BROKEN_ORDER, "line 1, column 187: this is not JSON: …"),
        (b'{"events": [{"orders": [{}]}]', "line 1, column 30: this is not JSON: …"),
        (b'{"format": "\xe4"}', "line 1, column 13: this is not UTF-8"),
        (b'{"format": "\\ud800"}', "line 1, column 13: this is not JSON: …"),
        (gzip.compress(b"{}", mtime=0)[:-9], "the gzip file ends too early"),
        (gzip.compress(b"{}", mtime=0)[:10] + b"\xff\xff\xff\xff", "the gzip file is damaged …"),
    ],
)
def test_what_is_no_json(loaded: dict[str, list[Any]], raw: bytes, expected: str) -> None:
    (told,) = refused(raw, loaded)
    assert told.startswith(expected.removesuffix("…").rstrip())
    assert expected.endswith("…") or told == expected


def test_a_large_order_list_is_checked_to_its_end(loaded: dict[str, list[Any]]) -> None:
    data = example()
    orders = data["events"][0]["orders"]
    for number in range(2000):
        orders.append(
            {
                "code": f"C{number}",
                "status": "p",
                "datetime": "2026-01-01T00:00:00Z",
                "positions": [{"item": 104, "secret": f"s{number}"}],
            }
        )
    orders[2001]["positions"][0]["item"] = 99
    assert refused(orjson.dumps(data), loaded) == ["events[0].orders[2001].positions[0].item: no item 99"]


def test_all_mistakes_are_told_at_once(loaded: dict[str, list[Any]]) -> None:
    data = example()
    change(data, f"{P}.item", 99)
    change(data, f"{E}.currency", "euro")
    change(data, f"{X}.leads[0].rating", 9)
    assert refused(orjson.dumps(data), loaded) == [
        f"{E}.currency: “euro” is no currency code of three capital letters",
        f"{P}.item: no item 99",
        f"{X}.leads[0].rating: must be between 0 and 5, not 9",
    ]


def test_twenty_mistakes_are_enough(loaded: dict[str, list[Any]]) -> None:
    data = example()
    data["events"][0]["seats"] = [{"seat_guid": str(number), "blocked": 5} for number in range(30)]
    assert len(refused(orjson.dumps(data), loaded)) == 20


def test_an_id_is_unique_across_events(loaded: dict[str, list[Any]]) -> None:
    data = example()
    data["events"].append(
        {
            "slug": "two",
            "name": {"en": "2"},
            "date_from": "2026-01-01T00:00:00Z",
            "items": [{"id": 104, "name": {"en": "x"}}],
        }
    )
    assert refused(orjson.dumps(data), loaded) == ["events[1].items[0].id: 104 is also the id of events[0].items[0]"]


def test_a_reference_to_another_event_is_one_to_nothing(loaded: dict[str, list[Any]]) -> None:
    data = example()
    data["events"].append(
        {
            "slug": "two",
            "name": {"en": "2"},
            "date_from": "2026-01-01T00:00:00Z",
            "vouchers": [{"code": "V", "item": 104}],
        }
    )
    assert refused(orjson.dumps(data), loaded) == ["events[1].vouchers[0].item: no item 104"]


def test_seats_of_a_series_name_their_date(loaded: dict[str, list[Any]]) -> None:
    data = series()
    data["events"][0]["seats"] = [{"seat_guid": "B-1"}]
    assert refused(orjson.dumps(data), loaded) == [
        "events[0].seats[0].subevent: is missing, and the event is a series",
        "events[0].orders[0].positions[0].seat.seat_guid: no seat “B-1” in subevent 31",
        "events[0].orders[0].positions[1].seat.seat_guid: no seat “B-1” in subevent 32",
    ]


def test_a_broken_plan_of_a_date_is_told_there(loaded: dict[str, list[Any]]) -> None:
    data = series()
    plan = layout()
    plan["zones"][1]["rows"][0]["seats"][0]["seat_guid"] = "1-2"
    data["events"][0]["subevents"][1]["seating_plan"] = {"layout": plan}
    told = refused(orjson.dumps(data), loaded)
    assert told[0].startswith(
        "events[0].subevents[1].seating_plan.layout.zones[1].rows[0].seats[0].seat_guid: seat 1 in"
    )


def test_rows_that_look_the_same_need_ids(loaded: dict[str, list[Any]]) -> None:
    data = example()
    data["events"][0]["items"] += [{"name": {"en": "Cap"}}, {"name": {"en": "Cap"}}]
    assert refused(orjson.dumps(data), loaded) == [
        "events[0].items[3]: this is events[0].items[2] again; give each an id"
    ]
