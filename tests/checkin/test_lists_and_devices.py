"""Pages of lists and devices: made, changed, paired, shut out, deleted; the new key works at the gates at once."""

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.checkin.models import CheckinList, CheckinRefusal, Device
from portal.core.codes import hash_token
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Event, SubEvent
from tests.browserless import post_form, sign_in
from tests.checkin.conftest import Gate
from tests.checkin.pages import BASE
from tests.fair import DAY, add
from tests.statements import statements


@pytest.fixture
def ada(gate: Gate) -> FlaskClient:
    """A member who may do everything."""
    client = gate.app.test_client()
    sign_in(client, gate.fair.organizer_email)
    return client


def rows(gate: Gate, model: Any, *columns: Any) -> list[Any]:
    with gate.app.app_context():
        return [tuple(row) for row in db.session.execute(sa.select(*columns).select_from(model).order_by(model.id))]


def done(gate: Gate) -> list[str]:
    """The audit log's actions but those of signing in."""
    with gate.app.app_context():
        actions = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))
        return [action for action in actions if action.startswith(("checkin", "device"))]


def pairing(answer: TestResponse) -> Any:
    """What the code on a pairing page holds, as a phone reads it."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'id="pair-content"[^>]*value="([^"]*)"', answer.text)
    assert found
    return json.loads(html.unescape(found[1]))


def test_a_list_is_made_changed_and_deleted(gate: Gate, ada: FlaskClient) -> None:
    workshop = gate.item()
    form = {"name": "  Side \n door ", "products": "some", "items": [str(workshop)], "include_pending": "1"}
    assert post_form(ada, BASE + "lists/new", form).status_code == 303
    columns = (CheckinList.id, CheckinList.name, CheckinList.all_products, CheckinList.include_pending)
    list_id, *values = rows(gate, CheckinList, *columns)[-1]
    assert values == ["Side door", False, True]
    gate.device("side", list_id=list_id)
    page = ada.get(BASE).text
    assert "Side door" in page
    assert "Workshop" in page
    edit = f"{BASE}lists/{list_id}/edit"
    before = ada.get(edit).text
    assert 'value="Side door"' in before
    assert "1 device: it cannot scan any more" in before
    assert post_form(ada, edit, {"name": "Back", "products": "all"}).status_code == 303
    assert list(rows(gate, CheckinList, *columns)[-1]) == [list_id, "Back", True, False]
    wrong = post_form(ada, f"{BASE}lists/{list_id}/delete", {"confirm": "Side door"}, page=edit)
    assert wrong.status_code == 303
    assert len(rows(gate, CheckinList, CheckinList.id)) == 2, "the name was not the list's"
    gate.device("back", list_id=list_id).redeem("nobody")
    assert post_form(ada, f"{BASE}lists/{list_id}/delete", {"confirm": "Back"}, page=edit).status_code == 303
    assert rows(gate, CheckinList, CheckinList.name) == [("Main entrance",)]
    assert rows(gate, Device, Device.name) == [("Gate 1",)], "its devices went with it"
    assert rows(gate, CheckinRefusal, CheckinRefusal.id) == []
    assert replace(gate, key="back").post("x").status_code == 403
    assert done(gate) == ["checkin_list.created", "checkin_list.changed", "checkin_list.deleted"]
    told = ada.get("/organizer/bigevents/sampleconf/").text
    assert "Deleted the check-in list Back" in told


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": " "}, "Enter a name."),
        ({"name": "x" * 191}, "At most 190 characters fit."),
        ({"name": "A", "products": "some"}, "Choose at least one product"),
        ({"name": "A", "products": "some", "items": ["999999"]}, "not the event"),
        ({"name": "A", "products": "some", "items": ["x", "99999999999999999999999"]}, "not the event"),
    ],
)
def test_bad_values_are_named_and_nothing_is_saved(
    gate: Gate, ada: FlaskClient, form: dict[str, Any], field: str
) -> None:
    edit = f"{BASE}lists/{gate.fair.checkin_list}/edit"
    for path in (BASE + "lists/new", edit):
        answer = post_form(ada, path, form)
        assert answer.status_code == 422
        assert field in answer.text
    assert rows(gate, CheckinList, CheckinList.name, CheckinList.all_products) == [("Main entrance", True)]
    answer = post_form(ada, BASE + "devices/new", {"list": str(gate.fair.checkin_list), **form})
    assert answer.status_code == 422
    assert field in answer.text
    answer = post_form(ada, BASE + "devices/new", {"name": "Fine", "list": "no"})
    assert "Choose a list of this event." in answer.text
    assert len(rows(gate, Device, Device.id)) == 1
    assert done(gate) == []


def test_a_device_is_paired_scans_and_is_shut_out(gate: Gate, ada: FlaskClient) -> None:
    workshop = gate.item()
    form = {
        "name": "Phone 7",
        "list": str(gate.fair.checkin_list),
        "products": "some",
        "items": [str(workshop)],
        "show_info": "1",
    }
    code = pairing(post_form(ada, BASE + "devices/new", form))
    assert sorted(code) == ["allow_search", "key", "show_info", "url", "version"]
    assert (code["version"], code["allow_search"], code["show_info"]) == (3, False, True)
    assert code["url"] == "http://localhost/pretixdroid/api/bigevents/sampleconf/"
    assert re.fullmatch(r"[0-9A-Za-z]{32}", code["key"]), "it needs no escaping"
    device_id, name, version, hashed = rows(gate, Device, Device.id, Device.name, Device.api_version, Device.key_hash)[
        -1
    ]
    assert (name, version, hashed) == ("Phone 7", 3, hash_token(code["key"])), "the key itself is not stored"
    page = f"{BASE}devices/{device_id}/"
    for path in (page, BASE + "devices/"):
        assert code["key"] not in ada.get(path).text, "it is shown once"
    phone = replace(gate, key=code["key"])
    inside, outside = phone.ticket(item_id=workshop), phone.ticket()
    gate.client.environ_base["HTTP_USER_AGENT"] = "pretixdroid 1.11"
    door = code["url"].removeprefix("http://localhost") + "redeem/?key=" + code["key"]
    answer = gate.client.post(door, data={"secret": inside, "questions_supported": "true"})
    assert (answer.json or {})["status"] == "ok"
    assert (answer.json or {})["version"] == 3, "on the prefix of version 2, by the device"
    assert phone.redeem(outside)["reason"] == "product"
    listed = ada.get(BASE + "devices/").text
    assert "pretixdroid 1.11" in listed
    assert re.search(r'data-label="Let in" class="num">\s*1<', listed)
    changed = {"name": "Phone 8", "list": str(gate.fair.checkin_list), "products": "all", "allow_search": "1"}
    assert post_form(ada, page, changed).status_code == 303
    assert phone.redeem(outside)["status"] == "ok", "the key stays, the scope is another"
    assert phone.get("status").status_code == 403
    anew = pairing(post_form(ada, f"{page}pair", page=page))
    assert (anew["allow_search"], anew["show_info"]) == (True, False)
    assert phone.post("x").status_code == 403, "the old key ends at once"
    phone = replace(phone, key=anew["key"])
    assert phone.post("x").status_code == 200
    assert post_form(ada, f"{page}revoke", page=page).status_code == 303
    assert phone.post("x").status_code == 403
    assert len(gate.entries(inside)) == 1, "what it scanned stays"
    again = pairing(post_form(ada, f"{page}pair", page=page))
    assert replace(phone, key=again["key"]).post("x").status_code == 200
    assert done(gate) == ["device.created", "device.changed", "device.paired", "device.revoked", "device.paired"]
    with gate.app.app_context():
        written = " ".join(str(data) for data in db.session.scalars(sa.select(AuditEntry.data)))
    for secret in (code["key"], anew["key"], again["key"]):
        assert secret not in written


def test_the_code_of_a_series_names_the_date(gate: Gate, ada: FlaskClient) -> None:
    with gate.app.app_context():
        db.session.get_one(Event, gate.fair.event).has_subevents = True
        dates = [add(SubEvent(event_id=gate.fair.event, name={"en": name}, date_from=DAY)).id for name in "AB"]
        theirs = add(SubEvent(event_id=gate.fair.other_event, name={"en": "C"}, date_from=DAY)).id
        db.session.commit()
    assert post_form(ada, BASE + "lists/new", {"name": "Wrong", "subevent": str(theirs)}).status_code == 422
    assert post_form(ada, BASE + "lists/new", {"name": "Of A", "subevent": str(dates[0])}).status_code == 303
    of_date = rows(gate, CheckinList, CheckinList.id, CheckinList.subevent_id)[-1]
    assert of_date[1] == dates[0]
    form = {"name": "Phone", "list": str(of_date[0]), "show_info": "1", "allow_search": "1"}
    code = pairing(post_form(ada, BASE + "devices/new", form))
    assert code["url"].endswith(f"/bigevents/sampleconf/{dates[0]}/")
    for_all = form | {"list": str(gate.fair.checkin_list)}
    for given in ("", str(theirs)):
        refused = post_form(ada, BASE + "devices/new", for_all | {"date": given})
        assert refused.status_code == 422
        assert "Choose the one that the device scans for" in refused.text
    code = pairing(post_form(ada, BASE + "devices/new", for_all | {"date": str(dates[1])}))
    assert code["url"].endswith(f"/bigevents/sampleconf/{dates[1]}/")
    answer = gate.client.get(
        code["url"].removeprefix("http://localhost") + "status/", query_string={"key": code["key"]}
    )
    assert (answer.json or {})["event"]["name"] == "B"


def test_the_number_of_queries_does_not_grow(gate: Gate, ada: FlaskClient) -> None:
    gate.ticket()
    counted: list[list[int]] = []
    for turn in range(2):
        sizes = []
        for path in ("", "devices/", "log", f"lists/{gate.fair.checkin_list}/?q=grace", "lists/1/figures"):
            path = path.replace("lists/1/", f"lists/{gate.fair.checkin_list}/")
            assert ada.get(BASE + path).status_code == 200
            with statements() as seen:
                assert ada.get(BASE + path).status_code == 200
            sizes.append(len(seen))
        counted.append(sizes)
        for number in range(3):
            made = gate.new_list(name=f"L{number}-{turn}")
            gate.device(f"k{number}-{turn}", list_id=made).redeem(gate.ticket())
            gate.redeem(gate.ticket())
    assert counted[0] == counted[1]
