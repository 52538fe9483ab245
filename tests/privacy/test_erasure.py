"""Erasing a person's data: who may, what is shown before, and that nothing of the person is left anywhere."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.checkin.models import CheckinList, CheckinUndone
from portal.core import outbox
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import Base, db, set_writing
from portal.core.models import AuditEntry, IdempotencyKey, OutboxMessage, Upload
from portal.events.models import Question
from portal.exhibitors.models import ExhibitorVoucher
from portal.leads.models import Lead, LeadVersion
from portal.tickets.models import Answer, CartPosition, Checkin, Order, OrderPosition
from portal.vouchers.models import Voucher
from tests.browserless import csrf_token, post_form, sign_in, sign_in_code
from tests.fair import DAY, Fair

PRIVACY = "/organizer/bigevents/sampleconf/privacy/"
#: Zoë O’Neill is the second ticket of the fair: what the portal may hold of her, wherever it stands.
TRACES = ("zoë", "zoe", "o’neill", "oneill", "o\\u2019neill", "zo\\u00eb", "5550147", "hillroad", "likes tea", "vegan")
EMAIL = "zoë@example.org"


@pytest.fixture
def zoe(app: Flask, fair: Fair) -> int:
    """Everything that can be held of her; the id of her ticket."""
    ticket = fair.positions[1]
    with app.app_context():
        set_writing(True)
        position = db.session.get_one(OrderPosition, ticket)
        position.street, position.city, position.phone = "Hillroad 7", "Zoetown", "+49 5550147"
        order = db.session.get_one(Order, position.order_id)
        order.email, order.invoice_name, order.invoice_company = EMAIL, "Zoë O’Neill", "O’Neill Ltd"
        order.invoice_name_parts = {"_scheme": "full", "full_name": "Zoë O’Neill"}
        question = db.session.scalars(sa.select(Question)).one()
        db.session.add(Answer(position_id=ticket, question_id=question.id, answer="vegan, says Zoë"))
        shirt = OrderPosition(
            event_id=fair.event,
            order_id=order.id,
            positionid=2,
            item_id=fair.item,
            price=Decimal(15),
            secret="shirtsecretofzoe"[:11],
            addon_to_id=ticket,
            attendee_name="Zoë O’Neill",
            search_text="zoe o’neill",
        )
        db.session.add(shirt)
        lead = db.session.scalars(sa.select(Lead).where(Lead.position_id == ticket)).one()
        lead.notes, lead.tags, lead.rating = "Zoë likes tea", ["zoe", "foo"], 5
        db.session.add(LeadVersion(lead_id=lead.id, notes="likes tea", tags=["zoe"], actor_label="Cave"))
        db.session.add(
            CartPosition(
                event_id=fair.event,
                cart_id="cart-z",
                item_id=fair.item,
                price=Decimal(60),
                attendee_name="Zoë O’Neill",
                attendee_email=EMAIL.upper(),
                datetime=DAY,
                expires=DAY,
                answers=[{"answer": "vegan"}],
            )
        )
        gates = db.session.scalars(sa.select(CheckinList)).one()
        db.session.add(Checkin(position_id=ticket, list_id=gates.id, datetime=DAY))
        db.session.add(
            CheckinUndone(
                event_id=fair.event,
                list_id=gates.id,
                position_id=ticket,
                entered=DAY,
                datetime=DAY,
                reason="was somebody else, says Zoë",
            )
        )
        _written(fair, order.id, ticket, lead.id)
        db.session.commit()
    return ticket


def _written(fair: Fair, order_id: int, ticket: int, lead_id: int) -> None:
    """What names her in texts: log, outbox, answers kept for repetitions, comments, uploads."""
    ada = Actor("user", 1, "Ada")
    place: dict[str, Any] = {"organizer_id": fair.organizer, "event_id": fair.event}
    for kind, number, data in (
        ("order", order_id, {"changed": {"street": ["Hillroad 7", "Hillroad 8"], "name": [None, "Zoë O’Neill"]}}),
        ("position", ticket, {"attendee_name_parts": {"given_name": "Zoë"}, "answers": ["vegan, says Zoë"]}),
        ("lead", lead_id, {"notes": "Zoë likes tea", "rating": [None, 5]}),
        ("seat", 1, {"reason": f"for ZOË O’NEILL, {EMAIL}", "ids": [1]}),
        ("seat", 2, {"reason": "for Peter Miller", "ids": [2]}),
    ):
        record(actor=ada, action=f"{kind}.changed", object_kind=kind, object_id=number, data=data, **place)
    bulk = {str(lead_id): {"tags": [["zoe"], []]}, "4711": {"tags": [["foo"], []]}}
    exhibitor: dict[str, Any] = {"object_kind": "exhibitor", "object_id": fair.exhibitor}
    record(actor=ada, action="leads.changed", data={"leads": bulk}, **exhibitor, **place)
    outbox.put("greeting", {"to": EMAIL, "base_url": "x"})
    failed = outbox.put("greeting", {"id": 7})
    failed.status, failed.last_error = "failed", f"SMTPRecipientsRefused: 550 {EMAIL} unknown"
    body = json.dumps({"results": [{"attendee_name": "Zoë O’Neill", "attendee_email": EMAIL, "id": 7}]})
    for number, content in enumerate((body.encode(), b'{"id": 8}', b"Zo\xc3\xab O\xe2\x80\x99Neill, plain")):
        db.session.add(IdempotencyKey(scope="s", key=str(number), request="r", status=200, headers={}, body=content))
    voucher = db.session.get_one(Voucher, fair.vouchers[0])
    voucher.comment = "For Zoë O’Neill and her friends"
    given = db.session.scalars(sa.select(ExhibitorVoucher).where(ExhibitorVoucher.voucher_id == voucher.id)).one()
    given.exhibitor_comment = f"ask {EMAIL}"
    db.session.add(
        Upload(owner_kind="user", owner_id=1, kind="orders", event_id=fair.event, filename="x.csv", data="Zoë".encode())
    )


def dump() -> Iterator[tuple[str, str]]:
    """Every value of every table as text, as a dump of the database has it, with where it stands."""
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)):
            for column, value in row._mapping.items():
                if column == "password_hash":
                    continue  # chance writes three letters of a name into it, now and then
                text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                yield f"{table.name}.{column}", text.casefold()


def remains(app: Flask) -> list[str]:
    with app.app_context():
        return [f"{where}: {text}" for where, text in dump() if any(trace in text for trace in TRACES)]


# ------------------------------------------------------------------------------------------------- the stranger


def test_who_may_not_change_orders_finds_and_erases_nobody(app: Flask, fair: Fair, zoe: int) -> None:
    for who, status in (
        ("helper_email", 403),
        ("other_event_email", 404),
        ("stranger_email", 404),
        ("code", 303),
        ("nobody", 303),
    ):
        client = app.test_client()
        if who == "code":
            sign_in_code(client, fair.full_code)
        elif who != "nobody":
            sign_in(client, getattr(fair, who))
        data = {"csrf_token": csrf_token(client.get("/e/")), "ticket": zoe, "confirm": "Zoë O’Neill"}
        for path in ("", "?q=zoe", f"person?ticket={zoe}"):
            answer = client.get(f"{PRIVACY}{path}", headers=fair.auth())
            assert answer.status_code == status, (who, path)
            assert "O’Neill" not in answer.text
        assert client.post(f"{PRIVACY}erase", data=data).status_code == status, who
    assert len(remains(app)) > 20


def test_another_events_tickets_are_not_there(client: FlaskClient, fair: Fair, zoe: int) -> None:
    sign_in(client, fair.organizer_email)
    other = PRIVACY.replace("sampleconf", "otherconf")
    assert "O’Neill" not in client.get(f"{other}?q=zoe").text
    assert client.get(f"{other}person?ticket={zoe}").status_code == 303
    data = {"ticket": zoe, "confirm": "Zoë O’Neill"}
    assert post_form(client, f"{other}erase", data, page="/account/").status_code == 404
    assert client.post(f"{PRIVACY}erase", data=data).status_code == 400


# --------------------------------------------------------------------------------------------------- the member


def test_a_person_is_found_by_name_address_and_order(client: FlaskClient, fair: Fair, zoe: int) -> None:
    sign_in(client, fair.organizer_email)
    for query in ("ZOE", "zoë o’neill", EMAIL, "ord01", "ORD01", "Neill Ltd"):
        page = client.get(PRIVACY, query_string={"q": query}).text
        assert f'name="ticket" value="{zoe}"' in " ".join(page.split()).replace('type="checkbox" ', ""), query
        assert "Miller" not in page
    for query in ("", "nobody", "%", "_", "x" * 500, "\x00"):
        answer = client.get(PRIVACY, query_string={"q": query})
        assert answer.status_code == 200
        assert 'name="ticket"' not in answer.text, query


def test_nothing_of_the_person_is_left_and_everything_else_is(
    app: Flask, client: FlaskClient, fair: Fair, zoe: int
) -> None:
    assert len({line.split(":")[0].split(".")[0] for line in remains(app)}) >= 10
    with app.app_context():
        before = _counts()
        secret = db.session.get_one(OrderPosition, zoe).secret
        order_id = db.session.get_one(OrderPosition, zoe).order_id
    sign_in(client, fair.organizer_email)
    page = client.get(f"{PRIVACY}person?ticket={zoe}").text
    for held in ("Zoë O’Neill", "Hillroad 7", "+49 5550147", EMAIL, "Aperture Science", "O’Neill Ltd"):
        assert held in page
    path = f"{PRIVACY}person?ticket={zoe}"
    data = {"ticket": zoe, "order": order_id}
    assert post_form(client, f"{PRIVACY}erase", data | {"confirm": "Zoe"}, page=path).status_code == 303
    assert len(remains(app)) > 20
    done = post_form(client, f"{PRIVACY}erase", data | {"confirm": "Zoë O’Neill"}, page=path)
    assert done.location == PRIVACY
    assert remains(app) == []
    assert "stays valid" in client.get(PRIVACY).text.replace("stay valid", "stays valid")
    with app.app_context():
        after = _counts()
        gone = {where: before[where] - after[where] for where in before if before[where] != after[where]}
        assert gone == {"answers": 1, "lead_versions": 1, "outbox": 2, "uploads": 1, "audit_log": -2, "sessions": -1}
        row = db.session.get_one(OrderPosition, zoe)
        assert (row.secret, row.company, row.attendee_name_parts) == (secret, None, {})
        lead = db.session.scalars(sa.select(Lead).where(Lead.position_id == zoe)).one()
        assert (lead.notes, lead.tags, lead.rating) == ("", [], 5)
        entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "person.erased")).one()
        assert entry.data["tickets"] == 2
        assert all(isinstance(count, int) for count in entry.data.values())
        bulk = db.session.scalars(sa.select(AuditEntry.data).where(AuditEntry.action == "leads.changed")).one()
        assert bulk == {"leads": {"4711": {"tags": [["foo"], []]}}}
        others = [str(each) for each in db.session.scalars(sa.select(AuditEntry.data))]
        assert any("Peter Miller" in text for text in others)
        kept = db.session.scalars(sa.select(IdempotencyKey.body).order_by(IdempotencyKey.id)).all()
        assert json.loads(kept[0] or b"")["results"][0]["id"] == 7
        assert kept[1] == b'{"id": 8}'
        peter = db.session.get_one(OrderPosition, fair.positions[0])
        assert peter.attendee_name == "Peter Miller"
    assert 'name="ticket"' not in client.get(PRIVACY, query_string={"q": "zoe"}).text
    assert client.get(f"{PRIVACY}person?ticket={zoe}").status_code == 200


def _counts() -> dict[str, int]:
    return {
        table.name: db.session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in Base.metadata.sorted_tables
        if table.name != "alembic_version"
    }


def test_the_buyers_data_stays_where_somebody_else_bought_the_ticket(
    app: Flask, client: FlaskClient, fair: Fair
) -> None:
    ticket = fair.positions[2]
    with app.app_context():
        set_writing(True)
        order = db.session.get_one(Order, db.session.get_one(OrderPosition, ticket).order_id)
        order.invoice_name, order.email = "Buyer Person", "buyer@example.org"
        other = OrderPosition(
            event_id=fair.event,
            order_id=order.id,
            positionid=2,
            item_id=fair.item,
            price=Decimal(60),
            secret="othersecret",
            attendee_name="Colleague",
        )
        db.session.add(other)
        db.session.commit()
        order_id = order.id
    sign_in(client, fair.organizer_email)
    path = f"{PRIVACY}person?ticket={ticket}"
    assert "somebody else, who bought the ticket" in client.get(path).text
    data = {"ticket": ticket, "confirm": "Jürgen Groß"}
    assert post_form(client, f"{PRIVACY}erase", data, page=path).status_code == 303
    with app.app_context():
        assert db.session.get_one(Order, order_id).invoice_name == "Buyer Person"
        assert db.session.get_one(OrderPosition, ticket).attendee_name is None
        assert "buyer person" in db.session.get_one(OrderPosition, ticket).search_text
        assert db.session.get_one(OrderPosition, other.id).attendee_name == "Colleague"


def test_what_somebody_asked_for_and_waits_is_still_sent(app: Flask, client: FlaskClient, fair: Fair, zoe: int) -> None:
    with app.app_context():
        set_writing(True)
        kinds = ["code_request", "email_change", "email_changed", "password_reset"]
        for kind in kinds:
            outbox.put(kind, {"email": EMAIL, "base_url": None})
        db.session.commit()
    sign_in(client, fair.organizer_email)
    data = {"ticket": zoe, "confirm": "Zoë O’Neill"}
    post_form(client, f"{PRIVACY}erase", data, page=f"{PRIVACY}person?ticket={zoe}")
    with app.app_context():
        assert sorted(row.kind for row in db.session.scalars(sa.select(OutboxMessage))) == kinds


def test_kept_answers_lose_all_words_of_the_person_and_those_of_nobody_else(
    app: Flask, client: FlaskClient, fair: Fair, zoe: int
) -> None:
    with app.app_context():
        set_writing(True)
        peter = db.session.get_one(OrderPosition, fair.positions[0])
        position = db.session.get_one(OrderPosition, zoe)
        peter.company, peter.street, peter.zipcode, peter.city = position.company, "Hillroad 7", "04109", "Leipzig"
        position.zipcode, position.state, position.country = "04109", "BY", "DE"
        position.attendee_name_parts = {"_scheme": "full", "full_name": "Zoë O’Neill"}
        for ticket, seat in ((peter, fair.seats[0]), (position, fair.seats[1])):
            ticket.seat_id = seat
        db.session.commit()
    seats = "/api/v1/organizers/bigevents/events/sampleconf/seats/{}/?expand=orderposition"
    answered = []
    for seat in fair.seats[:2]:
        headers = fair.auth() | {"X-Idempotency-Key": f"seat {seat}"}
        answered.append(client.patch(seats.format(seat), json={"blocked": True}, headers=headers))
    both = json.dumps({"results": [answer.json for answer in answered]})
    with app.app_context():
        set_writing(True)
        for body in (both, answered[1].text.replace("Hillroad 7", "An older street 1")):
            row = IdempotencyKey(scope="s", key=body[:250], request="r", status=200, headers={}, body=body.encode())
            db.session.add(row)
        db.session.commit()
    sign_in(client, fair.organizer_email)
    data = {"ticket": zoe, "confirm": "Zoë O’Neill"}
    post_form(client, f"{PRIVACY}erase", data, page=f"{PRIVACY}person?ticket={zoe}")

    peters, hers = (answer.json for answer in answered)
    assert peters
    assert hers
    assert hers["orderposition"]["answers"][0]["answer"] == "vegan, says Zoë"
    gone = ("attendee_name", "attendee_email", "company", "street", "zipcode", "city", "state", "country")
    empty = {**hers["orderposition"], **dict.fromkeys(gone, "…"), "answers": []}
    hers["orderposition"] = empty | {"attendee_name_parts": {"_scheme": "full", "full_name": "…"}}
    app_client = app.test_client()
    for seat, expected in zip(fair.seats, (peters, hers), strict=False):
        headers = fair.auth() | {"X-Idempotency-Key": f"seat {seat}"}
        again = app_client.patch(seats.format(seat), json={"blocked": True}, headers=headers)
        assert again.json == expected
    with app.app_context():
        kept = list(db.session.scalars(sa.select(IdempotencyKey.body).order_by(IdempotencyKey.id.desc()).limit(2)))
    assert [json.loads(body or b"") for body in kept] == [hers, {"results": [peters, hers]}]
