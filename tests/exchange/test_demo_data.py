"""The demo's data: always the same, of the promised size, and consistent in itself."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.core.codes import ALPHABET
from portal.core.names import check_parts, compose
from portal.exchange.demo import build_demo, demo_banner_facts, demo_day

Json = dict[str, Any]

TODAY = date(2026, 5, 6)
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 5, 6, 15, tzinfo=BERLIN)
CONTRACT_CODES = {"U0HW7", "T0E7E"}


@pytest.fixture(scope="module")
def demo() -> Json:
    return build_demo(TODAY)


@pytest.fixture(scope="module")
def fair(demo: Json) -> Json:
    event: Json = demo["events"][0]
    return event


def positions(event: Json) -> Iterator[tuple[Json, Json]]:
    for order in event["orders"]:
        for position in order["positions"]:
            yield order, position


def when(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


def repeated(values: list[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def good(order: Json, position: Json) -> bool:
    return order["status"] == "p" and not order["testmode"] and not position["canceled"]


def test_same_day_same_demo(demo: Json) -> None:
    assert json.dumps(build_demo(TODAY)) == json.dumps(demo)


@pytest.mark.parametrize("today", [date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29), date(2027, 1, 1)])
def test_days_that_are_special_are_not(today: date, demo: Json) -> None:
    other = build_demo(today)
    assert other != demo
    assert [len(event["orders"]) for event in other["events"]] == [len(event["orders"]) for event in demo["events"]]
    now = datetime(today.year, today.month, today.day, 15, tzinfo=BERLIN)
    for event in other["events"]:
        for exhibitor in event["exhibitors"]:
            assert all(when(lead["first_upload"]) < now for lead in exhibitor["leads"])


def test_the_contracts_own_examples_are_there(demo: Json, fair: Json) -> None:
    facts = demo_banner_facts()
    assert (demo["format"], demo["version"], demo["source"]) == ("portal-bundle", 1, "demo")
    assert demo["organizer"] == {"slug": "bigevents", "name": "Big Events", "email": "hello@bigevents.example.org"}
    assert (fair["slug"], fair["name"]) == ("sampleconf", {"en": "Sample conference", "de": "Beispielkonferenz"})
    assert (when(fair["date_from"]), when(fair["date_to"])) == (
        datetime(2026, 5, 5, 10, tzinfo=BERLIN),
        datetime(2026, 5, 7, 18, tzinfo=BERLIN),
    )
    aperture = fair["exhibitors"][0]
    assert (aperture["name"], aperture["booth"], aperture["contact_name"]) == (
        "Aperture Science",
        "A2",
        "Dr Cave Johnson",
    )
    assert aperture["access_code"] == facts.access_code == "VKHZ2FU84"
    assert aperture["lead_scanning_access_code"] == "WVK2B8PZ"
    assert {"code": "43K6LKM37FBVR2YG", "exhibitor_comment": "Free ticket"} in aperture["vouchers"]
    assert {seat["seat_guid"]: seat["id"] for seat in fair["seats"]}["b9746230-6f31-4f41-bbc9-d6b60bdb3342"] == 1633


def test_the_printed_facts_open_the_demo(demo: Json, fair: Json) -> None:
    facts = demo_banner_facts()
    assert {(user["email"], user["password"]) for user in demo["users"]} == {
        (user.email, user.password) for user in facts.users
    }
    assert [user["email"] for user in demo["users"] if user["is_admin"]] == [facts.admin_user.email]
    crew, service = demo["teams"]
    assert crew["tokens"] == [{"name": "sync", "token": facts.team_token}]
    assert len(facts.team_token) == 64
    assert facts.organizer_user.email in crew["members"]
    assert service["members"] == [facts.helper_user.email]
    assert not any("orders" in permission for permission in service["permissions"])
    keys = [device["key"] for event in demo["events"] for device in event["devices"]]
    assert keys[0] == facts.device_key
    assert not repeated(keys)
    assert all(re.fullmatch("demo[a-z0-9]{28}", key) for key in keys)


def test_sizes(fair: Json) -> None:
    admission = {item["id"] for item in fair["items"] if item["admission"]}
    assert sum(position["item"] in admission for _, position in positions(fair)) == 3000
    assert 1800 <= len(fair["orders"]) <= 2000
    assert 1150 <= len(fair["seats"]) <= 1250
    assert 35 <= sum(seat["blocked"] for seat in fair["seats"]) <= 45
    assert 38 <= len(fair["exhibitors"]) <= 44
    assert 50 <= len(fair["vouchers"]) <= 70
    assert len(fair["exhibitors"][0]["leads"]) == 220
    assert all(len({lead["secret"] for lead in row["leads"]}) <= 120 for row in fair["exhibitors"][1:])
    entered = sum(
        entry["list"] == fair["checkin_lists"][0]["id"] for _, ticket in positions(fair) for entry in ticket["checkins"]
    )
    assert entered == 1500
    assert {order["status"] for order in fair["orders"]} == set("pnec")
    assert 3 <= sum(order["testmode"] for order in fair["orders"]) <= 20
    assert sum(position["canceled"] for _, position in positions(fair)) > 10
    flags = [
        [exhibitor[flag] for exhibitor in fair["exhibitors"]].count(False)
        for flag in ("allow_lead_scanning", "allow_lead_access", "allow_voucher_access")
    ]
    assert flags == [1, 1, 1]


def test_nothing_comes_twice(demo: Json) -> None:
    events = demo["events"]
    for kind in ("items", "questions", "vouchers", "carts", "seats", "checkin_lists", "exhibitors", "subevents"):
        assert not repeated([row["id"] for event in events for row in event[kind]]), kind
    for parent, kind in (("items", "variations"), ("questions", "options")):
        assert not repeated([row["id"] for event in events for owner in event[parent] for row in owner[kind]])
    for event in events:
        every = [position for _, position in positions(event)]
        assert not repeated([position["secret"] for position in every])
        assert not repeated([position["pseudonymization_id"] for position in every])
        assert not repeated([order["code"] for order in event["orders"]])
        assert not repeated([voucher["code"] for voucher in event["vouchers"]])
        assert not repeated([(seat["subevent"], seat["seat_guid"]) for seat in event["seats"]])
        assert not repeated(
            [(seat["subevent"], seat["zone_name"], seat["row_name"], seat["seat_number"]) for seat in event["seats"]]
        )
        assert not repeated([exhibitor["booth"] for exhibitor in event["exhibitors"]])
        assert not repeated([exhibitor["name"] for exhibitor in event["exhibitors"]])
    assert not repeated([position["id"] for event in events for _, position in positions(event)])
    codes = [
        exhibitor[kind]
        for event in events
        for exhibitor in event["exhibitors"]
        for kind in ("access_code", "lead_scanning_access_code")
    ]
    assert not repeated(codes)


def test_codes_have_no_look_alikes(fair: Json) -> None:
    for exhibitor in fair["exhibitors"]:
        assert len(exhibitor["access_code"]) == 9
        assert len(exhibitor["lead_scanning_access_code"]) == 8
        assert set(exhibitor["access_code"] + exhibitor["lead_scanning_access_code"]) <= set(ALPHABET)
    assert all(set(voucher["code"]) <= set(ALPHABET) and len(voucher["code"]) == 16 for voucher in fair["vouchers"])
    for order, position in positions(fair):
        assert order["code"] in CONTRACT_CODES or re.fullmatch("[A-HJ-NP-Z3789]{5}", order["code"])
        assert re.fullmatch("[a-z0-9]{32}", position["secret"])
        assert position["pseudonymization_id"] == "ZSNYSG3URZ" or re.fullmatch(
            "[A-HJ-NP-Z3789]{10}", position["pseudonymization_id"]
        )


def test_every_reference_leads_somewhere(demo: Json) -> None:
    emails = {user["email"] for user in demo["users"]}
    slugs = {event["slug"] for event in demo["events"]}
    for group in demo["teams"] + demo["resellers"]:
        assert set(group["members"]) <= emails
        assert set(group.get("limit_events", [])) <= slugs
    assert {application["owner"] for application in demo["oauth_applications"]} <= emails
    for event in demo["events"]:
        check_references(event)


def check_references(event: Json) -> None:
    items = {item["id"]: {variation["id"] for variation in item["variations"]} for item in event["items"]}
    subevents = {subevent["id"] for subevent in event["subevents"]} or {None}
    lists = {entry["id"]: entry for entry in event["checkin_lists"]}
    vouchers = {voucher["id"]: voucher for voucher in event["vouchers"]}
    options = {question["id"]: {row["id"] for row in question["options"]} for question in event["questions"]}
    asked = {question["id"]: set(question["items"]) for question in event["questions"]}
    guids = {(seat["subevent"], seat["seat_guid"]): seat for seat in event["seats"]}
    assert all(products <= set(items) for products in asked.values())
    for checkin_list in lists.values():
        assert set(checkin_list["limit_products"]) <= set(items)
        assert checkin_list["subevent"] in subevents | {None}
    for device in event["devices"]:
        assert device["list"] in lists
        assert set(device["items"]) <= set(items)
    for voucher in vouchers.values():
        assert voucher["item"] in {*items, None}
        assert voucher["seat"] is None or guids[None, voucher["seat"]]["product"] == voucher["item"]
        assert voucher["variation"] in items.get(voucher["item"], set()) | {None}
    for seat in event["seats"]:
        assert seat["product"] in items
        assert seat["subevent"] in subevents
    for cart in event["carts"]:
        assert guids[None, cart["seat"]["seat_guid"]]["product"] == cart["item"]
        assert cart["variation"] in items[cart["item"]] | {None}
    for order in event["orders"]:
        mine = {position["id"] for position in order["positions"]}
        assert [position["positionid"] for position in order["positions"]] == list(range(1, len(mine) + 1))
        for position in order["positions"]:
            assert position["item"] in items
            assert (position["variation"] in items[position["item"]]) if items[position["item"]] else True
            assert position["addon_to"] in mine | {None}
            assert position["addon_to"] != position["id"]
            assert position["subevent"] in subevents
            assert position["voucher"] in {*vouchers, None}
            if position["seat"]:
                assert guids[position["subevent"], position["seat"]["seat_guid"]]["product"] == position["item"]
            for answer in position["answers"]:
                assert position["item"] in asked[answer["question"]]
                assert set(answer["options"]) <= options[answer["question"]]
            for entry in position["checkins"]:
                limit = lists[entry["list"]]["limit_products"]
                assert not limit or position["item"] in limit
    attached = [voucher["code"] for exhibitor in event["exhibitors"] for voucher in exhibitor["vouchers"]]
    assert not repeated(attached)
    assert set(attached) <= {voucher["code"] for voucher in vouchers.values()}
    assert all(set(exhibitor["exhibitor_tags"]) <= set(event["exhibitor_tags"]) for exhibitor in event["exhibitors"])


def test_vouchers_count_their_uses(fair: Json) -> None:
    uses = Counter(
        position["voucher"]
        for order, position in positions(fair)
        if position["voucher"] and order["status"] != "c" and not position["canceled"]
    )
    assert {voucher["id"]: voucher["redeemed"] for voucher in fair["vouchers"]} == {
        voucher["id"]: uses[voucher["id"]] for voucher in fair["vouchers"]
    }
    assert all(voucher["redeemed"] <= voucher["max_usages"] for voucher in fair["vouchers"])
    vouchers = {voucher["id"]: voucher for voucher in fair["vouchers"]}
    for order, position in positions(fair):
        if position["voucher"]:
            voucher = vouchers[position["voucher"]]
            assert voucher["item"] in (None, position["item"])
            assert voucher["valid_until"] is None or order["datetime"] <= voucher["valid_until"]
            if voucher["price_mode"] == "set":
                assert position["price"] == voucher["value"]


def test_money_has_two_places(demo: Json) -> None:
    for event in demo["events"]:
        amounts = [position["price"] for _, position in positions(event)] + [cart["price"] for cart in event["carts"]]
        amounts += [item["default_price"] for item in event["items"]]
        amounts += [voucher["value"] for voucher in event["vouchers"] if voucher["value"]]
        assert all(re.fullmatch(r"\d+\.\d\d", amount) for amount in amounts)


def test_a_seat_has_one_holder(demo: Json) -> None:
    for event in demo["events"]:
        held = [
            (position["subevent"], position["seat"]["seat_guid"])
            for _, position in positions(event)
            if position["seat"]
        ]
        held += [(None, cart["seat"]["seat_guid"]) for cart in event["carts"]]
        held += [(None, voucher["seat"]) for voucher in event["vouchers"] if voucher["seat"]]
        assert not repeated(held)
        blocked = {(seat["subevent"], seat["seat_guid"]) for seat in event["seats"] if seat["blocked"]}
        assert not blocked & set(held)
        assert len(held) > 50


def test_seats_stand_where_the_layout_says(demo: Json) -> None:
    for event in demo["events"]:
        layout = event["seating_plan"]["layout"]
        categories = {category["name"] for category in layout["categories"]}
        planned = {}
        for zone in layout["zones"]:
            for area in zone["areas"]:
                assert area["shape"] in area
            for row in zone["rows"]:
                for seat in row["seats"]:
                    assert seat["category"] in categories
                    parts = (zone["position"], row["position"], seat["position"])
                    place = tuple(sum(part[axis] for part in parts) for axis in "xy")
                    planned[seat["seat_guid"]] = (zone["name"], row["row_number"], seat["seat_number"], *place)
        for seat in event["seats"]:
            zone_name, row_name, number, x, y = planned[seat["seat_guid"]]
            assert (seat["zone_name"], seat["row_name"], seat["seat_number"]) == (zone_name, row_name, number)
            assert (seat["x"], seat["y"]) == pytest.approx((x, y), abs=0.051)
            assert 10 <= seat["x"] <= layout["size"]["width"] - 10
            assert 10 <= seat["y"] <= layout["size"]["height"] - 10
        assert {seat["seat_guid"] for seat in event["seats"]} == set(planned)


def test_no_two_seats_overlap(fair: Json) -> None:
    places = sorted((seat["x"], seat["y"]) for seat in fair["seats"])
    for index, place in enumerate(places):
        for other in places[index + 1 :]:
            if other[0] - place[0] > 20:
                break
            assert math.dist(place, other) > 20


def test_all_in_its_time(demo: Json, fair: Json) -> None:
    opening = when(fair["date_from"])
    for event in demo["events"]:
        for order, position in positions(event):
            assert when(order["datetime"]) < NOW
            for entry in position["checkins"]:
                assert good(order, position)
                assert when(order["datetime"]) < when(entry["datetime"])
                assert opening - timedelta(hours=1) < when(entry["datetime"]) < NOW
            entries = [entry["datetime"] for entry in position["checkins"]]
            assert entries == sorted(entries)
            assert not repeated([entry["list"] for entry in position["checkins"]])
    days = set()
    tickets = {position["secret"]: (order, position) for order, position in positions(fair)}
    for exhibitor in fair["exhibitors"]:
        for lead in exhibitor["leads"]:
            order, position = tickets[lead["secret"]]
            assert good(order, position)
            assert opening <= when(lead["scanned"]) <= when(lead["first_upload"]) < NOW
            assert when(position["checkins"][0]["datetime"]) < when(lead["scanned"])
            days.add(when(lead["scanned"]).astimezone(BERLIN).date())
    assert days == {TODAY, TODAY - timedelta(days=1)}
    expiries = [when(cart["expires"]) > NOW for cart in fair["carts"]]
    assert any(expiries)
    assert not all(expiries)
    assert all(when(cart["datetime"]) < min(NOW, when(cart["expires"])) for cart in fair["carts"])


def test_leads(fair: Json) -> None:
    for exhibitor in fair["exhibitors"]:
        leads = exhibitor["leads"]
        keys = [
            (lead["secret"], lead["device_uuid"] if exhibitor["lead_scanning_scope_by_device"] else "")
            for lead in leads
        ]
        assert not repeated(keys)
        assert exhibitor["allow_lead_scanning"] or not leads
        for lead in leads:
            assert lead["rating"] in (None, 0, 1, 2, 3, 4, 5)
            assert set(lead["tags"]) <= set(fair["settings"]["lead_tags"])
            assert "{" not in lead["notes"]
    aperture = fair["exhibitors"][0]["leads"]
    assert len({lead["device_uuid"] for lead in aperture}) == 3
    assert {lead["rating"] for lead in aperture} == {None, 0, 1, 2, 3, 4, 5}
    notes = [lead["notes"] for exhibitor in fair["exhibitors"] for lead in exhibitor["leads"] if lead["notes"]]
    assert len(set(notes)) > 400
    hours = Counter(when(lead["scanned"]).astimezone(BERLIN).hour for lead in aperture)
    assert hours[11] > hours[13]
    assert hours[14] > hours[13]


def test_people_have_names_that_hold(demo: Json) -> None:
    for event in demo["events"]:
        for _, position in positions(event):
            parts = position["attendee_name_parts"]
            assert check_parts(parts) == parts
            assert bool(compose(parts)) == (position["addon_to"] is None)
        for exhibitor in event["exhibitors"]:
            assert compose(exhibitor["contact_name_parts"]) == exhibitor["contact_name"]
    fair = demo["events"][0]
    names = {compose(position["attendee_name_parts"]) for _, position in positions(fair)}
    assert len(names) > 2000
    assert any(re.search("[一-鿿]", name) for name in names)
    assert any("'" in name for name in names)


def test_only_reserved_domains(demo: Json) -> None:
    text = json.dumps(demo, ensure_ascii=False)
    hosts = re.findall(r"@([\w.-]+)", text) + re.findall(r"https?://([\w.-]+)", text)
    hosts = [host for host in hosts if host != "sampleconf"]  # the second half of a cart's id
    assert len(hosts) > 3000
    assert {host for host in hosts if not re.fullmatch(r"([a-z0-9-]+\.)*example\.(org|com|net)", host)} == set()
    for address in re.findall(r'"([^"\s]+@[^"]*example[^"]*)"', text):
        for one in address.split(","):
            assert re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*@[a-z0-9.-]+", one), one


def test_the_series(demo: Json) -> None:
    series = demo["events"][1]
    assert series["has_subevents"]
    assert Counter(seat["subevent"] for seat in series["seats"]) == {1: 60, 2: 60}
    assert [entry["subevent"] for entry in series["checkin_lists"]] == [1, 2]
    assert {position["subevent"] for _, position in positions(series)} == {1, 2}


def test_the_day_to_build_for_is_over_enough() -> None:
    assert demo_day(datetime(2026, 5, 6, 13, 0, tzinfo=UTC)) == date(2026, 5, 6)
    assert demo_day(datetime(2026, 5, 6, 12, 59, tzinfo=UTC)) == date(2026, 5, 5)
    assert demo_day(datetime(2026, 5, 6, 23, 0, tzinfo=UTC)) == date(2026, 5, 6)
