"""Tags and ratings of many leads at once: the stranger first, then what changes, what it costs, and the way back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.database import db
from portal.core.models import AuditEntry
from tests.browserless import csrf_token, sign_in_code
from tests.fair import Fair
from tests.leads.pages import LEADS, by_form, names, stored, versions
from tests.leads.test_list import add_leads
from tests.statements import statements

HTMX = {"HX-Request": "true", "HX-Target": "lead-list"}


def send(client: FlaskClient, *, htmx: bool = True, path: str = "bulk", **data: Any) -> TestResponse:
    """The bar's form, with the token of the page that it stands on."""
    token = csrf_token(client.get("/exhibitor/profile"))
    headers = HTMX | {"X-CSRFToken": token} if htmx else {}
    return client.post(f"{LEADS}/{path}", data={"csrf_token": token, "next": LEADS} | data, headers=headers)


@pytest.mark.parametrize("code", ["rival_code", "foreign_code", "scanning_code"])
def test_a_stranger_changes_none_of_them(app: Flask, client: FlaskClient, fair: Fair, code: str) -> None:
    sign_in_code(client, getattr(fair, code))
    token = csrf_token(client.get("/e/"))
    own = [fair.leads[5]] if code == "rival_code" else []
    data = {"csrf_token": token, "id": [*own, fair.leads[0]], "do": "rate", "rating": "1"}
    assert client.post(f"{LEADS}/bulk", data=data).status_code == (403 if code == "scanning_code" else 404)
    assert stored(app, fair.leads[0]).rating == 4
    assert stored(app, fair.leads[5]).rating is None


def test_nobody_and_closed_leads(
    app: Flask, client: FlaskClient, exhibitor: FlaskClient, fair: Fair, allow: Callable[..., None]
) -> None:
    assert app.test_client().post(f"{LEADS}/bulk", data={"id": fair.leads[0]}).status_code == 400
    assert exhibitor.post(f"{LEADS}/bulk", data={"id": fair.leads[0], "do": "rate", "rating": "1"}).status_code == 400
    allow(allow_lead_access=False)
    assert send(exhibitor, id=fair.leads[0], do="rate", rating="1").status_code == 403
    assert stored(app, fair.leads[0]).rating == 4


def test_tag_rate_and_take_back(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    three = fair.leads[:3]
    answer = send(exhibitor, id=three, do="tag", tag="bar", next=f"{LEADS}?sort=name")
    assert answer.status_code == 200
    assert names(answer) == ["Ada King", "Jürgen Groß", "Mei Lin", "Peter Miller", "Zoë O’Neill"]
    assert answer.text.count("checked></label>") >= 3
    assert [stored(app, lead).tags for lead in fair.leads[:4]] == [["foo", "bar"], ["bar"], ["bar"], []]
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert toast["message"] == "3 leads changed"
    rated = send(exhibitor, id=three, do="rate", rating="5")
    assert [stored(app, lead).rating for lead in three] == [5, 5, 5]
    assert versions(app, three[0])[-1] == ("Wants our newsletter", 5, ["foo", "bar"])
    assert versions(app, three[1]) == [("", None, []), ("", None, ["bar"]), ("", 5, ["bar"])]
    by_form(exhibitor, three[2], rating="1")
    undo = json.loads(rated.headers["HX-Trigger"])["toast"]["undo"]
    back = send(exhibitor, path="bulk/undo", **undo["values"])
    assert "2 leads set back" in back.headers["HX-Trigger"]
    assert [stored(app, lead).rating for lead in three] == [4, None, 1]
    assert send(exhibitor, id=three, do="untag", tag="bar").status_code == 200
    assert stored(app, three[0]).tags == ["foo"]
    assert names(exhibitor.get(f"{LEADS}?q=bar")) == []
    with app.app_context():
        changes = sa.select(AuditEntry).where(AuditEntry.action == "leads.changed").order_by(AuditEntry.id)
        entries = db.session.scalars(changes).all()
        assert len(entries) == 4
        assert entries[0].data["leads"][str(three[0])] == {"tags": [["foo"], ["foo", "bar"]]}


def test_it_works_without_script(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    answer = send(exhibitor, htmx=False, id=fair.leads[:2], do="rate", rating="none", next=f"{LEADS}?q=o&page=1")
    assert (answer.status_code, answer.location) == (303, f"{LEADS}?q=o&page=1")
    assert stored(app, fair.leads[0]).rating is None
    assert "1 lead changed" in exhibitor.get(LEADS).text
    assert send(exhibitor, htmx=False, id=fair.leads[0], do="rate", rating="2", next="//evil.org").location == LEADS


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"do": "tag", "tag": "foo"}, "Select at least one lead."),
        ({"id": "x", "do": "tag", "tag": "foo"}, "Not a valid integer."),
        ({"id": "OWN"}, "Choose a tag or a rating first."),
        ({"id": "OWN", "do": "tag", "tag": " "}, "Choose a tag or a rating first."),
        ({"id": "OWN", "do": "rate"}, "Choose a tag or a rating first."),
        ({"id": "OWN", "do": "rate", "rating": "7"}, "Must be one of"),
        ({"id": "OWN", "do": "tag", "tag": "x" * 191}, "A tag has 1 to 190 characters."),
        ({"id": [str(number) for number in range(1, 502)], "do": "rate", "rating": "1"}, "Select at most 500 leads"),
    ],
)
def test_bad_input_says_what_is_missing(
    app: Flask, exhibitor: FlaskClient, fair: Fair, data: dict[str, Any], said: str
) -> None:
    data = {name: str(fair.leads[0]) if value == "OWN" else value for name, value in data.items()}
    answer = send(exhibitor, **data)
    assert (answer.status_code, answer.text) == (422, "")
    assert said in answer.headers["HX-Trigger"]
    assert stored(app, fair.leads[0]).tags == ["foo"]


def test_another_ones_change_cannot_be_taken_back(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    send(exhibitor, id=fair.leads[0], do="rate", rating="1")
    with app.app_context():
        entry = db.session.scalar(sa.select(sa.func.max(AuditEntry.id)))
        other = db.session.scalar(sa.select(sa.func.min(AuditEntry.id)))
    rival = app.test_client()
    sign_in_code(rival, fair.rival_code)
    assert send(rival, path="bulk/undo", entry=entry).status_code == 404
    for wrong in (other, 0, "x", 2**60):
        assert send(exhibitor, path="bulk/undo", entry=wrong).status_code in (400, 404)
    assert stored(app, fair.leads[0]).rating == 1


def test_the_cost_does_not_grow_with_the_leads(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    add_leads(app, fair, 40)
    costs = []
    for count in (2, 40):
        with app.app_context():
            ids = [row for row in db.session.scalars(sa.text("SELECT id FROM leads ORDER BY id DESC")).all()][:count]
        with statements() as sent:
            assert send(exhibitor, htmx=False, id=ids, do="tag", tag=f"new{count}").status_code == 303
        costs.append(len(sent))
    assert costs[1] - costs[0] <= 2, costs
