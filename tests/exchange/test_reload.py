"""Loading again: rows are updated, never made twice, and only what changed is written."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask

from portal.accounts import passwords
from portal.accounts.models import Session, TeamToken, User
from portal.core import clock
from portal.core.database import db, set_writing
from portal.events.models import Event, Item, Organizer
from portal.exchange.models import SourceRow
from portal.exhibitors.models import AccessCode, Exhibitor
from portal.seating.models import Seat
from portal.tickets.models import Answer, Order, OrderPosition
from portal.vouchers.models import Voucher
from tests.exchange.files import change, count, dump, example, load, rows, series, tables

pytestmark = pytest.mark.usefixtures("session")


@pytest.mark.parametrize("make", [example, series])
def test_the_same_file_changes_nothing(make: Any) -> None:
    load(make())
    before = tables()
    result = load(make())
    assert (result.created, result.changed) == (0, 0)
    assert result.unchanged > 10
    assert tables() == before


def test_a_changed_value_is_written_in_its_row_alone() -> None:
    load(example())
    stamps = {position.id: position.modified for position in rows(OrderPosition)}
    data = change(example(), "events[0].orders[0].positions[0].company", "Other Ltd")
    result = load(data)
    assert (result.created, result.changed) == (0, 1)
    db.session.expire_all()
    first, *others = rows(OrderPosition)
    assert first.company == "Other Ltd"
    assert "other ltd" in first.search_text
    assert first.modified > stamps[first.id]
    assert all(position.modified == stamps[position.id] for position in others)


def test_rows_with_an_id_keep_it_when_all_else_changes() -> None:
    load(example())
    data = example()
    event = data["events"][0]
    event["items"][0]["name"] = {"en": "Renamed"}
    event["vouchers"][0]["code"] = "RENAMED"
    event["exhibitors"][0]["vouchers"][0]["code"] = "RENAMED"
    event["orders"][0]["positions"][0]["secret"] = "new-secret"
    event["exhibitors"][0]["leads"][0]["secret"] = "new-secret"
    event["exhibitors"][0]["name"] = "Aperture Labs"
    result = load(data)
    assert result.created == 0
    db.session.expire_all()
    assert [item.name["en"] for item in rows(Item)] == ["Renamed", "T-Shirt"]
    assert [voucher.code for voucher in rows(Voucher)] == ["RENAMED", "SEATVOUCHER"]
    assert rows(OrderPosition)[0].secret == "new-secret"
    assert [exhibitor.name for exhibitor in rows(Exhibitor)] == ["Aperture Labs", "Black Mesa"]


def test_unique_values_may_change_places() -> None:
    load(example())
    data = example()
    vouchers, seats = data["events"][0]["vouchers"], data["events"][0]["seats"]
    vouchers[0]["code"], vouchers[1]["code"] = vouchers[1]["code"], vouchers[0]["code"]
    data["events"][0]["exhibitors"][0]["vouchers"][0]["code"] = "SEATVOUCHER"
    seats[0]["seat_guid"], seats[1]["seat_guid"] = seats[1]["seat_guid"], seats[0]["seat_guid"]
    positions = data["events"][0]["orders"][0]["positions"]
    positions[0]["positionid"], positions[1]["positionid"] = 2, 1
    result = load(data)
    assert result.created == 0
    db.session.expire_all()
    assert [voucher.code for voucher in rows(Voucher)] == ["SEATVOUCHER", "43K6LKM37FBVR2YG"]
    assert [seat.seat_guid for seat in rows(Seat)][:2] == ["1-2", "1-1"]
    assert [position.positionid for position in rows(OrderPosition)] == [2, 1, 1]


def test_codes_may_change_places() -> None:
    load(example())
    data = example()
    one, other = data["events"][0]["exhibitors"]
    one["access_code"], other["access_code"] = other["access_code"], one["access_code"]
    load(data)
    db.session.expire_all()
    assert [code.code for code in rows(AccessCode)] == ["RVAL23456", "WVK2B8PZ", "VKHZ2FU84"]


def test_rows_without_an_id_are_known_by_their_natural_key() -> None:
    data = example()
    event = data["events"][0]
    event |= {"questions": [], "checkin_lists": [], "devices": [], "carts": []}
    event["orders"] = [
        {
            "code": "NOID1",
            "status": "p",
            "datetime": "2026-11-01T10:00:00Z",
            "positions": [{"item": 104, "secret": "no-id", "seat": {"seat_guid": "1-1"}}],
        }
    ]
    event["exhibitors"] = [{"name": "No id", "access_code": "NOID"}]
    for voucher in event["vouchers"]:
        del voucher["id"]
    for seat in event["seats"]:
        del seat["id"]
    load(data)
    counts = (count(Seat), count(Voucher), count(OrderPosition), count(Exhibitor))
    change(data, "events[0].seats[0].blocked", True)
    change(data, "events[0].vouchers[0].max_usages", 7)
    change(data, "events[0].orders[0].positions[0].company", "Ltd")
    change(data, "events[0].exhibitors[0].booth", "C3")
    result = load(data)
    assert (result.created, result.changed) == (0, 4)
    assert (count(Seat), count(Voucher), count(OrderPosition), count(Exhibitor)) == counts


def test_slugs_and_addresses_are_known_in_any_case() -> None:
    load(example())
    data = example()
    change(data, "organizer.slug", "BigEvents")
    change(data, "events[0].slug", "SampleConf")
    change(data, "users[0].email", "Ada@Example.org")
    result = load(data)
    assert (result.created, result.changed) == (0, 3)
    assert (count(Organizer), count(Event), count(User)) == (1, 1, 1)


def test_another_source_makes_rows_of_its_own_but_shares_what_is_unique() -> None:
    load(example())
    data = change(example(), "source", "elsewhere.example.org")
    load(data)
    assert count(Item) == 4
    assert (count(Seat), count(Voucher), count(Order), count(OrderPosition)) == (4, 2, 2, 3)
    before = count(SourceRow)
    result = load(data)
    assert (result.created, result.changed, count(SourceRow)) == (0, 0, before)


def test_a_row_that_was_deleted_comes_back_once() -> None:
    load(example())
    db.session.execute(sa.delete(Voucher).where(Voucher.code == "SEATVOUCHER"))
    db.session.commit()
    assert load(example()).created == 1
    assert load(example()).created == 0
    assert count(Voucher) == 2


def test_what_the_file_no_longer_has_stays() -> None:
    load(example())
    data = example()
    data["events"][0]["orders"].pop()
    data["events"][0]["orders"][0]["positions"][0]["answers"] = []
    load(data)
    assert (count(Order), count(Answer)) == (2, 1)


def test_sets_become_what_the_file_says() -> None:
    load(example())
    stamp = rows(Exhibitor)[0].modified
    data = example()
    change(data, "events[0].exhibitors[0].exhibitor_tags", ["Start-up"])
    change(data, "events[0].questions[0].items", [105])
    change(data, "events[0].orders[0].positions[0].answers[0].options", [25])
    change(data, "teams[0].members", [])
    load(data)
    db.session.expire_all()
    aperture = rows(Exhibitor)[0]
    assert [tag.name for tag in aperture.tags] == ["Start-up"]
    assert aperture.modified > stamp


def test_a_password_that_is_right_already_is_left_alone() -> None:
    load(example())
    (before,) = rows(User)
    stored = before.password_hash
    load(example())
    db.session.expire_all()
    assert rows(User)[0].password_hash == stored


def test_a_new_password_ends_sessions() -> None:
    load(example())
    (ada,) = rows(User)
    later = clock.now() + dt.timedelta(days=1)
    db.session.add(Session(token_hash="s" * 64, user_id=ada.id, expires=later))
    db.session.commit()
    load(example())
    assert count(Session) == 1
    load(change(example(), "users[0].password", "another password"))
    db.session.expire_all()
    assert count(Session) == 0
    assert passwords.verify(rows(User)[0].password_hash, "another password")


def test_what_the_file_does_not_say_of_a_user_stays() -> None:
    load(change(example(), "users[0].is_admin", True))
    load(change(example(), "users[0]", {"email": "ada@example.org"}))
    db.session.expire_all()
    (ada,) = rows(User)
    assert (ada.is_admin, ada.name) == (True, "Ada")
    assert passwords.verify(ada.password_hash, "correct horse")


def test_a_token_that_is_not_given_keeps_its_hash() -> None:
    load(example())
    stored = rows(TeamToken)[0].token_hash
    data = example()
    del data["teams"][0]["tokens"][0]["token"]
    assert load(data).generated == []
    db.session.expire_all()
    assert rows(TeamToken)[0].token_hash == stored


def test_ids_of_other_events_are_not_mixed_up() -> None:
    load(example())
    data = example()
    event = data["events"][0]
    event["slug"] = "renamed"
    for exhibitor, code in zip(event["exhibitors"], ("NEWONE", "NEWTWO"), strict=True):
        exhibitor |= {"access_code": code, "lead_scanning_access_code": None}
    event["devices"] = []
    load(data)
    assert count(Event) == 2
    assert count(Item) == 4
    result = load(data)
    assert (result.created, result.changed) == (0, 0)


def test_a_dump_of_ones_own_changes_nothing_although_rows_were_deleted_before() -> None:
    load(example())
    load(series())
    # Tickets first: they hold on to products and seats.
    gone = sa.select(Event.id).where(Event.slug == "sampleconf").scalar_subquery()
    db.session.execute(sa.delete(Order).where(Order.event_id == gone))
    db.session.execute(sa.delete(Voucher).where(Voucher.event_id == gone))
    db.session.execute(sa.delete(Event).where(Event.slug == "sampleconf"))
    db.session.commit()
    load(example())
    before = tables()
    raw = dump()
    result = load(raw)
    assert (result.created, result.changed) == (0, 0)
    after = tables()
    assert {name: found for name, found in after.items() if name != "source_rows"} == {
        name: found for name, found in before.items() if name != "source_rows"
    }
    assert orjson.loads(dump()) == orjson.loads(raw)


def test_two_loads_at_once_are_one_after_the_other(app: Flask) -> None:
    def work() -> tuple[int, int]:
        with app.app_context():
            set_writing(True)
            result = load(example())
            return result.created, result.changed

    with ThreadPoolExecutor(2) as pool:
        results = [future.result(60) for future in [pool.submit(work), pool.submit(work)]]
    first, second = sorted(results, reverse=True)
    assert first[0] > 30
    assert second == (0, 0)
    assert (count(Organizer), count(OrderPosition), count(Exhibitor)) == (1, 3, 2)


def test_what_was_made_in_place_of_a_deleted_row_is_not_changed_by_its_source() -> None:
    load(example())
    newest = db.session.scalars(sa.select(Exhibitor).order_by(Exhibitor.id.desc()).limit(1)).one()
    event_id, name = newest.event_id, newest.name
    db.session.execute(sa.delete(Exhibitor).where(Exhibitor.id == newest.id))
    db.session.add(Exhibitor(event_id=event_id, name="Made by hand", locale="en"))
    db.session.commit()
    load(example())
    names = db.session.scalars(sa.select(Exhibitor.name).where(Exhibitor.event_id == event_id)).all()
    assert {"Made by hand", name} <= set(names)
