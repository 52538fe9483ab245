"""Uploading a seating plan: shown first, confirmed then; what is broken is named, what belongs to somebody stays."""

import copy
import io
import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Event
from portal.seating.models import Seat, SeatingPlan, SeatingPlanDraft
from portal.tickets.models import CartPosition, OrderPosition
from tests.browserless import csrf_token, sign_in
from tests.fair import Fair
from tests.seating.conftest import Series

PAGE = "/organizer/bigevents/sampleconf/seats/plan"


def hall() -> dict[str, Any]:
    """The fair's sixty seats as a plan, standing where they stand."""

    def row(number: int) -> dict[str, Any]:
        seats = [
            {
                "seat_guid": f"{number}-{at}",
                "seat_number": str(at),
                "category": "Standard",
                "position": {"x": at * 20, "y": 0},
            }
            for at in range(1, 21)
        ]
        position = {"x": 0, "y": number * 25}
        return {"row_number": str(number), "row_label": "Row %s", "position": position, "seats": seats}

    zones = [
        {"name": "Ground floor", "position": {"x": 0, "y": 0}, "rows": [row(1), row(2)]},
        {"name": "Balcony", "position": {"x": 0, "y": 0}, "rows": [row(3)]},
    ]
    return {
        "name": "Main hall",
        "size": {"width": 500, "height": 200},
        "categories": [{"name": "Standard", "color": "#2f6fb5"}],
        "zones": zones,
    }


class Browser:
    """Ada at the page, with the token against forgery."""

    def __init__(self, client: FlaskClient, page: str = PAGE, subevent: int | None = None) -> None:
        self.client, self.page = client, page
        self.more: dict[str, Any] = {} if subevent is None else {"subevent": str(subevent)}
        self.url = page if subevent is None else f"{page}?subevent={subevent}"

    def send(self, data: dict[str, Any], path: str = "") -> TestResponse:
        """Send a form of the page."""
        token = csrf_token(self.client.get(self.url))
        return self.client.post(self.page + path, data={"csrf_token": token, **self.more, **data})

    def upload(self, plan: object) -> TestResponse:
        """Choose a file and send it."""
        data = plan if isinstance(plan, bytes) else json.dumps(plan).encode()
        return self.send({"plan": (io.BytesIO(data), "plan.json")})

    def text(self) -> str:
        """The page, its white space made plain."""
        answer = self.client.get(self.url)
        assert answer.status_code == 200
        return " ".join(answer.get_data(as_text=True).split())

    def apply(self, app: Flask, **data: Any) -> TestResponse:
        """Confirm the upload that waits."""
        with app.app_context():
            draft = db.session.scalar(sa.select(SeatingPlanDraft.id).order_by(SeatingPlanDraft.id.desc()))
        return self.send({"draft": str(draft), **data}, "/apply")


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> Browser:
    """Signed in."""
    sign_in(client, fair.organizer_email)
    return Browser(client)


def seats_of(app: Flask, event: int) -> dict[str, tuple[Any, ...]]:
    """Everything about an event's seats, by guid."""
    with app.app_context():
        return {
            seat.seat_guid: (
                seat.id, seat.zone_name, seat.row_name, seat.seat_number, seat.product_id, seat.blocked, seat.x, seat.y
            )
            for seat in db.session.scalars(sa.select(Seat).where(Seat.event_id == event))
        }  # fmt: skip


def drafts(app: Flask) -> int:
    """How many uploads wait."""
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(SeatingPlanDraft)) or 0


def changed_hall() -> dict[str, Any]:
    """Seat 3-20 is gone, 1-5 stands elsewhere, 2-1 has another number, two more seats stand in a box."""
    plan = hall()
    ground, balcony = plan["zones"]
    balcony["rows"][0]["seats"].pop()
    ground["rows"][0]["seats"][4]["position"]["x"] = 111
    ground["rows"][1]["seats"][0]["seat_number"] = "1a"
    plan["categories"].append({"name": "standard TICKET", "color": "red"})
    box = [
        {"seat_guid": f"box-{n}", "seat_number": str(n), "category": "standard TICKET", "position": {"x": n, "y": 1}}
        for n in (1, 2)
    ]
    row = {"row_number": "1", "position": {"x": 0, "y": 0}, "seats": box}
    plan["zones"].append({"name": "Box", "position": {"x": 400, "y": 0}, "rows": [row]})
    return plan


def test_a_changed_plan_is_shown_and_then_put_in_place(app: Flask, ada: Browser, fair: Fair) -> None:
    before = seats_of(app, fair.event)
    with app.app_context():
        event_before = db.session.get_one(Event, fair.event).modified
    assert ada.upload(changed_hall()).status_code == 303
    text = ada.text()
    for shown in ("Box/1/1, Box/1/2", "Ground floor/1/5", "Ground floor/2/1 → Ground floor/2/1a", "Balcony/3/20"):
        assert shown in text
    assert seats_of(app, fair.event) == before

    answer = ada.apply(app)
    assert answer.status_code == 303
    text = ada.text()
    assert "The plan is in place: 2 seats added, 2 seats changed, 1 seat removed." in text
    after = seats_of(app, fair.event)
    assert after.keys() - before.keys() == {"box-1", "box-2"}
    assert before.keys() - after.keys() == {"3-20"}
    assert {guid: row[0] for guid, row in after.items() if guid in before} == {
        guid: row[0] for guid, row in before.items() if guid in after
    }
    assert after["1-5"][6:] == (111, 25)
    assert after["2-1"][3] == "1a"
    assert after["1-4"][5] is True
    assert {row[4] for row in after.values()} == {fair.item}
    assert after["box-2"][6:] == (402, 1)
    assert drafts(app) == 0
    with app.app_context():
        assert db.session.get_one(Event, fair.event).modified > event_before
        assert db.session.scalars(sa.select(SeatingPlan)).one().layout == changed_hall()
        entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "seating_plan.changed")).one()
        assert (entry.actor_label, entry.event_id, entry.data["added"], entry.data["removed"]) == (
            "Ada",
            fair.event,
            2,
            1,
        )
        assert entry.data["removed_guids"] == ["3-20"]


def test_the_same_plan_again_changes_no_seat(app: Flask, ada: Browser, fair: Fair) -> None:
    ada.upload(hall())
    ada.apply(app)
    before = seats_of(app, fair.event)
    ada.upload(hall())
    assert "No seat is added, moved, renamed or removed." in ada.text()
    ada.apply(app)
    assert seats_of(app, fair.event) == before
    with app.app_context():
        entries = db.session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action == "seating_plan.changed").order_by(AuditEntry.id)
        ).all()
        assert entries[-1].data["changed"] == 0


def test_labels_that_change_are_named_as_labels(app: Flask, ada: Browser, fair: Fair) -> None:
    ada.upload(hall())
    ada.apply(app)
    plan = hall()
    row = plan["zones"][1]["rows"][0]
    row["row_label"], row["seat_label"] = "Row A", "No. %s"
    name = f"{plan['zones'][1]['name']}/{row['row_number']}/{row['seats'][0]['seat_number']}"
    ada.upload(plan)
    text = ada.text()
    before, number = f"Row {row['row_number']}", row["seats"][0]["seat_number"]
    assert f"{name} (row label {before} → Row A, seat label – → No. {number})" in text, text
    assert f"{name} → {name}" not in text


def test_rounding_is_no_move(app: Flask, ada: Browser, fair: Fair) -> None:
    ada.upload(hall())
    ada.apply(app)
    before = seats_of(app, fair.event)
    plan = hall()
    plan["zones"][1]["rows"][0]["seats"][0]["position"]["x"] += 0.004
    ada.upload(plan)
    assert "No seat is added, moved, renamed or removed." in ada.text()
    ada.apply(app)
    assert seats_of(app, fair.event) == before


def test_an_older_file_and_a_bundle(app: Flask, ada: Browser, fair: Fair) -> None:
    older = hall()
    del older["size"]
    older["zones"][0]["areas"] = [{"shape": "rectangle", "position": {"x": 1, "y": 2}, "width": 3, "height": 4}]
    assert ada.upload(older).status_code == 303
    plan = {"name": "From a bundle", "layout": hall()}
    bundle = {"format": "portal-bundle", "events": [{"slug": "other"}, {"slug": "sampleconf", "seating_plan": plan}]}
    for given in (plan, bundle):
        assert ada.upload(given).status_code == 303
        assert "From a bundle" in ada.text()
    assert drafts(app) == 1
    missing = {"format": "portal-bundle", "events": [{"slug": "other", "seating_plan": plan}]}
    assert "no seating plan for the event" in ada.upload(missing).get_data(as_text=True)


def broken_files() -> list[tuple[object, tuple[str, ...]]]:
    """Files, and what their error names."""
    copied = hall()
    row = copy.deepcopy(copied["zones"][1]["rows"][0])
    row["row_number"] = "4"
    copied["zones"][1]["rows"].append(row)
    stray = hall()
    stray["zones"][0]["rows"][1]["seats"][2]["category"] = "VIP"
    numbered = hall()
    numbered["zones"][0]["rows"][0]["seats"][1]["seat_number"] = "1"
    placed = hall()
    placed["zones"][0]["rows"][0]["seats"][1]["position"] = {"x": "left"}
    null = hall()
    null["name"] = "\x00"
    inside = {"format": "portal-bundle", "events": [{"slug": "sampleconf", "seating_plan": {"layout": copied}}]}
    return [
        (copied, ("seat 1 in row 4 of Balcony", "“3-1”", "zones[1].rows[1].seats[0].seat_guid")),
        (inside, ("seat 1 in row 4 of Balcony", "events[0].seating_plan.layout.zones[1].rows[1].seats[0]")),
        (stray, ("seat 3 in row 2 of Ground floor", "“VIP”", "zones[0].rows[1].seats[2].category")),
        (numbered, ("another seat 1 in row 1 of Ground floor", "zones[0].rows[0].seats[1].seat_number")),
        (placed, ("zones[0].rows[0].seats[1].position.x",)),
        (null, ("null character",)),
        (b"not json", ("not JSON",)),
        (b"\xff\xfe", ("not JSON",)),
        (b"", ("Choose a file",)),
        (b"[" * 5000 + b"]" * 5000, ("The file",)),
        (b'{"a": "\\ud800"}', ("not JSON",)),
        ([], ("JSON object",)),
        ({}, ("zones", "is missing")),
        ({"layout": 3}, ("layout",)),
        ({"categories": [], "zones": []}, ("no seats",)),
        ({"format": "portal-bundle", "events": 3}, ("no seating plan",)),
    ]


def test_broken_plans_name_what_is_wrong(app: Flask, ada: Browser, fair: Fair) -> None:
    before = seats_of(app, fair.event)
    for given, named in broken_files():
        answer = ada.upload(given)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 422, text[:300]
        for part in named:
            assert part in text, (part, str(given)[:80])
    assert drafts(app) == 0
    assert seats_of(app, fair.event) == before


def test_seats_that_belong_to_somebody_stay(app: Flask, ada: Browser, fair: Fair) -> None:
    """The first is sold, the second in a cart, the third for a voucher; the fourth is only blocked."""
    plan = hall()
    plan["zones"][0]["rows"][0]["seats"] = plan["zones"][0]["rows"][0]["seats"][4:]
    before = seats_of(app, fair.event)
    ada.upload(plan)
    text = ada.text()
    for named in ("Ground floor/1/1 (sold)", "Ground floor/1/2 (in a cart)", "Ground floor/1/3 (held by a voucher)"):
        assert named in text
    assert "Ground floor/1/4 (" not in text
    assert "Put in place" not in text
    assert ada.apply(app).status_code == 303
    assert "cannot be removed: Ground floor/1/1, Ground floor/1/2, Ground floor/1/3." in ada.text()
    assert seats_of(app, fair.event) == before
    with app.app_context():
        assert db.session.scalar(sa.select(SeatingPlan.id)) is None


def test_holders_that_let_go_lose_their_seat_only(app: Flask, ada: Browser, fair: Fair) -> None:
    with app.app_context():
        db.session.get_one(OrderPosition, fair.positions[0]).canceled = True
        db.session.execute(sa.update(CartPosition).values(expires=sa.func.current_timestamp()))
        db.session.commit()
    plan = hall()
    plan["zones"][0]["rows"][0]["seats"] = plan["zones"][0]["rows"][0]["seats"][2:]
    ada.upload(plan)
    ada.apply(app)
    assert {"1-1", "1-2"}.isdisjoint(seats_of(app, fair.event))
    with app.app_context():
        assert db.session.get_one(OrderPosition, fair.positions[0]).seat_id is None
        assert db.session.scalars(sa.select(CartPosition)).one().seat_id is None


def test_categories_are_sold_as_products(app: Flask, ada: Browser, fair: Fair) -> None:
    ada.upload(changed_hall())
    text = ada.text()
    assert text.count(f'<option value="{fair.item}" selected>Standard ticket</option>') == 2
    ada.apply(app, category=["Standard", "standard TICKET"], product=["", str(fair.item)])
    after = seats_of(app, fair.event)
    assert after["1-1"][4] is None
    assert after["box-1"][4] == fair.item
    with app.app_context():
        db.session.execute(sa.update(Seat).where(Seat.seat_guid == "1-1").values(product_id=fair.item))
        db.session.commit()
    ada.upload(changed_hall())
    assert "As they are" in ada.text()
    ada.apply(app, category=["Standard", "standard TICKET"], product=["keep", "keep"])
    after = seats_of(app, fair.event)
    assert (after["1-1"][4], after["1-2"][4]) == (fair.item, None)


def test_foreign_products_are_refused(app: Flask, ada: Browser, fair: Fair) -> None:
    ada.upload(changed_hall())
    before = seats_of(app, fair.event)
    for product in ("999999", "x", "-1", "9" * 40):
        assert ada.apply(app, category="Standard", product=product).status_code == 404
    assert seats_of(app, fair.event) == before


def test_discard_and_an_upload_that_was_replaced(app: Flask, ada: Browser, fair: Fair) -> None:
    ada.upload(hall())
    with app.app_context():
        first = db.session.scalars(sa.select(SeatingPlanDraft.id)).one()
    ada.upload(changed_hall())
    ada.send({"draft": str(first)}, "/apply")
    assert "replaced already" in ada.text()
    ada.send({"draft": str(first)}, "/discard")
    assert drafts(app) == 1
    with app.app_context():
        second = db.session.scalars(sa.select(SeatingPlanDraft.id)).one()
    ada.send({"draft": str(second)}, "/discard")
    assert drafts(app) == 0
    assert "3-20" in seats_of(app, fair.event)


def test_dates_are_kept_apart(app: Flask, fair: Fair, series: Series, client: FlaskClient) -> None:
    sign_in(client, fair.organizer_email)
    page = PAGE.replace("sampleconf", "seriesconf")
    plan = hall()
    for seat in plan["zones"][0]["rows"][0]["seats"][:3]:
        seat["seat_guid"] = f"g{int(seat['seat_number']) - 1}"
    second = Browser(client, page, series.dates[1])
    assert second.upload(plan).status_code == 303
    assert second.apply(app).status_code == 303
    with app.app_context():
        rows = db.session.execute(sa.select(Seat.subevent_id, sa.func.count()).group_by(Seat.subevent_id)).all()
        counts: dict[int | None, int] = {date: count for date, count in rows}
        assert counts[series.dates[0]] == 3
        assert counts[series.dates[1]] == 60
        assert db.session.get_one(Seat, series.seats[1][0]).zone_name == "Ground floor"
    for wrong in (f"{page}?subevent=999999", f"{page}?subevent=x", f"{PAGE}?subevent={series.dates[0]}"):
        assert client.get(wrong).status_code == 404
    assert client.get(page).status_code == 200
    mixed = Browser(client, PAGE)
    token = csrf_token(client.get(PAGE))
    data = {"csrf_token": token, "subevent": str(series.dates[0]), "plan": (io.BytesIO(json.dumps(plan).encode()), "p")}
    assert mixed.client.post(PAGE, data=data).status_code == 404


def test_strangers(app: Flask, client: FlaskClient, fair: Fair) -> None:
    """Bob may look but not change, Cleo has another event, Eve another organizer."""
    assert client.get(PAGE).status_code == 303
    for email, status in ((fair.helper_email, 403), (fair.other_event_email, 404), (fair.stranger_email, 404)):
        stranger = app.test_client()
        sign_in(stranger, email)
        token = csrf_token(stranger.get("/organizer/"))
        assert stranger.get(PAGE).status_code == status
        for path in ("", "/apply", "/discard"):
            data = {"csrf_token": token, "draft": "1", "plan": (io.BytesIO(json.dumps(hall()).encode()), "p.json")}
            assert stranger.post(PAGE + path, data=data).status_code == status
    assert drafts(app) == 0
