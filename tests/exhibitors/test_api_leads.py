"""The leads of an exhibitor by the REST API."""

import datetime as dt

import sqlalchemy as sa
from flask import Flask

from portal.core.database import db
from portal.events.models import Event, Question
from portal.exhibitors.models import Exhibitor
from portal.exhibitors.schemas import ExhibitorLeadSchema
from portal.leads.models import Lead
from portal.tickets.models import Answer, OrderPosition
from tests.exhibitors.test_api_read import age
from tests.fair import DAY, Fair
from tests.seating.conftest import Api
from tests.statements import statements


def test_a_lead_as_the_contract_prints_it(api: Api, fair: Fair) -> None:
    """Contract decision 9: the device is always there."""
    body = api.get(f"/exhibitors/{fair.exhibitor}/leads/").get_json()
    assert (body["count"], body["next"], body["previous"]) == (5, None, None)
    first, second = body["results"][:2]
    assert first == {
        "attendee_order": "ORD00",
        "attendee_positionid": 1,
        "rating": 4,
        "notes": "Wants our newsletter",
        "tags": ["foo"],
        "first_upload": "2026-11-20T09:01:00Z",
        "data": [
            {
                "id": "attendee_name",
                "label": first["data"][0]["label"],
                "value": "Peter Miller",
                "details": [
                    {"label": first["data"][0]["details"][0]["label"], "value": "Peter"},
                    {"label": first["data"][0]["details"][1]["label"], "value": "Miller"},
                ],
            },
            {
                "id": "attendee_email",
                "label": first["data"][1]["label"],
                "value": "peter@example.org",
                "details": [],
            },
            {"id": "company", "label": first["data"][2]["label"], "value": "Miller Ltd", "details": []},
        ],
        "device_name": "DEV1",
        "device_uuid": "d8c2ec53-d602-4a08-882d-db4cf54344a2",
    }
    assert (second["rating"], second["notes"], second["tags"]) == (None, "", [])
    assert ExhibitorLeadSchema().validate(body["results"], many=True) == {}
    for entry in body["results"]:
        assert tuple(entry) == tuple(ExhibitorLeadSchema().fields)


def test_labels_are_in_the_exhibitors_language_and_else_in_the_events(app: Flask, api: Api, fair: Fair) -> None:
    with app.app_context():
        event = db.session.get_one(Event, fair.event)
        event.settings = event.settings | {"lead_fields": ["question_WHY", "question_HOW"]}
        texts = {"WHY": {"de": "Warum", "en": "Why"}, "HOW": {"en": "How"}}
        for identifier, text in texts.items():
            db.session.add(Question(event_id=fair.event, question=text, type="S", identifier=identifier))
        db.session.commit()
    for one, labels in ((fair.exhibitor, ["Warum", "How"]), (fair.rival, ["Why", "How"])):
        data = api.results(f"/exhibitors/{one}/leads/")[0]["data"]
        assert [entry["label"] for entry in data] == labels
        assert [entry["value"] for entry in data] == ["", ""]


def test_only_what_the_event_shows(app: Flask, api: Api, fair: Fair) -> None:
    with app.app_context():
        event = db.session.get_one(Event, fair.event)
        event.settings = event.settings | {"lead_fields": ["company"]}
        db.session.commit()
    response = api.get(f"/exhibitors/{fair.exhibitor}/leads/")
    assert [entry["id"] for entry in response.get_json()["results"][0]["data"]] == ["company"]
    assert "peter@example.org" not in response.text
    assert "secret" not in response.text


def test_pages_are_stable(app: Flask, api: Api, fair: Fair) -> None:
    path = f"/exhibitors/{fair.exhibitor}/leads/?page_size=2"
    first, second, third = (api.get(f"{path}&page={page}").get_json() for page in (1, 2, 3))
    orders = [entry["attendee_order"] for page in (first, second, third) for entry in page["results"]]
    assert orders == [f"ORD0{number}" for number in range(5)]
    assert (first["previous"], third["next"]) == (None, None)
    assert api.get(path + "&page=4").status_code == 404


def test_the_number_of_statements_does_not_grow(app: Flask, api: Api, fair: Fair) -> None:
    counts = set()
    with app.app_context():
        question = Question(event_id=fair.event, question={"en": "Why"}, type="S", identifier="WHY")
        db.session.add(question)
        db.session.flush()
        for position in fair.positions:
            db.session.add(Answer(position_id=position, question_id=question.id, answer="Because"))
        event = db.session.get_one(Event, fair.event)
        event.settings = event.settings | {"lead_fields": ["attendee_name", "item", "question_WHY"]}
        db.session.execute(sa.delete(Lead).where(Lead.exhibitor_id == fair.exhibitor, Lead.id != fair.leads[0]))
        db.session.commit()
    for number in (1, 3, 50):
        with app.app_context():
            for each in range(number - len(api.results(f"/exhibitors/{fair.exhibitor}/leads/"))):
                lead = Lead(
                    exhibitor_id=fair.exhibitor,
                    position_id=fair.positions[each % 8],
                    scope=f"{number}-{each}",
                    scanned=DAY,
                )
                db.session.add(lead)
            db.session.commit()
        with statements() as seen:
            found = api.results(f"/exhibitors/{fair.exhibitor}/leads/")
        assert len(found) == number
        assert found[0]["data"][2]["value"] == "Because"
        counts.add(len([each for each in seen if each.lstrip().startswith("SELECT")]))
    assert len(counts) == 1, counts


def test_whatever_shows_is_seen_when_it_changes(app: Flask, api: Api, fair: Fair) -> None:
    path = f"/exhibitors/{fair.exhibitor}/leads/"
    with app.app_context():
        question = Question(event_id=fair.event, question={"en": "Why"}, type="S", identifier="WHY")
        db.session.add(question)
        db.session.flush()
        answer = Answer(position_id=fair.positions[0], question_id=question.id, answer="Because")
        db.session.add(answer)
        event = db.session.get_one(Event, fair.event)
        event.settings = event.settings | {"lead_fields": ["attendee_name", "question_WHY"]}
        db.session.commit()
        answer_id = answer.id
    changes = (
        (Lead, fair.leads[0], {"notes": "New"}),
        (OrderPosition, fair.positions[0], {"attendee_name": "Other Name"}),
        (Answer, answer_id, {"answer": "No reason"}),
        (Exhibitor, fair.exhibitor, {"locale": "en"}),
        (Event, fair.event, {"settings": {"lead_fields": ["attendee_name"]}}),
    )
    for model, row_id, values in changes:
        age(app)
        first = api.get(path)
        since = {"If-Modified-Since": first.headers["Last-Modified"]}
        assert api.get(path, headers=since).status_code == 304, model
        with app.app_context():
            row = db.session.get_one(model, row_id)
            for name, value in values.items():
                setattr(row, name, value)
            db.session.commit()
        assert api.get(path, headers=since).status_code == 200, model


def test_a_fresh_change_is_not_trusted_to_the_second(app: Flask, api: Api, fair: Fair) -> None:
    path = f"/exhibitors/{fair.exhibitor}/leads/"
    first = api.get(path)
    assert api.get(path, headers={"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 200
    assert dt.datetime.strptime(first.headers["Last-Modified"], "%a, %d %b %Y %H:%M:%S GMT")  # noqa: DTZ007 - GMT
