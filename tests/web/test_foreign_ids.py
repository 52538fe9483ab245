"""Every form of the organizer's pages with ids of others' things: nothing of those changes, nothing refers to them."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import TeamInvitation
from portal.checkin.models import CheckinList, Device
from portal.core.database import Base, db, set_writing
from portal.core.models import Upload
from portal.events.models import Event, Item, ItemVariation, Question, QuestionOption, SubEvent
from portal.exhibitors.models import CodeMailing, CodeMailingRecipient, Exhibitor, ExhibitorTag, ExhibitorVoucher
from portal.leads.models import Lead
from portal.seating.models import Seat
from portal.tickets.models import Checkin
from portal.vouchers.models import Voucher
from portal.web.access import rule_of
from tests.browserless import csrf_token, sign_in
from tests.fair import DAY, Fair, add, make_position

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: Who does something is written down wherever it was done.
_BESIDE = frozenset(("audit_log", "sessions", "outbox", "limit_hits", "idempotency_keys"))
World = dict[str, int]


def _first(table: str, **values: int) -> int:
    columns = Base.metadata.tables[table].c
    found = sa.select(columns.id).where(*(columns[name] == value for name, value in values.items()))
    return int(db.session.execute(found.order_by(columns.id)).scalars().first() or 0)


def build_world(fair: Fair, event_id: int) -> World:
    """Whatever the pages can name, in another event."""
    event = db.session.get_one(Event, event_id)
    item = add(Item(event_id=event_id, name={"en": "Foreign ticket"}, default_price=Decimal(9)))
    variation = add(ItemVariation(item_id=item.id, value={"en": "Foreign variation"}))
    subevent = add(SubEvent(event_id=event_id, name={"en": "Foreign date"}, date_from=DAY))
    seat = add(Seat(event_id=event_id, zone_name="Far", row_name="9", seat_number="9", seat_guid="far-9-9"))
    position = make_position(event, item, 90, ("Fay", "Foreign"))
    question = add(Question(event_id=event_id, question={"en": "Foreign?"}, type="C", identifier="FOREIGN"))
    option = add(QuestionOption(question_id=question.id, identifier="F", answer={"en": "F"}))
    voucher = add(Voucher(event_id=event_id, code="FOREIGN-VOUCHER"))
    tag = add(ExhibitorTag(event_id=event_id, name="Foreign tag"))
    exhibitor = add(Exhibitor(event_id=event_id, name="Foreign booth", contact_email="far@example.net"))
    given = add(Voucher(event_id=event_id, code="FOREIGN-GIVEN"))
    add(ExhibitorVoucher(exhibitor_id=exhibitor.id, voucher_id=given.id))
    add(Lead(exhibitor_id=exhibitor.id, position_id=position.id, scanned=DAY, first_upload=DAY))
    gate = add(CheckinList(event_id=event_id, name="Foreign gate"))
    device = add(Device(event_id=event_id, list_id=gate.id, name="Foreign device", key_hash="f" * 64))
    entry = add(Checkin(position_id=position.id, list_id=gate.id, datetime=DAY))
    mailing = add(
        CodeMailing(event_id=event_id, key="foreign", actor_kind="user", actor_label="Eve", base_url="http://x")
    )
    add(CodeMailingRecipient(mailing_id=mailing.id, exhibitor_id=exhibitor.id, state="failed"))
    upload = add(
        Upload(owner_kind="user", owner_id=1, kind="vouchers", event_id=event_id, filename="a.csv", data=b"code\nFAR\n")
    )
    team = _first("teams", organizer_id=event.organizer_id)
    late = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
    invitation = add(
        TeamInvitation(team_id=team, email="far@example.net", nonce="n", token_hash="h" * 64, expires=late)
    )
    db.session.commit()
    return {
        "item": item.id, "variation": variation.id, "subevent": subevent.id, "seat": seat.id,
        "order": position.order_id,
        "position": position.id, "question": question.id, "option": option.id, "voucher": voucher.id, "given": given.id,
        "tag": tag.id, "exhibitor": exhibitor.id, "list": gate.id, "device": device.id, "checkin": entry.id,
        "mailing": mailing.id, "upload": upload.id, "team": team, "event": event_id, "invitation": invitation.id,
        "token": _first("team_tokens", team_id=team),
        "user": db.session.execute(
            sa.select(Base.metadata.tables["team_members"].c.user_id).where(
                Base.metadata.tables["team_members"].c.team_id == team
            )
        ).scalars().first() or 0,
    }  # fmt: skip


def own_world(fair: Fair) -> World:
    """The things of this event that a form may name beside the foreign ones."""
    team = _first("teams", organizer_id=fair.organizer)
    order = db.session.execute(
        sa.select(Base.metadata.tables["order_positions"].c.order_id).where(
            Base.metadata.tables["order_positions"].c.id == fair.positions[1]
        )
    ).scalar_one()
    return {"exhibitor": fair.exhibitor, "order": order, "list": fair.checkin_list, "team": team}


def belongings(organizer_id: int, event_id: int) -> dict[str, set[tuple[Any, ...]]]:
    """All rows that hang on an event and, of a foreign organizer, on that, by way of any foreign key."""
    known: dict[str, set[int]] = defaultdict(set, {"events": {event_id}, "organizers": {organizer_id}})
    found: dict[str, set[tuple[Any, ...]]] = {}
    for table in Base.metadata.sorted_tables:
        if table.name in _BESIDE:
            continue
        hangs = [
            key.parent.in_(known[key.column.table.name])
            for key in table.foreign_keys
            if key.column.table.name in known and key.column.table.name != table.name
        ]
        if table.name in ("events", "organizers"):
            hangs = [table.c.id.in_(known[table.name])]
        rows = db.session.execute(sa.select(table).where(sa.or_(sa.false(), *hangs))).all()
        found[table.name] = {tuple(map(str, row)) for row in rows}
        if "id" in table.c and rows:
            known[table.name] |= {row.id for row in rows}
    return found


def form_of(world: World, do: str, confirm: str) -> dict[str, Any]:
    """A form that names foreign things wherever a page may ask for something."""
    number = {name: str(id_) for name, id_ in world.items()}
    return {
        "do": do, "ids": number["exhibitor"], "id": [number["voucher"], number["given"]], "confirm": confirm,
        "name": "Taken over", "name-en": "Taken over", "question-en": "Taken over", "identifier": "TAKEN",
        "type": "S", "allow_lead_access": "on", "way": "add", "kinds": ["full", "scanning"],
        "key": f"key-{do}{confirm}",
        "tags": number["tag"], "exhibitor_tags": ["Foreign tag"], "codes": "FOREIGN-VOUCHER\nFOREIGN-GIVEN",
        "attach": "1", "product": number["item"], "p-0-product": number["item"], "p-0-subevent": number["subevent"],
        "p-0-seat": "far-9-9", "p-0-voucher": "FOREIGN-VOUCHER", "seat": [number["seat"], "far-9-9"],
        "voucher": "FOREIGN-VOUCHER", "status": "p", "email": "taken@example.org", "list": number["list"],
        "products": "some", "items": number["item"], "subevent": number["subevent"], "date": number["subevent"],
        "checkin": number["checkin"], "ticket": number["position"], "order": number["order"], "reason": "because",
        "secret": f"secret{world['event']}x0090abcdefgh", "asked": number["question"], "force": "1",
        f"answer_{number['question']}": number["option"],
        "block": "filter" if do == "filter" else f"seat:{number['seat']}",
        "sure": "1", "change": "1", "draft": "1", "category": "x", "v-0-id": number["variation"],
        "v-0-value-en": "Taken",
        "o-0-id": number["option"], "o-0-answer-en": "Taken", "default_price": "1.00", "date_from": "2026-11-20T09:00",
        "events": number["event"], "all_events": "0", "permissions": ["can_view_orders"], "token_name": "Taken",
        "max_usages": "1", "price_mode": "none", "count": "1", "locale": "en", "source": "sampleconf", "slug": "taken",
        "attendee_name": "Taken over",
    }  # fmt: skip


#: What the pages that ask for several things at once are told to do, and what a page wants to be typed.
ASKED = {
    "bulk": [("delete", "Foreign booth"), ("access", ""), ("tags", ""), ("rotate", ""), ("send", "")],
    "delete": [("", "Foreign gate"), ("", "Strangers")],
    "change": [("", ""), ("filter", "")],
    "erase": [("", "Fay Foreign")],
}


def paths_of(app: Flask, rule: Any, world: World, own: World) -> set[str]:
    """A rule's paths with foreign ids alone, and with own ones before foreign ones."""
    adapter = app.url_map.bind("localhost")
    names = [name for name in rule.arguments if name not in ("organizer", "event")]
    paths = set()
    for kind in ("item", "question", "subevent"):
        foreign = {name: world[kind if name == "id_" else name.removesuffix("_id")] for name in names}
        mine = {name: own[name.removesuffix("_id")] for name in names if name.removesuffix("_id") in own}
        where = {"organizer": "bigevents", "event": "sampleconf"}
        for values in (foreign, {**foreign, **mine}):
            given: dict[str, Any] = {**where, **values}
            paths.add(adapter.build(rule.endpoint, {name: given[name] for name in rule.arguments}))
    return paths


def doors(app: Flask) -> list[Any]:
    """The pages of events and organizers that take forms."""
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    kinds = ("event_member", "organizer_member")
    return [rule for rule in rules if getattr(rule_of(app, rule.endpoint), "kind", "") in kinds]


@pytest.mark.parametrize("which", ["foreign_event", "other_event"])
def test_no_form_reaches_what_belongs_to_others(app: Flask, client: FlaskClient, fair: Fair, which: str) -> None:
    with app.app_context():
        set_writing(True)
        world, own = build_world(fair, getattr(fair, which)), own_world(fair)
        organizer = db.session.get_one(Event, world["event"]).organizer_id
        organizer = 0 if organizer == fair.organizer else organizer
        before = belongings(organizer, world["event"])
    assert len(before["order_positions"]) == len(before["leads"]) == 1
    sign_in(client, fair.organizer_email)
    token = csrf_token(client.get("/e/"))
    called = [rule for rule in doors(app) if "event" in rule.arguments or which == "foreign_event"]
    assert len(called) > 45
    for rule in called:
        for path in paths_of(app, rule, world, own):
            for do, confirm in ASKED.get(path.rpartition("/")[2], [("", "1")]):
                answer = client.post(path, data={"csrf_token": token, **form_of(world, do, confirm)})
                assert answer.status_code < 500, (path, do)
                assert answer.status_code != 400, f"{path}: the form was not read at all"
    with app.app_context():
        after = belongings(organizer, world["event"])
    for table in before:
        assert after[table] == before[table], table
