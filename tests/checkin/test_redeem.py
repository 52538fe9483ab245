"""Redeeming: each rule of the platform, each pair of rules that meet, and what both protocol versions answer."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.checkin.models import CheckinRefusal
from portal.core.database import db
from portal.core.moments import read_moment
from portal.events.models import Event, Item, ItemVariation
from portal.tickets.models import Order, OrderPosition
from tests.checkin.conftest import MORNING, Gate, body

DATA_FIELDS = {
    *("secret", "order", "item", "item_id", "variation", "variation_id", "attendee_name", "attention", "redeemed"),
    *("checkin_allowed", "addons_text", "paid"),
}

# ------------------------------------------------------------------------------------------------- the documents


def test_version_3_ok_field_by_field(gate: Gate) -> None:
    secret = gate.ticket(variation_id=gate.fair.variation)
    answer = gate.redeem(secret, questions_supported="true")
    assert answer == {
        "status": "ok",
        "version": 3,
        "data": {
            "secret": secret,
            "order": "ORD101",
            "item": "Standard ticket",
            "item_id": gate.fair.item,
            "variation": "Early bird",
            "variation_id": gate.fair.variation,
            "attendee_name": "Grace Hopper",
            "attention": False,
            "redeemed": True,
            "checkin_allowed": True,
            "addons_text": "",
            "paid": True,
        },
    }


def test_version_3_error_with_data(gate: Gate) -> None:
    secret = gate.ticket()
    gate.redeem(secret)
    answer = gate.redeem(secret)
    assert (answer["status"], answer["reason"], answer["version"]) == ("error", "already_redeemed", 3)
    assert set(answer) == {"status", "reason", "version", "data"}
    assert set(answer["data"]) == DATA_FIELDS
    assert answer["data"]["redeemed"] is True
    assert answer["data"]["variation"] is None


def test_version_3_error_without_data_is_spelled_right(gate: Gate) -> None:
    """Decision 1."""
    assert gate.redeem("nobody") == {"status": "error", "reason": "unknown_ticket", "version": 3}


def test_version_3_incomplete_field_by_field(gate: Gate) -> None:
    """Decisions 18 and 19: a list, and not redeemed."""
    question, (small, large) = gate.question(
        "C", options=("M", "L"), position=2, question={"en": "Choose a shirt size"}
    )
    secret = gate.ticket()
    answer = gate.redeem(secret, questions_supported="true")
    assert (answer["status"], answer["version"]) == ("incomplete", 3)
    assert answer["data"]["redeemed"] is False
    assert set(answer["data"]) == DATA_FIELDS
    assert answer["questions"] == [
        {
            "id": question,
            "type": "C",
            "question": "Choose a shirt size",
            "required": True,
            "position": 2,
            "items": [gate.fair.item],
            "options": [{"id": small, "answer": "M"}, {"id": large, "answer": "L"}],
        }
    ]
    assert gate.entries(secret) == []


def test_version_2_field_by_field(gate: Gate) -> None:
    secret = gate.ticket()
    assert gate.redeem(secret, version=2) == {"status": "ok", "version": 2}
    assert gate.redeem(secret, version=2) == {"status": "error", "reason": "already_redeemed", "version": 2}
    assert gate.redeem("nobody", version=2) == {"status": "error", "reason": "unknown_ticket", "version": 2}


def test_version_2_knows_no_product(gate: Gate) -> None:
    """Decision 21."""
    other = gate.device("second key", all_items=False)
    secret = gate.ticket()
    assert other.redeem(secret, version=2) == {"status": "error", "reason": "unknown_ticket", "version": 2}
    assert other.redeem(secret)["reason"] == "product"


def test_the_prefix_decides_unless_the_device_is_set_to_3(gate: Gate) -> None:
    """Decision 10."""
    secret = gate.ticket()
    for api_version, expected in ((None, (2, 3)), (2, (2, 3)), (3, (3, 3))):
        other = gate.device(f"key {api_version}", api_version=api_version)
        assert tuple(other.redeem(secret, version=version)["version"] for version in (2, 3)) == expected


def test_version_2_never_asks(gate: Gate) -> None:
    gate.question()
    assert gate.redeem(gate.ticket(), version=2, questions_supported="true") == {"status": "ok", "version": 2}


def test_a_path_without_the_last_slash_answers_too(gate: Gate) -> None:
    answer = gate.client.post(f"{gate.path('redeem')[:-1]}?key={gate.key}", data={"secret": gate.ticket()})
    assert (answer.status_code, body(answer)["status"]) == (200, "ok")


# ----------------------------------------------------------------------------------------------------- the rules

#: What is the case with a ticket, what the gate sends, and what it hears. Each line is a rule or a pair that meets.
RULES: list[tuple[str, set[str], dict[str, str], str]] = [
    ("paid", set(), {}, "ok"),
    ("pending", {"pending"}, {}, "unpaid"),
    ("expired", {"expired"}, {}, "unpaid"),
    ("order cancelled", {"cancelled"}, {}, "unpaid"),
    ("position cancelled", {"position cancelled"}, {}, "unpaid"),
    ("test order", {"test"}, {}, "ok"),
    # force
    ("force: paid", set(), {"force": "true"}, "ok"),
    ("force: pending", {"pending"}, {"force": "true"}, "ok"),
    ("force: expired", {"expired"}, {"force": "True"}, "ok"),
    ("force: order cancelled", {"cancelled"}, {"force": "true"}, "unpaid"),
    ("force: position cancelled", {"position cancelled"}, {"force": "true"}, "unpaid"),
    ("force: redeemed", {"redeemed"}, {"force": "true"}, "ok"),
    ("force: question", {"question"}, {"force": "true"}, "ok"),
    ("force: question, redeemed", {"question", "redeemed"}, {"force": "true"}, "ok"),
    ("force: pending, redeemed", {"pending", "redeemed"}, {"force": "true"}, "ok"),
    ("force: product", {"product"}, {"force": "true"}, "product"),
    ("force false is none", {"pending"}, {"force": "false"}, "unpaid"),
    # ignore_unpaid
    ("ignore_unpaid: paid", set(), {"ignore_unpaid": "true"}, "ok"),
    ("ignore_unpaid: pending", {"pending"}, {"ignore_unpaid": "true"}, "unpaid"),
    ("ignore_unpaid: pending, list includes", {"pending", "list includes"}, {"ignore_unpaid": "True"}, "ok"),
    ("pending, list includes", {"pending", "list includes"}, {}, "unpaid"),
    ("ignore_unpaid: expired, list includes", {"expired", "list includes"}, {"ignore_unpaid": "true"}, "unpaid"),
    ("ignore_unpaid: cancelled", {"cancelled", "list includes"}, {"ignore_unpaid": "true"}, "unpaid"),
    (
        "ignore_unpaid: pending, position cancelled",
        {"pending", "position cancelled", "list includes"},
        {"ignore_unpaid": "true"},
        "unpaid",
    ),
    (
        "ignore_unpaid: pending, redeemed",
        {"pending", "redeemed", "list includes"},
        {"ignore_unpaid": "true"},
        "already_redeemed",
    ),
    ("ignore_unpaid: redeemed", {"redeemed"}, {"ignore_unpaid": "true"}, "already_redeemed"),
    ("ignore_unpaid false is none", {"pending", "list includes"}, {"ignore_unpaid": "false"}, "unpaid"),
    (
        "ignore_unpaid: pending, question",
        {"pending", "question", "list includes"},
        {"ignore_unpaid": "true"},
        "incomplete",
    ),
    # the order of the checks
    ("redeemed", {"redeemed"}, {}, "already_redeemed"),
    ("pending before redeemed", {"pending", "redeemed"}, {}, "unpaid"),
    ("cancelled before redeemed", {"cancelled", "redeemed"}, {}, "unpaid"),
    ("question", {"question"}, {}, "incomplete"),
    ("question before redeemed", {"question", "redeemed"}, {}, "incomplete"),
    ("pending before question", {"pending", "question"}, {}, "unpaid"),
    ("cancelled before question", {"cancelled", "question"}, {}, "unpaid"),
    ("product", {"product"}, {}, "product"),
    ("product before cancelled", {"product", "cancelled"}, {}, "product"),
    ("product before pending", {"product", "pending"}, {}, "product"),
    ("product before question", {"product", "question"}, {}, "product"),
    ("product before redeemed", {"product", "redeemed"}, {}, "product"),
    ("product of the list", {"product of the list"}, {}, "product"),
    ("product of the list, redeemed", {"product of the list", "redeemed"}, {}, "product"),
    # nonces
    ("used nonce", {"nonce"}, {"nonce": "abc"}, "ok"),
    ("another nonce", {"nonce"}, {"nonce": "abd"}, "already_redeemed"),
    ("no nonce", {"nonce"}, {}, "already_redeemed"),
    ("used nonce, pending since", {"nonce", "pending"}, {"nonce": "abc"}, "ok"),
    ("used nonce, cancelled since", {"nonce", "cancelled"}, {"nonce": "abc"}, "unpaid"),
    ("used nonce, question", {"nonce", "question"}, {"nonce": "abc"}, "ok"),
    ("used nonce, product", {"nonce", "product"}, {"nonce": "abc"}, "product"),
    ("used nonce and force", {"nonce"}, {"nonce": "abc", "force": "true"}, "ok"),
]


def test_each_rule_and_each_pair_that_meets(gate: Gate, subtests: pytest.Subtests) -> None:
    for number, (name, given, form, expected) in enumerate(RULES):
        with subtests.test(name):
            _check_rule(gate, number, given, form, expected)


def _check_rule(gate: Gate, number: int, given: set[str], form: dict[str, str], expected: str) -> None:
    """A product, a list and a device of its own for each rule, so that rules do not meet by chance."""
    item = gate.item()
    listed = gate.new_list(include_pending="list includes" in given)
    usual = gate.device(f"usual {number}", list_id=listed)
    secret = gate.ticket(item_id=item)
    if "nonce" in given or "redeemed" in given:
        usual.redeem(secret, **({"nonce": "abc"} if "nonce" in given else {}))
    before, refused = len(gate.entries(secret)), len(gate.refusals())
    if "question" in given:
        gate.question(items=[item])
    status = {"pending": "n", "expired": "e", "cancelled": "c"}
    for name in given & set(status):
        gate.order(secret, status=status[name])
    if "test" in given:
        gate.order(secret, testmode=True)
    if "position cancelled" in given:
        gate.position(secret, canceled=True)
    scanning = usual
    if "product" in given:
        scanning = gate.device(f"scoped {number}", list_id=listed, all_items=False, items=[gate.fair.item])
    if "product of the list" in given:
        short = gate.new_list(all_products=False, items=[gate.fair.item])
        scanning = gate.device(f"scoped {number}", list_id=short)
    answer = scanning.redeem(secret, questions_supported="true", **form)
    assert answer.get("reason", answer["status"]) == expected
    recorded = len(gate.entries(secret)) - before
    repeated = "nonce" in given and form.get("nonce") == "abc"
    assert recorded == (1 if expected == "ok" and not repeated else 0)
    assert gate.refusals()[refused:] == ([expected] if answer["status"] == "error" else [])
    redeemed = expected == "ok" or "nonce" in given or ("redeemed" in given and "product of the list" not in given)
    cancelled = bool({"cancelled", "position cancelled"} & given)
    unpaid = bool({"pending", "expired"} & given)
    allowed = not cancelled and (not unpaid or {"pending", "list includes"} <= given)
    data = answer["data"]
    assert (data["redeemed"], data["paid"], data["checkin_allowed"]) == (redeemed, not (cancelled or unpaid), allowed)


def test_force_records_the_second_entry_with_its_own_time(gate: Gate) -> None:
    secret = gate.ticket()
    gate.redeem(secret)
    gate.redeem(secret, force="true", nonce="n1", datetime="2026-11-20T08:15Z")
    gate.redeem(secret, force="true", nonce="n1", datetime="2026-11-20T08:15Z")
    first, second = gate.entries(secret)
    assert (first.first, first.forced, second.first, second.forced) == (True, False, False, True)
    assert second.datetime == MORNING
    assert second.nonce == "n1"


def test_the_same_nonce_on_another_ticket_or_list_is_another_check_in(gate: Gate) -> None:
    one, two = gate.ticket(), gate.ticket()
    elsewhere = gate.device("second key", list_id=gate.new_list())
    assert [scan["status"] for scan in (gate.redeem(one, nonce="n"), gate.redeem(two, nonce="n"))] == ["ok", "ok"]
    assert elsewhere.redeem(one, nonce="n")["status"] == "ok"
    assert len(gate.entries(one)) == 2


def test_a_nonce_of_any_length_is_known_again(gate: Gate) -> None:
    secret = gate.ticket()
    assert [gate.redeem(secret, nonce="x" * 5000)["status"] for _ in range(2)] == ["ok", "ok"]
    assert [gate.redeem(secret, nonce="\0")["status"] for _ in range(2)] == ["error", "error"]
    assert len(gate.entries(secret)) == 1


def test_lists_are_apart(gate: Gate) -> None:
    secret = gate.ticket()
    elsewhere = gate.device("second key", list_id=gate.new_list())
    assert gate.redeem(secret)["status"] == "ok"
    answer = elsewhere.redeem(secret)
    assert (answer["status"], answer["data"]["redeemed"]) == ("ok", True)


# ---------------------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    "sent",
    [
        *("2026-11-20T08:15Z", "2026-11-20T08:15:00Z", "2026-11-20T08:15:00.000Z", "2026-11-20T09:15:00+01:00"),
        *("2026-11-20T09:15+0100", "2026-11-20T09:15 01:00", "2026-11-20T09:15", "2026-11-20 09:15:00"),
        *("20261120T081500Z", "20261120T0815Z", "2026-11-20T08:15:00.000000000Z", "2026-11-20T08:15:00,0Z"),
        *(
            "2026-W47-5T08:15Z",
            "2026-11-20t08:15z",
            "2026-11-20 08:15 Z",
            "2026-11-20 09:15 +01",
            "2026-11-20 09:15 01",
        ),
    ],
)
def test_times_that_are_read(sent: str) -> None:
    assert read_moment(sent, ZoneInfo("Europe/Berlin")) == MORNING


def test_hours_alone_and_fine_fractions_are_read() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert read_moment("2026-11-20T08Z", berlin) == MORNING.replace(minute=0)
    assert read_moment("2026-11-20T08:15:00.123456789Z", berlin) == MORNING.replace(microsecond=123456)


def test_a_time_is_kept_in_the_events_zone(gate: Gate) -> None:
    secret = gate.ticket()
    gate.redeem(secret, datetime="2026-11-20T09:15")
    assert gate.entries(secret)[0].datetime == MORNING


@pytest.mark.parametrize(
    "sent",
    [
        *("yesterday", "", "2026-11-20", "2026-13-20T08:15Z", "2026-11-20T25:00Z", "20261120", "1790000000"),
        *("0001-01-01T00:00+14:00", "2026-11-20T08:15Z; drop", "2026-11-20T08:15\0", "٢٠٢٦-11-20T08:15Z"),
    ],
)
def test_times_that_cannot_be_read(sent: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        read_moment(sent, ZoneInfo("Europe/Berlin"))


def test_a_time_that_cannot_be_read_records_nothing(gate: Gate) -> None:
    question, _ = gate.question()
    secret = gate.ticket()
    answer = gate.post(secret, datetime="yesterday", force="true", **{f"answer_{question}": "yes"})
    assert answer.status_code == 400
    assert list(body(answer)) == ["datetime"]
    assert gate.entries(secret) == []
    assert gate.answers(secret) == {}
    assert gate.post("nobody", datetime="").status_code == 400
    assert gate.refusals() == []


def test_without_a_time_it_is_now(gate: Gate) -> None:
    secret = gate.ticket()
    gate.redeem(secret)
    assert abs(gate.entries(secret)[0].datetime - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=20)


# ---------------------------------------------------------------------------------------------------- what it shows


def test_names_fall_back_to_the_parents_then_to_the_invoice(gate: Gate) -> None:
    parent = gate.ticket(("Grace", "Hopper"), invoice_name="Ivan Invoice")
    addon = gate.ticket(addon_to_id=gate.id_of(parent), attendee_name=None, attendee_name_parts={})
    assert gate.redeem(addon)["data"]["attendee_name"] == "Grace Hopper"
    gate.position(parent, attendee_name=None)
    assert gate.redeem(addon)["data"]["attendee_name"] == "Grace Hopper", "from the parts"
    gate.position(parent, attendee_name_parts={})
    assert gate.redeem(addon)["data"]["attendee_name"] is None
    gate.order(addon, invoice_name="Olga Office")
    assert gate.redeem(addon)["data"]["attendee_name"] == "Olga Office"
    gate.position(addon, attendee_name_parts={"_scheme": "full", "full_name": "Own Name"})
    assert gate.redeem(addon)["data"]["attendee_name"] == "Own Name"


def test_addons_are_named_with_their_variations(gate: Gate) -> None:
    secret = gate.ticket()
    parent = gate.id_of(secret)
    gate.ticket(item_id=gate.item("Parking spot"), addon_to_id=parent)
    gate.ticket(addon_to_id=parent, variation_id=gate.fair.variation)
    gate.position(gate.ticket(item_id=gate.item("Gone"), addon_to_id=parent), canceled=True)
    gate.change(OrderPosition, OrderPosition.variation_id == gate.fair.variation, positionid=2)
    assert gate.redeem(secret)["data"]["addons_text"] == "Parking spot, Standard ticket - Early bird"


def test_attention(gate: Gate) -> None:
    gate.change(ItemVariation, ItemVariation.id == gate.fair.variation, checkin_attention=True)
    careful = gate.item("Careful", checkin_attention=True)
    cases: tuple[dict[str, Any], ...] = (
        {"order_attention": True},
        {"item_id": careful},
        {"variation_id": gate.fair.variation},
    )
    assert [gate.redeem(gate.ticket(**case))["data"]["attention"] for case in cases] == [True] * 3
    assert gate.redeem(gate.ticket())["data"]["attention"] is False


def test_names_are_in_the_events_main_language(gate: Gate) -> None:

    gate.change(Event, Event.id == gate.fair.event, locale="de")
    gate.change(Item, Item.id == gate.fair.item, name={"en": "Standard ticket", "de": "Eintrittskarte"})
    gate.question()
    answer = gate.redeem(gate.ticket(), questions_supported="true")
    assert answer["data"]["item"] == "Eintrittskarte"
    assert answer["questions"][0]["question"] == "Ihre Antwort"


# -------------------------------------------------------------------------------------------------- what it refuses


def test_secrets_match_exactly_or_not_at_all(gate: Gate) -> None:
    secret = gate.ticket()
    others = ("", "nobody", "\0", "%", "_", "x" * 20_000, "secret' or '1'='1")
    for wrong in (secret[:-1], secret.upper(), f" {secret}", secret + "x", *others):
        assert gate.redeem(wrong)["reason"] == "unknown_ticket"


def test_what_cannot_be_read(gate: Gate) -> None:
    path = f"{gate.path('redeem')}?key={gate.key}"
    assert gate.client.post(path).status_code == 400
    assert body(gate.client.post(path, data={"force": "true"})) == {"secret": ["This field is required."]}
    answer = gate.client.post(path, json={"secret": "x"})
    assert (answer.status_code, list(body(answer))) == (415, ["detail"])
    assert gate.client.get(path).status_code == 405
    assert body(gate.client.get(path)) == {"detail": 'Method "GET" not allowed.'}
    assert gate.client.post(f"{gate.path('search')}?key={gate.key}").status_code == 405


def test_refusals_keep_their_ticket_and_gate_but_no_unknown_secret(gate: Gate) -> None:
    secret = gate.ticket()
    gate.redeem("a secret of nobody")
    gate.redeem(secret)
    gate.redeem(secret)

    ticket = gate.id_of(secret)
    with gate.app.app_context():
        unknown, again = db.session.query(CheckinRefusal).order_by(CheckinRefusal.id)
        assert (unknown.reason, unknown.position_id) == ("unknown_ticket", None)
        assert (again.reason, again.position_id) == ("already_redeemed", ticket)
        assert again.device_id is not None


def test_an_upload_that_is_refused_for_ever_is_noted_once(gate: Gate) -> None:
    secret = gate.ticket()
    gate.order(secret, status="c")
    for _ in range(3):
        for form in ({"force": "true", "nonce": "n"}, {}):
            assert gate.redeem(secret, datetime="2026-11-20T08:15Z", **form)["reason"] == "unpaid"
    assert gate.refusals() == ["unpaid"]
    gate.redeem(secret, datetime="2026-11-20T08:16Z")
    gate.device("other").redeem(secret, datetime="2026-11-20T08:16Z")
    for _ in range(2):
        gate.redeem(secret)
    assert gate.refusals() == ["unpaid"] * 5


def test_orders_of_other_events_are_unknown(gate: Gate) -> None:
    secret = gate.ticket()
    gate.change(OrderPosition, OrderPosition.secret == secret, event_id=gate.fair.other_event)
    gate.change(Order, Order.code == "ORD101", event_id=gate.fair.other_event)
    assert gate.redeem(secret, force="true")["reason"] == "unknown_ticket"
