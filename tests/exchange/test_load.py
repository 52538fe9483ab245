"""Loading: the contract's example row by row, and every rule of the bundle contract."""

import datetime as dt
from decimal import Decimal

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask

from portal.accounts import passwords
from portal.accounts.models import OAuthApplication, Team, TeamToken, User, team_events, team_members
from portal.checkin.models import CheckinList, Device
from portal.core.codes import hash_token
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Event, Item, ItemVariation, Organizer, Question, QuestionOption, SubEvent
from portal.exchange.models import SourceRow
from portal.exhibitors.models import AccessCode, Exhibitor, ExhibitorVoucher
from portal.leads.models import Lead
from portal.resellers.models import Reseller
from portal.seating.models import Seat, SeatingPlan
from portal.tickets.models import Answer, CartPosition, Checkin, Order, OrderPosition, answer_options
from portal.vouchers.models import Voucher
from tests.exchange.files import SECRET, change, count, example, guid_of, load, rows, sample, series

pytestmark = pytest.mark.usefixtures("session")


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]


class TestExample:
    """The contract's example, loaded into an empty installation."""

    @pytest.fixture(autouse=True)
    def _loaded(self, app: Flask, session: object) -> None:
        self.result = load(example())

    def test_says_what_it_did(self) -> None:
        assert self.result.organizer == "bigevents"
        assert self.result.created > 30
        assert (self.result.changed, self.result.unchanged) == (0, 0)
        assert self.result.warnings == []
        assert self.result.generated == []

    def test_people(self) -> None:
        (ada,) = rows(User)
        assert (ada.email, ada.name, ada.is_admin) == ("ada@example.org", "Ada", False)
        assert passwords.verify(ada.password_hash, "correct horse")
        (team,) = rows(Team)
        assert (team.name, team.all_events, team.can_change_event_settings) == ("Crew", True, True)
        assert not team.can_view_orders
        assert [user.email for user in team.members] == ["ada@example.org"]
        (token,) = rows(TeamToken)
        assert (token.name, token.token_hash) == ("sync", hash_token("a-token-of-the-example"))
        (reseller,) = rows(Reseller)
        assert (reseller.public_name, reseller.communication_language) == ("Tickets", "de")
        assert [user.email for user in reseller.members] == ["ada@example.org"]
        (application,) = rows(OAuthApplication)
        assert application.client_secret_hash == hash_token("a-client-secret")
        assert application.redirect_uris == ["https://app.example.org/callback"]

    def test_event(self) -> None:
        (organizer,) = rows(Organizer)
        (event,) = rows(Event)
        assert (organizer.slug, organizer.name) == ("bigevents", "Big Events")
        assert (event.slug, event.organizer_id, event.locales) == ("sampleconf", organizer.id, ["en", "de"])
        assert event.date_from == utc(2026, 12, 27, 10)
        assert event.settings == {
            "privacy_url": "https://example.org/privacy",
            "lead_fields": ["attendee_name", "attendee_email", "company"],
            "lead_notes": True,
            "lead_tags": ["foo", "bar"],
        }

    def test_catalog(self) -> None:
        ticket, shirt = rows(Item)
        assert (ticket.name, ticket.default_price, ticket.admission) == ({"en": "Standard ticket"}, Decimal(60), True)
        assert (shirt.admission, shirt.position) == (False, 1)
        (variation,) = rows(ItemVariation)
        assert (variation.item_id, variation.value) == (ticket.id, {"en": "Early bird"})
        (question,) = rows(Question)
        assert (question.type, question.identifier, question.ask_during_checkin) == ("C", "SIZE", True)
        assert question.items == [ticket]
        assert [option.identifier for option in question.options] == ["M", "L"]

    def test_seats_stand_where_they_say_or_where_the_plan_says(self) -> None:
        (plan,) = rows(SeatingPlan)
        assert plan.layout["zones"][0]["name"] == "Ground floor"
        places = {seat.seat_guid: (seat.x, seat.y, seat.blocked) for seat in rows(Seat)}
        assert places == {
            "1-1": (11.0, 22.0, False),
            "1-2": (31.0, 22.0, False),
            "1-3": (12.5, 7.0, False),
            "1-4": (None, None, True),
        }

    def test_orders(self) -> None:
        paid, pending = rows(Order)
        assert (paid.status, paid.invoice_name, paid.invoice_company) == ("p", "Peter Miller", "Miller Ltd")
        assert pending.datetime == utc(2026, 11, 2, 9)
        ticket, shirt, waiting = rows(OrderPosition)
        assert (ticket.positionid, shirt.positionid, waiting.positionid) == (1, 2, 1)
        assert ticket.attendee_name == "Peter Müller"
        assert ticket.search_text.startswith("peter muller\npeter@example.org\nmiller ltd")
        assert (ticket.price, ticket.secret, ticket.pseudonymization_id) == (Decimal(60), SECRET, "ZSNYSG3URZ")
        assert guid_of(ticket.seat_id) == "1-2"
        assert shirt.addon_to_id == ticket.id
        assert ticket.voucher_id == rows(Voucher)[0].id
        assert waiting.order_id == pending.id

    def test_answers_and_checkins(self) -> None:
        (answer,) = rows(Answer)
        (option,) = rows(QuestionOption, identifier="M")
        assert answer.answer == "M"
        assert db.session.execute(sa.select(answer_options)).all() == [(answer.id, option.id)]
        assert [(entry.datetime.hour, entry.type, entry.first) for entry in rows(Checkin)] == [
            (12, "entry", False),
            (9, "entry", True),
            (11, "exit", False),
        ]

    def test_cart_and_vouchers(self) -> None:
        (cart,) = rows(CartPosition)
        (question,) = rows(Question)
        option = rows(QuestionOption)[1]
        assert cart.answers == [
            {
                "question": question.id,
                "answer": "L",
                "question_identifier": "SIZE",
                "options": [option.id],
                "option_identifiers": ["L"],
            }
        ]
        assert guid_of(cart.seat_id) == "1-4"
        voucher, held = rows(Voucher)
        assert (voucher.value, voucher.price_mode, voucher.item_id) == (Decimal(12), "set", rows(Item)[0].id)
        assert guid_of(held.seat_id) == "1-3"

    def test_doors(self) -> None:
        (checkin_list,) = rows(CheckinList)
        assert [item.name["en"] for item in checkin_list.limit_products] == ["Standard ticket"]
        (device,) = rows(Device)
        assert (device.key_hash, device.list_id) == (hash_token("the-key-of-gate-1"), checkin_list.id)
        assert [item.name["en"] for item in device.items] == ["Standard ticket"]

    def test_exhibitors(self) -> None:
        aperture, rival = rows(Exhibitor)
        assert (aperture.contact_name, aperture.locale, rival.locale) == ("Dr Cave", "de", "en")
        assert "aperture science" in aperture.search_text
        assert [tag.name for tag in aperture.tags] == ["Gold Sponsor"]
        assert [(code.exhibitor_id, code.kind, code.code) for code in rows(AccessCode)] == [
            (aperture.id, "full", "VKHZ2FU84"),
            (aperture.id, "scanning", "WVK2B8PZ"),
            (rival.id, "full", "RVAL23456"),
        ]
        (attached,) = rows(ExhibitorVoucher)
        assert (attached.exhibitor_id, attached.exhibitor_comment) == (aperture.id, "Free ticket")
        (lead,) = rows(Lead)
        assert (lead.rating, lead.tags, lead.scope) == (4, ["foo"], "")
        assert (lead.scanned, lead.first_upload) == (utc(2026, 12, 27, 13), utc(2026, 12, 27, 13, 0, 5))
        assert "peter muller" in lead.search_text

    def test_is_in_the_audit_log_once(self) -> None:
        load(example())
        (entry,) = rows(AuditEntry)
        assert entry.action == "bundle.loaded"
        assert entry.data["source"] == "pretix.example.org"

    def test_remembers_where_rows_came_from(self) -> None:
        (ticket, _) = rows(Item)
        (known,) = rows(SourceRow, kind="item", source_id="104")
        assert (known.source, known.row_id) == ("pretix.example.org", ticket.id)


def test_a_source_that_is_missing_is_the_organizers_slug() -> None:
    data = example()
    del data["source"]
    load(data)
    assert {row.source for row in rows(SourceRow)} == {"bigevents"}


def test_missing_codes_keys_and_tokens_are_made_and_told_once() -> None:
    data = example()
    event = data["events"][0]
    del event["exhibitors"][0]["access_code"]
    del event["exhibitors"][0]["lead_scanning_access_code"]
    event["exhibitors"][1]["access_code"] = None
    del event["devices"][0]["key"]
    del data["teams"][0]["tokens"][0]["token"]
    del data["oauth_applications"][0]["client_secret"]
    generated = {entry.what: entry.value for entry in load(data).generated}
    codes = {(code.exhibitor.name, code.kind): code.code for code in rows(AccessCode)}
    assert generated["access code of “Aperture Science”"] == codes["Aperture Science", "full"]
    assert generated["lead scanning access code of “Aperture Science”"] == codes["Aperture Science", "scanning"]
    assert generated["access code of “Black Mesa”"] == codes["Black Mesa", "full"]
    assert [len(code) for code in codes.values()] == [9, 8, 9]
    assert hash_token(generated["key of device “Gate 1”"]) == rows(Device)[0].key_hash
    assert hash_token(generated["token “sync” of team “Crew”"]) == rows(TeamToken)[0].token_hash
    assert hash_token(generated["client secret of application “Sync”"]) == rows(OAuthApplication)[0].client_secret_hash
    assert len(generated) == 6
    again = load(data)
    assert (again.generated, again.created, again.changed) == ([], 0, 0)


def test_hashes_are_loaded_as_they_are() -> None:
    data = example()
    hashed = passwords.hash_password("another password")
    change(data, "users[0]", {"email": "ada@example.org", "password_hash": hashed})
    change(data, "teams[0].tokens[0]", {"name": "sync", "token_hash": hash_token("t")})
    change(data, "oauth_applications[0].client_secret_hash", hash_token("c"))
    del data["oauth_applications"][0]["client_secret"]
    change(data, "events[0].devices[0].key_hash", hash_token("k"))
    del data["events"][0]["devices"][0]["key"]
    load(data)
    assert rows(User)[0].password_hash == hashed
    assert rows(TeamToken)[0].token_hash == hash_token("t")
    assert rows(OAuthApplication)[0].client_secret_hash == hash_token("c")
    assert rows(Device)[0].key_hash == hash_token("k")


def test_unknown_keys_are_ignored_with_a_warning_each() -> None:
    data = example()
    data["generator"] = "by hand"
    for seat in data["events"][0]["seats"]:
        seat["colour"] = "red"
    data["events"][0]["settings"]["font"] = "serif"
    data["events"][0]["orders"][0]["positions"][0]["hat"] = {}
    assert sorted(load(data).warnings) == [
        "events[0].orders[0].positions[0].hat: unknown key, ignored",
        "events[0].seats[0].colour: unknown key, ignored (and 3 more like it)",
        "events[0].settings.font: unknown key, ignored",
        "generator: unknown key, ignored",
    ]


def test_missing_and_null_keys_take_their_defaults() -> None:
    load(
        {
            "format": "portal-bundle",
            "version": 1,
            "organizer": {"slug": "o", "name": "O"},
            "users": None,
            "events": [
                {
                    "slug": "e",
                    "name": {"en": "E"},
                    "date_from": "2026-01-01T00:00:00Z",
                    "live": None,
                    "items": [{"name": {"en": "Ticket"}}],
                    "vouchers": [{"code": "V", "comment": None}],
                    "exhibitors": [{"name": "X", "access_code": "XX", "lead_scanning_access_code": "YY"}],
                }
            ],
        }
    )
    (event,) = rows(Event)
    assert (event.live, event.locale, event.locales, event.currency) == (False, "en", ["en"], "EUR")
    assert (event.timezone, event.has_subevents, event.settings, event.date_to) == ("UTC", False, {}, None)
    (voucher,) = rows(Voucher)
    assert (voucher.max_usages, voucher.price_mode, voucher.comment, voucher.tag) == (1, "none", "", "")
    (exhibitor,) = rows(Exhibitor)
    assert (exhibitor.allow_lead_scanning, exhibitor.locale, exhibitor.comment) == (False, "en", "")


def test_holders_of_a_seat_are_never_read() -> None:
    data = example()
    for seat in data["events"][0]["seats"]:
        seat |= {"orderposition": 999999, "cartposition": "nonsense", "voucher": -1}
    assert load(data).warnings == []


def test_two_holders_of_a_seat_are_loaded_with_a_warning() -> None:
    data = change(example(), "events[0].orders[1].positions[0].seat", {"seat_guid": "1-2"})
    assert load(data).warnings == [
        "events[0].orders[1].positions[0].seat: the seat is also held by events[0].orders[0].positions[0]"
    ]


def test_a_cancelled_ticket_leaves_its_seat_to_another() -> None:
    data = change(example(), "events[0].orders[1].positions[0].seat", {"seat_guid": "1-2"})
    data["events"][0]["orders"][0]["positions"][0]["canceled"] = True
    assert load(data).warnings == []


class TestSeatsFromThePlan:
    """Without seats, they are made from the plan."""

    def test_of_an_event(self) -> None:
        data = example()
        event = data["events"][0]
        event |= {"seats": None, "carts": [], "seat_category_mapping": {"Stalls": 104, "Balcony": None}}
        event["vouchers"][1]["seat"] = "B-1"
        load(data)
        seats = rows(Seat)
        assert [(seat.zone_name, seat.row_label, seat.seat_number, seat.x, seat.y) for seat in seats] == [
            ("Ground floor", "Row 1", "1", 11.0, 22.0),
            ("Ground floor", "Row 1", "2", 31.0, 22.0),
            ("Balcony", None, "1", 13.0, 204.0),
        ]
        ticket = rows(Item)[0].id
        assert [seat.product_id for seat in seats] == [ticket, ticket, None]
        assert [seat.sorting_rank for seat in seats] == [0, 1, 2]

    def test_loading_again_leaves_blocked_seats_blocked(self) -> None:
        data = example()
        del data["events"][0]["seats"]
        data["events"][0]["carts"] = []
        data["events"][0]["vouchers"][1]["seat"] = "B-1"
        load(data)
        seat = rows(Seat)[0]
        seat.blocked = True
        db.session.commit()
        result = load(data)
        assert (result.created, result.changed) == (0, 0)
        db.session.expire_all()
        assert rows(Seat)[0].blocked

    def test_of_a_series(self) -> None:
        load(series())
        first, second = rows(SubEvent)
        item = rows(Item)[0].id
        assert [(seat.subevent_id, seat.seat_guid, seat.product_id) for seat in rows(Seat)] == [
            (first.id, "1-1", item),
            (first.id, "1-2", item),
            (first.id, "B-1", None),
            (second.id, "B-1", item),
        ]
        held = {position.secret: position.seat_id for position in rows(OrderPosition)}
        assert held == {"one": rows(Seat)[2].id, "two": rows(Seat)[3].id}
        assert [plan.subevent_id for plan in rows(SeatingPlan)] == [None, second.id]


def test_what_a_real_pretix_answers_loads_without_a_word() -> None:
    result = load(sample())
    assert result.warnings == []
    assert [event.slug for event in rows(Event)] == ["sampleconf", "seriesconf"]
    assert (count(Seat), count(Order), count(OrderPosition), count(Voucher)) == (239, 45, 45, 20)
    assert len([position for position in rows(OrderPosition) if position.seat_id]) == 15
    assert len([voucher for voucher in rows(Voucher) if voucher.seat_id]) == 6
    assert len([seat for seat in rows(Seat) if seat.blocked]) == 5
    assert all(seat.x is not None for seat in rows(Seat) if seat.subevent_id is None)
    again = load(sample())
    assert (again.created, again.changed) == (0, 0)


def test_events_are_named_in_teams_by_their_slug() -> None:
    data = example()
    change(data, "teams[0].all_events", False)
    change(data, "teams[0].limit_events", ["SampleConf"])
    load(data)
    assert db.session.scalars(sa.select(team_events.c.event_id)).all() == [rows(Event)[0].id]
    assert len(db.session.execute(sa.select(team_members)).all()) == 1


def test_orders_may_stand_before_what_they_refer_to() -> None:
    data = example()
    event = data["events"][0]
    data["events"] = [{"orders": event.pop("orders"), **event}]
    load(orjson.dumps(data, option=orjson.OPT_INDENT_2))
    assert count(OrderPosition) == 3
