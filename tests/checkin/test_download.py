"""The copy for offline gates: every ticket that counts, nothing else, and nothing at all while nothing changed."""

import gzip
import time
from collections import OrderedDict
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from portal.checkin import copies as packed
from portal.checkin.models import CheckinList
from portal.checkin.queries import download
from portal.core import clock
from portal.core.database import db
from portal.events.models import Item, Question
from portal.tickets.models import Checkin
from tests.checkin.conftest import Gate, body
from tests.checkin.test_redeem import DATA_FIELDS


def copy(gate: Gate, **headers: str) -> TestResponse:
    """The answer of the door."""
    return gate.client.get(f"{gate.path('download')}?key={gate.key}", headers=headers)


def tickets(gate: Gate) -> dict[str, Any]:
    """The tickets of the copy by their secrets."""
    return {ticket["secret"]: ticket for ticket in body(copy(gate))["results"]}


def test_field_by_field(gate: Gate) -> None:
    question, (small, large) = gate.question("C", options=("M", "L"), position=2)
    secret = gate.ticket(variation_id=gate.fair.variation, order_attention=True)
    gate.ticket(item_id=gate.item("Parking spot"), addon_to_id=gate.id_of(secret))
    answer = body(copy(gate))
    assert set(answer) == {"version", "results", "questions"}
    assert answer["version"] == 3
    assert all(set(ticket) == DATA_FIELDS for ticket in answer["results"])
    assert len(answer["results"]) == 10
    assert tickets(gate)[secret] == {
        "secret": secret,
        "order": "ORD102",
        "item": "Standard ticket",
        "item_id": gate.fair.item,
        "variation": "Early bird",
        "variation_id": gate.fair.variation,
        "attendee_name": "Grace Hopper",
        "attention": True,
        "redeemed": False,
        "checkin_allowed": True,
        "addons_text": "Parking spot",
        "paid": True,
    }
    assert answer["questions"] == [
        {
            "id": question,
            "type": "C",
            "question": "Your answer",
            "required": True,
            "position": 2,
            "items": [gate.fair.item],
            "options": [{"id": small, "answer": "M"}, {"id": large, "answer": "L"}],
        }
    ]


def test_each_ticket_is_what_a_redemption_says(gate: Gate) -> None:
    parent = gate.ticket(invoice_name="Ivan Invoice")
    gate.ticket(addon_to_id=gate.id_of(parent), attendee_name=None, attendee_name_parts={})
    gate.ticket(attendee_name=None, attendee_name_parts={}, invoice_name="Olga Office")
    gate.ticket(item_id=gate.item("Careful", checkin_attention=True))
    pending = gate.ticket()
    gate.order(pending, status="n")
    gate.pending()
    for secret, ticket in tickets(gate).items():
        assert ticket == gate.search(secret)[0]
    assert (tickets(gate)[pending]["paid"], tickets(gate)[pending]["checkin_allowed"]) == (False, True)


def test_what_counts(gate: Gate) -> None:
    paid = gate.ticket()
    for status in "nec":
        gate.order(gate.ticket(), status=status)
    gate.order(gate.ticket(), testmode=True)
    gate.position(gate.ticket(), canceled=True)
    assert len(tickets(gate)) == 9
    assert paid in tickets(gate)
    gate.pending()
    assert len(tickets(gate)) == 10


def test_only_what_device_and_list_may_redeem(gate: Gate) -> None:
    workshop = gate.item()
    other = gate.ticket(item_id=workshop)
    assert set(tickets(gate.device("second key", all_items=False, items=[workshop]))) == {other}
    assert set(tickets(gate.device("third key", list_id=gate.new_list(all_products=False, items=[workshop])))) == {
        other
    }
    assert tickets(gate.device("fourth key", all_items=False)) == {}


def test_redeemed_on_this_list(gate: Gate) -> None:
    secret = gate.ticket()
    elsewhere = gate.device("second key", list_id=gate.new_list())
    elsewhere.redeem(secret)
    assert tickets(gate)[secret]["redeemed"] is False
    assert tickets(elsewhere)[secret]["redeemed"] is True
    gate.redeem(secret)
    gate.redeem(secret, force="true")
    assert tickets(gate)[secret]["redeemed"] is True
    assert len(tickets(gate)) == 9, "each once"


def test_batches_make_one_copy(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {gate.ticket() for _ in range(6)}
    whole = body(copy(gate))
    monkeypatch.setattr(download, "BATCH", 3)
    monkeypatch.setattr(download, "_BATCH", download._BATCH.limit(3))
    answer = copy(gate)
    assert body(answer) == whole
    assert secrets <= {ticket["secret"] for ticket in whole["results"]}


def test_it_is_packed_for_those_who_take_it(gate: Gate) -> None:
    plain, packed = copy(gate), copy(gate, **{"Accept-Encoding": "gzip, deflate"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert orjson.loads(gzip.decompress(packed.data)) == plain.json
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert copy(gate, **{"Accept-Encoding": "gzip;q=0"}).json == plain.json


# ---------------------------------------------------------------------------------------------- while nothing changed


def test_an_unchanged_one_is_a_304_without_a_body(gate: Gate) -> None:
    tag = copy(gate).headers["ETag"]
    for _ in range(2):
        answer = copy(gate, **{"If-None-Match": tag})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    assert copy(gate, **{"If-None-Match": 'W/"other"'}).status_code == 200


def test_everything_that_shows_counts_as_a_change(gate: Gate) -> None:
    secret, second = gate.ticket(), gate.ticket()
    question, _ = gate.question()
    changes = {
        "a check-in": lambda: gate.redeem(secret),
        "another entry": lambda: gate.redeem(secret, force="true"),
        "a name": lambda: gate.position(second, attendee_name="New Name"),
        "an order": lambda: gate.order(second, status="n"),
        "a new ticket": lambda: gate.ticket(),
        "a product": lambda: gate.change(Item, Item.id == gate.fair.item, name={"en": "Renamed"}),
        "a question": lambda: gate.change(Question, Question.id == question, required=False),
        "a new question": lambda: gate.question("M", options=("A", "B")),
        "the list": gate.pending,
        "an undone check-in": lambda: undo(gate),
    }
    tag = copy(gate).headers["ETag"]
    for name, change in changes.items():
        change()
        answer = copy(gate, **{"If-None-Match": tag})
        assert answer.status_code == 200, name
        tag = answer.headers["ETag"]
        assert copy(gate, **{"If-None-Match": tag}).status_code == 304, name


def undo(gate: Gate) -> None:
    """Take all check-ins of the list back, as who does that says it."""
    with gate.app.app_context():
        db.session.execute(sa.delete(Checkin))
        db.session.execute(sa.update(CheckinList).values(modified=clock.now()))
        db.session.commit()


def test_a_change_that_is_committed_late_counts_too(gate: Gate) -> None:
    """A change with an earlier time than the newest one, as a slow transaction makes it."""
    first, second = gate.ticket(), gate.ticket()
    earlier = clock.now()
    time.sleep(0.01)
    gate.position(first, attendee_name="Newest")
    tag = copy(gate).headers["ETag"]
    gate.position(second, attendee_name="Late", modified=earlier)
    assert copy(gate, **{"If-None-Match": tag}).status_code == 200


def test_two_devices_with_different_products_have_different_tags(gate: Gate) -> None:
    other = gate.device("second key", all_items=False)
    answer = copy(other, **{"If-None-Match": copy(gate).headers["ETag"]})
    assert (answer.status_code, body(answer)["results"]) == (200, [])


def test_an_unchanged_one_costs_one_query_beside_the_device(gate: Gate) -> None:
    for table in ("orders", "order_positions"):
        with gate.app.app_context():
            db.session.execute(sa.text(f"UPDATE {table} SET modified = '2026-01-01 00:00:00+00:00'"))  # noqa: S608
            db.session.commit()
    tag = copy(gate).headers["ETag"]
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with gate.app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        assert copy(gate, **{"If-None-Match": tag}).status_code == 304
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 2, statements


def test_a_dear_copy_stands_in_for_newer_ones_a_moment(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is dear, made cheap: the copy that is given has its own tag, and is given no longer than it may be."""
    monkeypatch.setattr(packed, "_CHEAP", 0)
    monkeypatch.setattr(packed, "_SHARE", 10_000)
    monkeypatch.setattr(packed, "_copies", OrderedDict())
    take = {"Accept-Encoding": "gzip"}
    path = f"{gate.path('download')}?key={gate.key}"
    first = gate.client.get(path, headers=take)
    assert len(orjson.loads(gzip.decompress(first.data))["results"]) == 8
    gate.ticket()
    again = gate.client.get(path, headers=take)
    assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])
    known = gate.client.get(path, headers=take | {"If-None-Match": first.headers["ETag"]})
    assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", first.headers["ETag"])
    plain = gate.client.get(path)
    assert len(orjson.loads(plain.data)["results"]) == 9, "who takes none packed gets what is there"
    other = gate.device("workshops only", all_items=False)
    theirs = other.client.get(f"{other.path('download')}?key={other.key}", headers=take)
    assert orjson.loads(gzip.decompress(theirs.data))["results"] == []
    monkeypatch.setattr(time, "monotonic", lambda: 1e9)
    assert gate.client.get(path, headers=take | {"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert len(orjson.loads(gzip.decompress(gate.client.get(path, headers=take).data))["results"]) == 9
