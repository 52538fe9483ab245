"""The App API: the stranger first, then every field, status and rule (exhibitors contract, App API)."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db, is_writing
from portal.events.models import Event
from portal.exhibitors.models import Exhibitor
from portal.leads.models import Lead, LeadVersion
from portal.tickets.models import Order, OrderPosition
from tests.fair import DAY, Fair

API = "/exhibitors/api/v1"
NOT_A_SCAN = {"notes": "", "rating": None, "tags": None}


def auth(code: str) -> dict[str, str]:
    return {"Authorization": f"Exhibitor {code}"}


def secret(app: Flask, position: int) -> str:
    with app.app_context():
        return db.session.get_one(OrderPosition, position).secret


def post(client: FlaskClient, access_code: str, **body: Any) -> Any:
    return client.post(f"{API}/leads/", json=NOT_A_SCAN | body, headers=auth(access_code))


def get(client: FlaskClient, path: str, code: str) -> Any:
    return client.get(f"{API}/{path}", headers=auth(code))


def change(app: Flask, model: type[Any], row: int, **values: Any) -> None:
    with app.app_context():
        db.session.execute(sa.update(model).where(model.id == row).values(**values))
        db.session.commit()


def test_a_repeat_waits_for_nobody(app: Flask, client: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        engine = db.engine
    begun: list[str] = []

    def note(connection: sa.Connection) -> None:
        if connection.get_isolation_level() != "AUTOCOMMIT" and is_writing():
            begun.append("begun")

    sa.event.listen(engine, "begin", note)
    try:
        position = secret(app, fair.positions[0])
        statuses, counts = [], []
        for notes in ("", "", "Wants a call", "Wants a call"):
            begun.clear()
            statuses.append(post(client, fair.full_code, code=position, device_uuid="D1", notes=notes).status_code)
            counts.append(len(begun) > 0)
    finally:
        sa.event.remove(engine, "begin", note)
    assert statuses[1:] == [200, 200, 200]
    assert counts[1:] == [False, True, False]


class TestStranger:
    @pytest.mark.parametrize("path", ["profile", "leads/", "vouchers/", "vouchers/1/"])
    @pytest.mark.parametrize("header", [None, "Exhibitor", "Exhibitor NOSUCHCODE", "Token VKHZ2FU84", "VKHZ2FU84"])
    def test_no_code_no_answer(self, client: FlaskClient, fair: Fair, path: str, header: str | None) -> None:
        answer: Any = client.get(f"{API}/{path}", headers={"Authorization": header} if header else {})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Exhibitor"
        assert set(answer.json) == {"detail"}

    def test_the_scanning_code_reads_nothing_in_bulk(self, client: FlaskClient, fair: Fair) -> None:
        for path in ("leads/", "vouchers/", f"vouchers/{fair.vouchers[0]}/"):
            answer = get(client, f"{path}", fair.scanning_code)
            assert (answer.status_code, answer.json) == (403, {"detail": "Not permitted to access bulk data."})
        assert get(client, "profile", fair.scanning_code).status_code == 200

    @pytest.mark.parametrize(
        ("flag", "path"),
        [("allow_lead_access", "leads/"), ("allow_voucher_access", "vouchers/")],
    )
    def test_flags_hold_at_once(self, app: Flask, client: FlaskClient, fair: Fair, flag: str, path: str) -> None:
        assert get(client, f"{path}", fair.full_code).status_code == 200
        change(app, Exhibitor, fair.exhibitor, **{flag: False})
        assert get(client, f"{path}", fair.full_code).status_code == 403

    def test_without_scanning_nothing_is_recorded(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        change(app, Exhibitor, fair.exhibitor, allow_lead_scanning=False)
        answer = post(client, fair.full_code, code=secret(app, fair.positions[6]))
        assert answer.status_code == 403
        assert "detail" in answer.json
        with app.app_context():
            assert db.session.scalar(sa.select(sa.func.count()).select_from(Lead)) == len(fair.leads)

    def test_another_exhibitors_things_stay_theirs(self, client: FlaskClient, fair: Fair) -> None:
        theirs = get(client, "leads/", fair.rival_code).json
        assert theirs["count"] == 1
        answer = get(client, f"vouchers/{fair.vouchers[0]}/", fair.rival_code)
        assert answer.status_code == 404
        nobodys = get(client, f"vouchers/{fair.vouchers[3]}/", fair.full_code)
        assert nobodys.status_code == 404

    def test_a_ticket_of_another_event_is_unknown(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        answer = post(client, fair.foreign_code, code=secret(app, fair.positions[0]))
        assert answer.status_code == 400
        assert list(answer.json) == ["code"]

    def test_a_deleted_exhibitor_is_gone(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        with app.app_context():
            db.session.execute(sa.delete(Exhibitor).where(Exhibitor.id == fair.exhibitor))
            db.session.commit()
        assert get(client, "profile", fair.full_code).status_code == 401


def test_profile(client: FlaskClient, fair: Fair) -> None:
    answer = get(client, "profile", fair.full_code)
    assert answer.json == {
        "name": "Aperture Science",
        "booth": "A2",
        "event": {
            "name": {"en": "Sample conference", "de": "Beispielkonferenz"},
            "end_date": "2026-11-21T09:00:00Z",
            "slug": "sampleconf",
            "imprint_url": None,
            "privacy_url": None,
            "help_url": None,
            "terms_url": None,
            "logo_url": None,
            "organizer": "bigevents",
        },
        "notes": True,
        "tags": ["foo", "bar"],
        "scan_types": [{"key": "lead", "label": "Lead Scanning"}],
    }


@pytest.mark.parametrize("path", ["profile", "leads", "vouchers"])
def test_both_forms_of_a_path_answer(client: FlaskClient, fair: Fair, path: str) -> None:
    """Contract decision 12."""
    for form in (path, path + "/"):
        assert get(client, f"{form}", fair.full_code).status_code == 200
        refused = client.delete(f"{API}/{form}", headers=auth(fair.full_code))
        assert refused.status_code == 405
        assert "GET" in refused.headers["Allow"]


class TestScan:
    def test_the_first_scan_makes_a_lead(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        body = {
            "code": secret(app, fair.positions[6]),
            "notes": "Great customer, wants our newsletter",
            "scanned": "2026-11-20T12:24:23.000+00:00",
            "scan_type": "lead",
            "tags": ["foo"],
            "rating": 4,
            "device_name": "DEV1",
            "device_uuid": "d8c2ec53-d602-4a08-882d-db4cf54344a2",
        }
        before = dt.datetime.now(dt.UTC)
        answer = client.post(f"{API}/leads/", json=body, headers=auth(fair.scanning_code))
        assert answer.status_code == 201
        assert answer.json == {
            "attendee": {
                "fields": [
                    {
                        "id": "attendee_name",
                        "label": "Name",
                        "value": "Ana García",
                        "details": [
                            {"label": "Vorname", "value": "Ana"},
                            {"label": "Nachname", "value": "García"},
                        ],
                    },
                    {"id": "attendee_email", "label": "E-Mail", "value": "ana@example.org", "details": []},
                    {"id": "company", "label": "Firma", "value": "García Ltd", "details": []},
                ]
            },
            "rating": 4,
            "tags": ["foo"],
            "notes": "Great customer, wants our newsletter",
            "device_name": "DEV1",
            "device_uuid": "d8c2ec53-d602-4a08-882d-db4cf54344a2",
        }
        with app.app_context():
            lead = db.session.scalars(sa.select(Lead).where(Lead.position_id == fair.positions[6])).one()
            assert lead.scanned == dt.datetime(2026, 11, 20, 12, 24, 23, tzinfo=dt.UTC)
            assert before <= lead.first_upload <= dt.datetime.now(dt.UTC)

    def test_again_it_is_a_200_and_null_keeps(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        code = secret(app, fair.positions[0])
        answer = post(client, fair.full_code, code=code)
        assert answer.status_code == 200
        assert (answer.json["notes"], answer.json["rating"], answer.json["tags"]) == (
            "Wants our newsletter",
            4,
            ["foo"],
        )

    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            ({"notes": "New"}, ("New", 4, ["foo"])),
            ({"rating": 0}, ("Wants our newsletter", 0, ["foo"])),
            ({"tags": []}, ("Wants our newsletter", 4, [])),
            ({"tags": ["bar", "bar", "new"]}, ("Wants our newsletter", 4, ["bar", "new"])),
            ({"notes": None}, ("Wants our newsletter", 4, ["foo"])),
        ],
    )
    def test_anything_else_overrides(
        self, app: Flask, client: FlaskClient, fair: Fair, sent: dict[str, Any], expected: tuple[Any, ...]
    ) -> None:
        answer = post(client, fair.full_code, code=secret(app, fair.positions[0]), **sent)
        assert (answer.json["notes"], answer.json["rating"], answer.json["tags"]) == expected

    def test_every_version_stays(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        code = secret(app, fair.positions[6])
        post(client, fair.full_code, code=code, notes="One", device_name="A", device_uuid="a")
        post(client, fair.full_code, code=code, notes="Two", device_name="B", device_uuid="b")
        post(client, fair.full_code, code=code)
        with app.app_context():
            rows = db.session.execute(
                sa.select(LeadVersion.notes, LeadVersion.device_name)
                .join(Lead, Lead.id == LeadVersion.lead_id)
                .where(Lead.position_id == fair.positions[6])
                .order_by(LeadVersion.id)
            ).all()
        assert [tuple(row) for row in rows] == [("One", "A"), ("Two", "B")]

    def test_the_earliest_scan_counts_and_none_is_in_the_future(
        self, app: Flask, client: FlaskClient, fair: Fair
    ) -> None:
        code = secret(app, fair.positions[0])
        post(client, fair.full_code, code=code, scanned="2026-11-19T08:00:00Z")
        post(client, fair.full_code, code=code, scanned="2099-01-01T00:00:00Z")
        with app.app_context():
            assert db.session.get_one(Lead, fair.leads[0]).scanned == dt.datetime(2026, 11, 19, 8, tzinfo=dt.UTC)
        post(client, fair.full_code, code=secret(app, fair.positions[7]), scanned="2099-01-01T00:00:00Z")
        with app.app_context():
            lead = db.session.scalars(sa.select(Lead).where(Lead.position_id == fair.positions[7])).one()
            assert lead.scanned <= dt.datetime.now(dt.UTC)

    def test_a_time_without_a_zone_is_the_events(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        post(client, fair.full_code, code=secret(app, fair.positions[0]), scanned="2026-11-19T08:00")
        with app.app_context():
            assert db.session.get_one(Lead, fair.leads[0]).scanned == dt.datetime(2026, 11, 19, 7, tzinfo=dt.UTC)

    @pytest.mark.parametrize("form", ["secret", "badge", "json"])
    def test_barcodes(self, app: Flask, client: FlaskClient, fair: Fair, form: str) -> None:
        codes = {
            "secret": secret(app, fair.positions[6]),
            "badge": "PSEUDO0006",
            "json": '{"lead": "PSEUDO0006", "x": 1}',
        }
        assert post(client, fair.full_code, code=codes[form]).status_code == 201

    @pytest.mark.parametrize(
        "code",
        ["PSEUDO000", "pseudo0006", "PSEUDO0006 ", '{"lead": 6}', '{"lead": "secret"}', "{", '{"lead": "x\\u0000"}'],
    )
    def test_never_the_nearest_one(self, client: FlaskClient, fair: Fair, code: str) -> None:
        answer = post(client, fair.full_code, code=code)
        assert (answer.status_code, list(answer.json)) == (400, ["code"])

    @pytest.mark.parametrize(
        ("model", "values"),
        [
            (OrderPosition, {"canceled": True}),
            (Order, {"status": "c"}),
            (Order, {"status": "e"}),
            (Order, {"testmode": True}),
        ],
    )
    def test_whose_tickets_may_become_leads(
        self, app: Flask, client: FlaskClient, fair: Fair, model: type[Any], values: dict[str, Any]
    ) -> None:
        """Contract decision 27."""
        code = secret(app, fair.positions[6])
        with app.app_context():
            position = db.session.get_one(OrderPosition, fair.positions[6])
            row = position.id if model is OrderPosition else position.order_id
        change(app, model, row, **values)
        assert post(client, fair.full_code, code=code).status_code == 400
        if model is Order:
            change(app, Order, row, status="n", testmode=False)
            assert post(client, fair.full_code, code=code).status_code == 201

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"code": ""}, "code"),
            ({"code": None}, "code"),
            ({"code": 7}, "code"),
            ({"code": "a\0b"}, "code"),
            ({"code": "x" * 5000}, "code"),
            ({"rating": 6}, "rating"),
            ({"rating": -1}, "rating"),
            ({"rating": "4"}, "rating"),
            ({"rating": 10**30}, "rating"),
            ({"tags": "foo"}, "tags"),
            ({"tags": [1]}, "tags"),
            ({"tags": ["x" * 200]}, "tags"),
            ({"notes": 5}, "notes"),
            ({"notes": "x" * 10_001}, "notes"),
            ({"scanned": "yesterday"}, "scanned"),
            ({"scanned": 5}, "scanned"),
            ({"scanned": "0001-01-01T00:00:00+14:00"}, "scanned"),
            ({"device_name": "x" * 191}, "device_name"),
            ({"device_uuid": "\0"}, "device_uuid"),
            ({"scan_type": "entry"}, "scan_type"),
        ],
    )
    def test_bad_input_names_its_field(
        self, app: Flask, client: FlaskClient, fair: Fair, body: dict[str, Any], field: str
    ) -> None:
        answer = post(client, fair.full_code, **({"code": secret(app, fair.positions[6])} | body))
        assert answer.status_code == 400
        assert list(answer.json) == [field]
        with app.app_context():
            assert db.session.scalar(sa.select(sa.func.count()).select_from(Lead)) == len(fair.leads)

    def test_notes_are_not_taken_where_the_event_has_none(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        change(app, Event, fair.event, settings={"lead_notes": False})
        answer = post(client, fair.full_code, code=secret(app, fair.positions[6]), notes="Secret wish")
        assert (answer.status_code, answer.json["notes"]) == (201, "")

    def test_without_lead_access_the_phone_is_shown_nothing(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        change(app, Exhibitor, fair.exhibitor, allow_lead_access=False)
        answer = post(client, fair.full_code, code=secret(app, fair.positions[6]))
        assert (answer.status_code, answer.json["attendee"]) == (201, {"fields": []})


class TestScope:
    def scan(self, client: FlaskClient, fair: Fair, code: str, device: str | None) -> int:
        status: int = post(client, fair.full_code, code=code, device_uuid=device).status_code
        return status

    def test_one_lead_for_an_exhibitor(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        code = secret(app, fair.positions[6])
        assert [self.scan(client, fair, code, device) for device in ("a", "b", None)] == [201, 200, 200]

    def test_one_lead_for_each_device(self, app: Flask, client: FlaskClient, fair: Fair) -> None:
        change(app, Exhibitor, fair.exhibitor, lead_scanning_scope_by_device=True)
        code = secret(app, fair.positions[6])
        assert [self.scan(client, fair, code, device) for device in ("a", "b", "a", None)] == [201, 201, 200, 201]

    def test_where_the_setting_changed_the_oldest_lead_that_fits_takes_the_scan(
        self, app: Flask, client: FlaskClient, fair: Fair
    ) -> None:
        code = secret(app, fair.positions[6])
        change(app, Exhibitor, fair.exhibitor, lead_scanning_scope_by_device=True)
        self.scan(client, fair, code, "a")
        self.scan(client, fair, code, "b")
        change(app, Exhibitor, fair.exhibitor, lead_scanning_scope_by_device=False)
        assert post(client, fair.full_code, code=code, device_uuid="b", notes="To the oldest").status_code == 200
        with app.app_context():
            rows = db.session.scalars(
                sa.select(Lead).where(Lead.position_id == fair.positions[6]).order_by(Lead.id)
            ).all()
            assert [(lead.device_uuid, lead.notes) for lead in rows] == [("a", "To the oldest"), ("b", "")]


def test_eight_phones_at_once_make_one_lead(app: Flask, fair: Fair) -> None:
    code = secret(app, fair.positions[6])

    def phone(number: int) -> int:
        status: int = post(app.test_client(), fair.full_code, code=code, notes=f"Phone {number}").status_code
        return status

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(phone, range(8))) == [200] * 7 + [201]
    with app.app_context():
        lead = db.session.scalars(sa.select(Lead).where(Lead.position_id == fair.positions[6])).one()
        notes = set(db.session.scalars(sa.select(LeadVersion.notes).where(LeadVersion.lead_id == lead.id)))
    assert notes == {f"Phone {number}" for number in range(8)}


def test_the_list_of_leads(client: FlaskClient, fair: Fair) -> None:
    answer = get(client, "leads/?page_size=2", fair.full_code).json
    assert (answer["count"], answer["previous"], len(answer["results"])) == (5, None, 2)
    assert answer["next"] == f"http://localhost{API}/leads/?page=2&page_size=2"
    assert set(answer["results"][0]) == {"attendee", "rating", "tags", "notes", "device_name", "device_uuid"}
    missing = get(client, "leads/?page=9", fair.full_code)
    assert (missing.status_code, missing.json) == (404, {"detail": "Invalid page."})


class TestVouchers:
    @pytest.fixture(autouse=True)
    def redeemed(self, app: Flask, fair: Fair) -> None:
        """Two tickets were bought with the first voucher; the order of one was cancelled."""
        for position in fair.positions[:2]:
            change(app, OrderPosition, position, voucher_id=fair.vouchers[0])
        with app.app_context():
            order = db.session.get_one(OrderPosition, fair.positions[1]).order_id
        change(app, Order, order, status="c")

    def test_the_apps_own_format(self, client: FlaskClient, fair: Fair) -> None:
        answer = get(client, f"vouchers/{fair.vouchers[0]}/", fair.full_code)
        assert answer.json == {
            "id": fair.vouchers[0],
            "code": "43K6LKM37FBVR2YG",
            "max_usages": 1,
            "redeemed": 0,
            "valid_until": None,
            "subevent": None,
            "tag": "testvoucher",
            "comment": "Free ticket",
            "items": ["All"],
            "price_mode": "set",
            "value": "12.00",
            "redemptions": [
                {
                    "attendee_fields": [
                        {
                            "id": "attendee_name",
                            "label": "Name",
                            "value": "Peter Miller",
                            "details": [
                                {"label": "Vorname", "value": "Peter"},
                                {"label": "Nachname", "value": "Miller"},
                            ],
                        },
                        {"id": "attendee_email", "label": "E-Mail", "value": "peter@example.org", "details": []},
                        {"id": "company", "label": "Firma", "value": "Miller Ltd", "details": []},
                    ],
                    "redemption_date": (DAY - dt.timedelta(days=30)).date().isoformat(),
                    "subevent": None,
                }
            ],
        }

    def test_the_list_holds_the_exhibitors_own(self, client: FlaskClient, fair: Fair) -> None:
        answer = get(client, "vouchers/", fair.full_code).json
        assert answer["count"] == 2
        assert [row["id"] for row in answer["results"]] == fair.vouchers[:2]
        assert "for our eyes" not in str(answer)
