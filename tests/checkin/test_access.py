"""Who may scan: keys of another event, revoked ones, other organizers, subevents; and what is noted about devices."""

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.checkin.models import CheckinList, Device
from portal.core.codes import hash_token
from portal.core.database import db
from portal.events.models import Event, SubEvent
from portal.tickets.models import OrderPosition
from tests.checkin.conftest import Gate, body
from tests.fair import DAY, add

DOORS = [("redeem", 3), ("redeem", 2), ("search", 3), ("search", 2), ("status", 3), ("status", 2), ("download", 3)]


def asked(gate: Gate, door: str, version: int, subevent: int | None = None) -> tuple[int, list[str]]:
    """The status of a door and the keys of its answer."""
    if door == "redeem":
        answer = gate.post("nobody", version=version, subevent=subevent)
    else:
        answer = gate.get(door, version=version, subevent=subevent, query="nobody")
    assert answer.content_type == "application/json"
    return answer.status_code, sorted(body(answer))


@pytest.fixture
def other_key(gate: Gate) -> str:
    """The key of a device of another event of the same organizer."""
    with gate.app.app_context():
        listed = add(CheckinList(event_id=gate.fair.other_event, name="There"))
        add(Device(event_id=gate.fair.other_event, list_id=listed.id, name="There", key_hash=hash_token("other")))
        db.session.commit()
    return "other"


@pytest.mark.parametrize(("door", "version"), DOORS)
def test_strangers_get_403_or_404_and_json(gate: Gate, other_key: str, door: str, version: int) -> None:
    assert asked(gate, door, version)[0] == 200
    forbidden, missing = (403, ["detail"]), (404, ["detail"])
    for key in ("wrong", "", other_key, hash_token(gate.key), gate.key.upper(), gate.key + " ", "%", "\0"):
        assert asked(replace(gate, key=key), door, version) == forbidden
    gate.device("old key", active=False)
    assert asked(replace(gate, key="old key"), door, version) == forbidden
    assert asked(replace(gate, event="foreign/sampleconf"), door, version) == forbidden
    assert asked(replace(gate, event="bigevents/otherconf"), door, version) == forbidden
    for event in ("nobody/sampleconf", "bigevents/nothing", "foreign/otherconf", "%/%"):
        assert asked(replace(gate, event=event), door, version) == missing
    assert asked(gate, door, version, subevent=1) == forbidden, "no series"


def test_a_key_in_the_body_or_a_header_is_no_key(gate: Gate) -> None:
    answer = gate.client.post(
        gate.path("redeem"), data={"secret": "x", "key": gate.key}, headers={"Authorization": f"Token {gate.key}"}
    )
    assert answer.status_code == 403


def test_slugs_are_known_in_any_case(gate: Gate) -> None:
    assert asked(replace(gate, event="BigEvents/SampleConf"), "status", 3)[0] == 200


def test_paths_that_do_not_exist_are_json(gate: Gate) -> None:
    for path in ("/eventyaydroid/api/", "/pretixdroid/api/a/b/c/", gate.path("nothing"), gate.path("redeem", 3, -1)):
        answer = gate.client.get(path)
        assert (answer.status_code, list(body(answer))) == (404, ["detail"])
    big = gate.client.get(f"/eventyaydroid/api/bigevents/sampleconf/{10**30}/status/?key={gate.key}")
    assert (big.status_code, list(body(big))) == (404, ["detail"])


def test_version_2_has_no_download(gate: Gate) -> None:
    assert gate.get("download", version=2).status_code == 404
    assert gate.device("second key", api_version=3).get("download", version=2).status_code == 200
    assert gate.device("third key", api_version=2).get("download", version=2).status_code == 404


# ------------------------------------------------------------------------------------------------------- subevents


@pytest.fixture
def days(gate: Gate) -> tuple[int, int]:
    """The event is a series of two days; a ticket with the secret ``day1`` is for the first."""
    gate.change(Event, Event.id == gate.fair.event, has_subevents=True)
    with gate.app.app_context():
        ids = [
            add(SubEvent(event_id=gate.fair.event, name={"en": f"Day {number}"}, date_from=DAY)).id for number in (1, 2)
        ]
        db.session.commit()
    gate.position(gate.ticket(subevent_id=ids[0]), secret="day1")
    return ids[0], ids[1]


def test_a_list_without_a_subevent_takes_the_paths(gate: Gate, days: tuple[int, int]) -> None:
    first, second = days
    for door, version in DOORS:
        assert asked(gate, door, version)[0] == 403, "no subevent"
        assert asked(gate, door, version, first)[0] == 200
        assert asked(gate, door, version, second + 999)[0] == 404
    assert gate.redeem("day1", subevent=second)["reason"] == "unknown_ticket"
    assert gate.redeem("day1", subevent=first)["status"] == "ok"
    assert gate.redeem("day1", subevent=first, version=2)["reason"] == "already_redeemed"
    assert body(gate.get("status", subevent=first))["event"]["name"] == "Day 1"
    assert (body(gate.get("status", subevent=first))["total"], body(gate.get("status", subevent=second))["total"]) == (
        1,
        0,
    )
    assert [gate.search("grace", subevent=day) != [] for day in days] == [True, False]
    assert [len(body(gate.get("download", subevent=day))["results"]) for day in days] == [1, 0]


def test_a_list_of_a_subevent_takes_no_other(gate: Gate, days: tuple[int, int]) -> None:
    first, second = days
    gate.change(CheckinList, CheckinList.id == gate.fair.checkin_list, subevent_id=first)
    for door, version in DOORS:
        assert asked(gate, door, version)[0] == 200
        assert asked(gate, door, version, first)[0] == 200
        assert asked(gate, door, version, second)[0] == 403
        assert asked(gate, door, version, second + 999)[0] == 403
    assert gate.redeem("day1")["status"] == "ok"


def test_a_subevent_of_another_event_does_not_exist(gate: Gate, days: tuple[int, int]) -> None:
    gate.change(SubEvent, SubEvent.id == days[1], event_id=gate.fair.other_event)
    assert asked(gate, "status", 3, days[1])[0] == 404


def test_tickets_of_another_day_are_not_taken_with_force(gate: Gate, days: tuple[int, int]) -> None:
    gate.change(OrderPosition, OrderPosition.secret == "day1", subevent_id=days[1])
    assert gate.redeem("day1", subevent=days[0], force="true")["reason"] == "unknown_ticket"


# ------------------------------------------------------------------------------------------------- what is noted


def seen(app: Flask) -> tuple[dt.datetime | None, str | None]:
    """When the fair's device was last seen, and its program."""
    with app.app_context():
        device = db.session.scalars(sa.select(Device).where(Device.name == "Gate 1")).one()
        return device.last_seen, device.app


def test_last_use_and_program_are_noted_without_a_write_for_each_request(gate: Gate) -> None:
    secret = gate.ticket()
    gate.client.get(f"{gate.path('status')}?key={gate.key}", headers={"User-Agent": "pretixdroid/1.11"})
    first, app = seen(gate.app)
    assert first is not None
    assert app == "pretixdroid/1.11"
    for _ in range(3):
        gate.client.post(
            f"{gate.path('redeem')}?key={gate.key}", data={"secret": secret}, headers={"User-Agent": "pretixdroid/1.11"}
        )
    assert seen(gate.app) == (first, app)
    other = {"User-Agent": "pretixdroid/1.12" + "x" * 500}
    gate.client.get(f"{gate.path('status')}?key={gate.key}", headers=other)
    assert seen(gate.app) == (first, app), "two programs that take turns are not written down each time"
    gate.change(Device, Device.name == "Gate 1", last_seen=first - dt.timedelta(seconds=6))
    gate.client.get(f"{gate.path('status')}?key={gate.key}", headers=other)
    again, app = seen(gate.app)
    assert again is not None
    assert again > first
    assert app is not None
    assert (len(app), app[:16]) == (255, "pretixdroid/1.12")
    gate.change(Device, Device.name == "Gate 1", last_seen=first - dt.timedelta(minutes=5))
    gate.redeem(secret)
    later, _ = seen(gate.app)
    assert later is not None
    assert later > first


def test_a_wrong_key_notes_nothing(gate: Gate) -> None:
    replace(gate, key="wrong").get("status")
    assert seen(gate.app) == (None, None)
