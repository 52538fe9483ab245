"""Dumping: what it says, and that it comes back as it was."""

import datetime as dt
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings

from portal.accounts.models import Team, User
from portal.core.database import db, set_writing
from portal.exchange.demo import build_demo
from portal.exchange.dump import UnknownOrganizer
from portal.exchange.models import SourceRow
from portal.leads.models import Lead
from portal.leads.services import refresh_search_texts
from portal.resellers.models import Reseller
from portal.tickets.models import OrderPosition
from tests.conftest import sweep
from tests.exchange.files import change, count, dump, example, load, rows, sample, series, tables, without_identity
from tests.exchange.random_bundles import bundles
from tests.fair import Fair

Json = dict[str, Any]


@pytest.mark.usefixtures("session")
class TestWhatItSays:
    """The contract's example, dumped."""

    @pytest.fixture(autouse=True)
    def _dumped(self, app: Flask, session: object) -> None:
        load(example())
        self.raw = dump()
        self.data: Json = orjson.loads(self.raw)
        self.event: Json = self.data["events"][0]

    def test_carries_the_installations_own_name_and_ids(self) -> None:
        assert self.data["source"].startswith("portal-")
        assert self.data["source"] != example()["source"]
        position = self.event["orders"][0]["positions"][0]
        assert position["id"] == rows(OrderPosition)[0].id
        assert position["seat"] == {"seat_guid": "1-2"}
        assert position["item"] == self.event["items"][0]["id"]

    def test_has_hashes_in_place_of_secrets(self) -> None:
        assert self.data["users"][0]["password_hash"].startswith("$argon2")
        assert len(self.data["teams"][0]["tokens"][0]["token_hash"]) == 64
        assert len(self.data["oauth_applications"][0]["client_secret_hash"]) == 64
        assert len(self.event["devices"][0]["key_hash"]) == 64
        for secret in (b"correct horse", b"a-token-of-the-example", b"a-client-secret", b"the-key-of-gate-1"):
            assert secret not in self.raw

    def test_has_the_values_of_the_example(self) -> None:
        given = example()["events"][0]
        for key in ("slug", "name", "live", "locale", "locales", "currency", "date_from", "date_to", "timezone", "url"):
            assert self.event[key] == given[key]
        assert self.event["seating_plan"] == given["seating_plan"]
        assert self.event["exhibitor_tags"] == given["exhibitor_tags"]
        exhibitor, other = self.event["exhibitors"]
        wanted = given["exhibitors"][0]
        assert {key: exhibitor[key] for key in wanted if key != "id"} == {
            key: wanted[key] for key in wanted if key != "id"
        }
        assert other["lead_scanning_access_code"] is None
        voucher = self.event["vouchers"][0]
        assert (voucher["value"], voucher["price_mode"], voucher["item"]) == (
            "12.00",
            "set",
            self.event["items"][0]["id"],
        )
        assert [entry["first"] for entry in self.event["orders"][0]["positions"][0]["checkins"]] == [False, True, False]

    def test_leaves_unset_values_out(self) -> None:
        assert "valid_until" not in self.event["vouchers"][0]

    def test_the_name_stays(self) -> None:
        assert orjson.loads(dump())["source"] == self.data["source"]
        assert len(rows(SourceRow, kind="installation")) == 1

    def test_an_unknown_organizer(self) -> None:
        with pytest.raises(UnknownOrganizer):
            dump("nobody")

    def test_knows_the_organizer_in_any_case(self) -> None:
        assert dump("BigEvents") == self.raw


def there_and_back(app: Flask, data: Json | None = None) -> None:
    """Dump → load changes nothing; dump → load elsewhere → dump is equal but for ids; again makes no copies."""
    if data is not None:
        load(data)
    first = dump()
    before = tables()
    result = load(first)
    assert (result.created, result.changed, result.generated) == (0, 0, [])
    assert tables() == before
    assert dump() == first
    sweep(app)
    set_writing(True)
    result = load(first)
    assert (result.changed, result.unchanged, result.generated) == (0, 0, [])
    there = dump()
    assert without_identity(there) == without_identity(first)
    again = load(first)
    assert (again.created, again.changed) == (0, 0)
    assert dump() == there


@pytest.mark.usefixtures("session")
class TestRoundTrips:
    """Whatever is dumped comes back."""

    @pytest.mark.parametrize("make", [example, series, sample])
    def test_bundles(self, app: Flask, make: Any) -> None:
        there_and_back(app, make())

    def test_the_demo(self, app: Flask) -> None:
        there_and_back(app, build_demo(dt.date(2026, 11, 23)))

    def test_a_fair_that_was_made_here(self, app: Flask, fair: Fair) -> None:
        refresh_search_texts(event_id=fair.event)
        db.session.commit()
        there_and_back(app)

    def test_other_organizers_are_left_alone(self, app: Flask, fair: Fair) -> None:
        raw = dump("foreign")
        assert b"ada@example.org" not in raw
        assert [user["email"] for user in orjson.loads(raw)["users"]] == ["eve@example.net"]
        assert (load(raw).created, load(raw).changed) == (0, 0)

    def test_the_reseller_that_created_the_organizer(self, app: Flask) -> None:
        data = change(example(), "resellers[0].created_organizer", True)
        data["teams"] = []
        load(data)
        assert count(Team) == 0
        dumped = orjson.loads(dump())
        assert dumped["resellers"][0]["created_organizer"] is True
        assert [user["email"] for user in dumped["users"]] == ["ada@example.org"]
        there_and_back(app)
        assert (count(Reseller), count(User)) == (1, 1)

    def test_leads_of_an_exhibitor_that_was_scanned_by_device_before(self, app: Flask) -> None:
        data = change(example(), "events[0].exhibitors[0].lead_scanning_scope_by_device", True)
        load(data)
        assert rows(Lead)[0].scope == "d8c2ec53-d602-4a08-882d-db4cf54344a2"
        change(data, "events[0].exhibitors[0].leads", [])
        change(data, "events[0].exhibitors[0].lead_scanning_scope_by_device", False)
        load(data)
        assert orjson.loads(dump())["events"][0]["exhibitors"][0]["leads"][0]["scope"] == rows(Lead)[0].scope
        there_and_back(app)

    def test_seats_keep_their_order(self, app: Flask) -> None:
        data = example()
        del data["events"][0]["seating_plan"]
        data["events"][0]["seats"].reverse()
        load(data)
        first = [seat["seat_guid"] for seat in orjson.loads(dump())["events"][0]["seats"]]
        there_and_back(app)
        assert [seat["seat_guid"] for seat in orjson.loads(dump())["events"][0]["seats"]] == first


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking loads each candidate into a database: hours
    suppress_health_check=list(HealthCheck),
)
@given(data=bundles())
def test_any_bundle_comes_back(migrated_app: Flask, data: Json) -> None:
    with migrated_app.app_context():
        set_writing(True)
        try:
            there_and_back(migrated_app, data)
        finally:
            sweep(migrated_app)
