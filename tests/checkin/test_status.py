"""Figures for the gates: totals and check-ins by product and variation, however they came about."""

import time
from collections import OrderedDict

import pytest
import sqlalchemy as sa

from portal.checkin.models import CheckinList, Device
from portal.checkin.queries import figures
from portal.core import clock
from portal.core.database import db
from portal.events.models import Event, Item
from portal.tickets.models import Checkin
from tests.checkin.conftest import Gate, body


def counts(gate: Gate) -> tuple[int, int]:
    """Check-ins and tickets."""
    answer = body(gate.get("status"))
    for item in answer["items"]:
        inside = [variation["checkins"] for variation in item["variations"]]
        assert sum(inside) <= item["checkins"] <= item["total"]
    assert answer["checkins"] == sum(item["checkins"] for item in answer["items"])
    assert answer["total"] == sum(item["total"] for item in answer["items"])
    return answer["checkins"], answer["total"]


@pytest.mark.parametrize("version", [2, 3])
def test_field_by_field(gate: Gate, version: int) -> None:
    gate.change(Event, Event.id == gate.fair.event, url="https://tickets.example.org/bigevents/sampleconf/")
    answer = body(gate.get("status", version=version))
    shirt = answer["items"][1]["id"]
    assert answer == {
        "checkins": 1,
        "total": 8,
        "version": version,
        "event": {
            "name": "Sample conference",
            "slug": "sampleconf",
            "date_from": "2026-11-20T09:00:00Z",
            "date_to": "2026-11-21T09:00:00Z",
            "timezone": "Europe/Berlin",
            "url": "https://tickets.example.org/bigevents/sampleconf/",
            "organizer": {"name": "Big Events", "slug": "bigevents"},
        },
        "items": [
            {
                "name": "Standard ticket",
                "id": gate.fair.item,
                "checkins": 1,
                "admission": True,
                "total": 8,
                "variations": [{"name": "Early bird", "id": gate.fair.variation, "checkins": 1, "total": 1}],
            },
            {"name": "T-Shirt", "id": shirt, "checkins": 0, "admission": False, "total": 0, "variations": []},
        ],
    }


def test_without_show_info_there_are_none(gate: Gate) -> None:
    gate.change(Device, Device.name == "Gate 1", show_info=False)
    for version in (2, 3):
        answer = gate.get("status", version=version)
        assert (answer.status_code, list(body(answer))) == (403, ["detail"])
    assert gate.get("download").status_code == 200


def test_paid_orders_count_and_pending_ones_where_the_list_includes_them(gate: Gate) -> None:
    for status in "pnec":
        gate.order(gate.ticket(), status=status)
    gate.order(gate.ticket(), testmode=True)
    gate.position(gate.ticket(), canceled=True)
    assert counts(gate) == (1, 10), "with the test order"
    gate.pending()
    assert counts(gate) == (1, 11)


def test_check_ins_are_counted_once_a_ticket_and_on_this_list_alone(gate: Gate) -> None:
    elsewhere = gate.device("second key", list_id=gate.new_list())
    secret = gate.ticket()
    gate.redeem(secret)
    gate.redeem(secret, force="true")
    assert counts(gate) == (2, 9)
    assert counts(elsewhere) == (0, 9)
    elsewhere.redeem(secret)
    assert (counts(gate), counts(elsewhere)) == ((2, 9), (1, 9))


def test_figures_follow_every_kind_of_change(gate: Gate) -> None:
    secret = gate.ticket(variation_id=gate.fair.variation)
    assert counts(gate) == (1, 9)
    gate.redeem(secret)
    assert counts(gate) == (2, 9)
    gate.order(secret, status="c")
    assert counts(gate) == (1, 8)
    gate.order(secret, status="p")
    assert counts(gate) == (2, 9)
    gate.position(secret, canceled=True)
    assert counts(gate) == (1, 8)
    with gate.app.app_context():
        db.session.execute(sa.delete(Checkin))
        db.session.execute(sa.update(CheckinList).values(modified=clock.now()))
        db.session.commit()
    assert counts(gate) == (0, 8)
    gate.change(Item, Item.id == gate.fair.item, name={"en": "Renamed"})
    assert body(gate.get("status"))["items"][0]["name"] == "Renamed"


@pytest.mark.parametrize("in_flight", [60, 0])
def test_check_ins_are_followed_past_the_first_count(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, in_flight: int
) -> None:
    """What makes check-ins settled, made small: some are counted for good, the newest every time or once."""
    monkeypatch.setattr(figures, "UNSETTLED", 3)
    monkeypatch.setattr(figures, "_STEP", 3)
    monkeypatch.setattr(figures, "_IN_FLIGHT", in_flight)
    assert counts(gate) == (1, 8)
    secrets = [gate.ticket() for _ in range(20)]
    for number, secret in enumerate(secrets):
        gate.redeem(secret)
        assert counts(gate) == (number + 2, 28)
        assert counts(gate) == (number + 2, 28)


def test_a_large_list_is_counted_anew_at_a_bearable_rate(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of tickets that is large, made small: the figures lag behind the tickets, not behind the entries."""
    monkeypatch.setattr(figures, "LARGE", 3)
    monkeypatch.setattr(figures, "SHARE", 10_000)
    monkeypatch.setattr(figures, "_known", OrderedDict())
    secret = gate.ticket()
    before = counts(gate)
    gate.ticket()
    assert counts(gate) == before
    gate.redeem(secret)
    assert counts(gate) == (before[0] + 1, before[1])
    monkeypatch.setattr(time, "monotonic", lambda: 1e9)
    assert counts(gate) == (before[0] + 1, before[1] + 1)


def test_only_products_of_the_list_are_shown(gate: Gate) -> None:
    workshop = gate.item()
    gate.redeem(gate.ticket(item_id=workshop))
    listed = gate.device("third key", list_id=gate.new_list(all_products=False, items=[workshop]))
    answer = body(listed.get("status"))
    assert [(item["name"], item["total"]) for item in answer["items"]] == [("Workshop", 1)]
    assert (answer["checkins"], answer["total"]) == (0, 1)


def test_names_are_in_the_events_main_language(gate: Gate) -> None:
    gate.change(Event, Event.id == gate.fair.event, locale="de")
    assert body(gate.get("status"))["event"]["name"] == "Beispielkonferenz"


def test_unchanged_figures_cost_three_statements(gate: Gate) -> None:
    gate.get("status")
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with gate.app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        gate.get("status")
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert len(statements) <= 4, "the device, the state (twice after a fresh change), the newest check-ins"
