"""The search at the gate: what finds a ticket, what does not, and what is never shown."""

import pytest
import sqlalchemy as sa

from portal.checkin.models import Device
from portal.core.database import db
from portal.tickets.models import OrderPosition
from tests.checkin.conftest import Gate, body
from tests.checkin.test_redeem import DATA_FIELDS


def names(gate: Gate, query: str) -> list[str]:
    """The names that a query finds, sorted."""
    return sorted(found["attendee_name"] for found in gate.search(query))


def test_version_3_field_by_field(gate: Gate) -> None:
    secret = gate.ticket(("Ada", "Lovelace"), variation_id=gate.fair.variation)
    answer = body(gate.get("search", query="lovelace"))
    assert answer == {
        "results": [
            {
                "secret": secret,
                "order": "ORD101",
                "item": "Standard ticket",
                "item_id": gate.fair.item,
                "variation": "Early bird",
                "variation_id": gate.fair.variation,
                "attendee_name": "Ada Lovelace",
                "attention": False,
                "redeemed": False,
                "checkin_allowed": True,
                "addons_text": "",
                "paid": True,
            }
        ],
        "version": 3,
    }
    gate.redeem(secret)
    assert gate.search("lovelace")[0]["redeemed"] is True
    assert set(gate.search("lovelace")[0]) == DATA_FIELDS


def test_version_2_has_seven_fields(gate: Gate) -> None:
    secret = gate.ticket(("Ada", "Lovelace"))
    assert body(gate.get("search", version=2, query="Lovelace")) == {
        "results": [
            {
                "secret": secret,
                "order": "ORD101",
                "item": "Standard ticket",
                "variation": None,
                "attendee_name": "Ada Lovelace",
                "redeemed": False,
                "paid": True,
            }
        ],
        "version": 2,
    }


@pytest.mark.parametrize("query", ["", "Pet", "   Pet   ", "    ", "\0\0\0\0\0", "a\0bcd", "´´´´"])
def test_short_queries_and_what_no_name_holds_find_nothing(gate: Gate, query: str) -> None:
    assert gate.search(query) == []
    assert body(gate.client.get(f"{gate.path('search')}?key={gate.key}")) == {"results": [], "version": 3}


def test_names_are_found_by_any_part_in_any_order_without_case_and_accents(gate: Gate) -> None:
    for query in ("Peter", "peter miller", "MILLER pet", "ille eter", "  Miller   Peter "):
        assert names(gate, query) == ["Peter Miller"], query
    assert names(gate, "garcia") == names(gate, "GARCÍA") == ["Ana García"]
    assert names(gate, "gross") == names(gate, "groß jür") == ["Jürgen Groß"]
    assert names(gate, "o de") == names(gate, "lu ad") == ["Olu Ade"], "words too short for the index"
    assert names(gate, "peter sawyer") == []
    assert names(gate, "zoë o’n") == ["Zoë O’Neill"]


def test_the_address_the_company_and_other_names_are_searched_too(gate: Gate) -> None:
    assert names(gate, "peter@example.org") == ["Peter Miller"]
    assert names(gate, "sawyer ltd") == ["Tom Sawyer"]
    parent = gate.ticket(("Grace", "Hopper"), invoice_name="Ivan Invoice", invoice_company="Office Supplies")
    addon = gate.ticket(
        addon_to_id=gate.id_of(parent), attendee_name=None, attendee_name_parts={}, company=None, item_id=gate.item()
    )
    assert {found["secret"] for found in gate.search("grace hop")} == {parent, addon}
    assert [found["secret"] for found in gate.search("ivan")] == [parent]
    assert [found["secret"] for found in gate.search("office supp")] == [parent]
    assert gate.search("ivan")[0]["addons_text"] == "Workshop"


def test_wildcards_are_letters(gate: Gate) -> None:
    gate.ticket(("100% Real", "under_score"))
    gate.ticket(("1000 Real", "underxscore"))
    assert names(gate, "100%") == names(gate, "r_sc") == ["100% Real under_score"]
    for query in ("%%%%", "____", "pe%er", "p_ter", '"""" OR', "peter*", "NEAR(a b)", "search_text:peter", "\\\\\\\\"):
        assert names(gate, query) == []


def test_secrets_and_codes_are_found_by_how_they_begin(gate: Gate) -> None:
    secret = gate.ticket(code="XYZAB")
    gate.position(secret, secret="q7W9eabcdefghijk")
    for query in ("q7W9", "Q7w9EABC", "q7W9eabcdefghijk", "XYZA", "xyzab"):
        assert [found["secret"] for found in gate.search(query)] == ["q7W9eabcdefghijk"], query
    for query in ("7W9eabcd", "YZAB", "q7W9eabcdefghijkl", "q7_9", "XYZ%"):
        assert gate.search(query) == [], query


def test_without_allow_search_only_the_beginning_of_the_secret_counts(gate: Gate) -> None:
    secret = gate.ticket(code="XYZAB")
    gate.change(Device, Device.name == "Gate 1", allow_search=False)
    assert [found["secret"] for found in gate.search(secret[:-1])] == [secret]
    assert gate.search("hopper") == gate.search("XYZAB") == gate.search("grace@example.org") == []


def test_at_most_25_and_the_exact_beginning_first(gate: Gate) -> None:
    secrets = [gate.ticket(("Same", f"Name{number:02d}")) for number in range(30)]
    gate.position(secrets[29], secret="same-as-the-name")
    found = gate.search("same")
    assert len(found) == 25
    assert found[0]["secret"] == "same-as-the-name"
    assert [each["attendee_name"] for each in found[1:4]] == ["Same Name00", "Same Name01", "Same Name02"]


def test_only_what_device_and_list_may_redeem(gate: Gate) -> None:
    workshop = gate.item()
    ticket, other = gate.ticket(("Same", "Person")), gate.ticket(("Same", "Person"), item_id=workshop)
    assert len(gate.search("same person")) == 2
    scoped = gate.device("second key", all_items=False, items=[workshop])
    assert [found["secret"] for found in scoped.search("same person")] == [other]
    assert scoped.search(ticket[:-1]) == []
    listed = gate.device("third key", list_id=gate.new_list(all_products=False, items=[gate.fair.item]))
    assert [found["secret"] for found in listed.search("same person")] == [ticket]
    none = gate.device(
        "fourth key",
        list_id=gate.new_list(all_products=False, items=[gate.fair.item]),
        all_items=False,
        items=[workshop],
    )
    assert none.search("same person") == []


def test_pending_and_cancelled_ones_are_shown_as_what_they_are(gate: Gate) -> None:
    secret = gate.ticket(("Nora", "Pending"))
    gate.order(secret, status="n")
    (found,) = gate.search("nora")
    assert (found["paid"], found["checkin_allowed"]) == (False, False)
    gate.pending()
    assert gate.search("nora")[0]["checkin_allowed"] is True
    gate.position(secret, canceled=True)
    (found,) = gate.search("nora")
    assert (found["paid"], found["checkin_allowed"]) == (False, False)


def test_tickets_of_other_events_are_not_found(gate: Gate) -> None:
    secret = gate.ticket(("Nora", "Elsewhere"))
    gate.position(secret, event_id=gate.fair.other_event)
    assert gate.search("elsewhere") == gate.search(secret) == []


def test_the_index_follows_every_change(gate: Gate) -> None:
    secret = gate.ticket(("Nora", "Before"))
    gate.position(secret, search_text="nora after", attendee_name="Nora After")
    assert names(gate, "before") == []
    assert names(gate, "after") == ["Nora After"]
    with gate.app.app_context():
        db.session.execute(sa.delete(OrderPosition).where(OrderPosition.secret == secret))
        db.session.commit()
        if db.engine.dialect.name == "sqlite":
            db.session.execute(sa.text("INSERT INTO search_positions(search_positions) VALUES ('integrity-check')"))
            db.session.commit()
    assert names(gate, "after") == []


def test_the_search_asks_its_index(gate: Gate) -> None:
    with gate.app.app_context():
        if db.engine.dialect.name == "sqlite":
            wanted, found = "search_positions", sa.inspect(db.engine).get_table_names()
            triggers = db.session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            assert {f"search_positions_{when}" for when in ("insert", "update", "delete")} <= set(triggers)
        else:
            wanted = "search_texts"
            found = list(db.session.scalars(sa.text("SELECT indexname FROM pg_indexes")))
        assert wanted in found
