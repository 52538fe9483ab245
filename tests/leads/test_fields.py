"""The attendee fields that an event shows: labels, values and details in a reader's language."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal.core.database import db
from portal.events.models import Event, Item, Question, QuestionOption
from portal.tickets.fields import (
    PERSON_COLUMNS,
    Answers,
    FieldReader,
    GivenAnswer,
    ShownFields,
    ShownQuestion,
    answers_of,
)
from portal.tickets.models import Answer, OrderPosition
from portal.tickets.sight import sight_of
from tests.fair import Fair


def read(fair: Fair, fields: list[str], locale: str = "en") -> list[dict[str, Any]]:
    """What a reader sees of the first ticket."""
    event = db.session.get_one(Event, fair.event)
    event.settings = event.settings | {"lead_fields": fields}
    db.session.flush()
    shown = sight_of(fair.event).shown
    person = db.session.get_one(OrderPosition, fair.positions[0])
    answers = answers_of(shown, [person.id])
    reader = FieldReader(shown, locale)
    found = [dict(entry) for entry in reader.entries(person, answers.get(person.id))]
    assert as_json(reader, person, answers.get(person.id)) == found
    return found


def as_json(reader: FieldReader, person: Any, answers: Answers | None) -> Any:
    """What the JSON of two people says who are alike."""
    names = [column.key for column in PERSON_COLUMNS if column.key != "position_id"]
    people = {name: [getattr(person, name, None)] * 2 for name in names} | {"position_id": [1, 2]}
    one, other = reader.json(people, {1: answers, 2: answers} if answers else {})
    assert one == other
    return json.loads(one)


def test_the_contracts_form(session: Any, fair: Fair) -> None:
    assert read(fair, ["attendee_name", "attendee_email"]) == [
        {
            "id": "attendee_name",
            "label": "Name",
            "value": "Peter Miller",
            "details": [{"label": "Given name", "value": "Peter"}, {"label": "Family name", "value": "Miller"}],
        },
        {"id": "attendee_email", "label": "Email", "value": "peter@example.org", "details": []},
    ]


def test_the_events_order_counts_and_unknown_fields_are_left_out(session: Any, fair: Fair) -> None:
    entries = read(fair, ["company", "shoe_size", "question_NONE", "attendee_name", "_scheme", "secret"])
    assert [entry["id"] for entry in entries] == ["company", "attendee_name"]
    assert read(fair, []) == []


def test_a_name_of_one_part_has_no_details(session: Any, fair: Fair) -> None:
    person = db.session.get_one(OrderPosition, fair.positions[0])
    person.attendee_name, person.attendee_name_parts = None, {"_scheme": "full", "full_name": "Prince"}
    assert read(fair, ["attendee_name"])[0] | {"label": ""} == {
        "id": "attendee_name",
        "label": "",
        "value": "Prince",
        "details": [],
    }
    person.attendee_name_parts = {}
    assert read(fair, ["attendee_name"])[0]["value"] == ""


def test_country_product_and_answers_in_the_readers_language(session: Any, fair: Fair) -> None:
    person = db.session.get_one(OrderPosition, fair.positions[0])
    person.country = "DE"
    db.session.get_one(Item, fair.item).name = {"en": "Standard ticket", "de": "Standardticket"}
    question = db.session.scalars(sa.select(Question).where(Question.identifier == "SIZE")).one()
    question.question = {"en": "Size", "de": "Größe"}
    option = db.session.scalars(sa.select(QuestionOption)).one()
    option.answer = {"en": "Medium", "de": "Mittel"}
    answer = Answer(position_id=person.id, question_id=question.id, answer="Medium")
    db.session.add(answer)
    db.session.flush()
    options = Answer.metadata.tables["answer_options"]
    db.session.execute(options.insert().values(answer_id=answer.id, option_id=option.id))
    fields = ["country", "item", "question_SIZE"]
    assert [entry["value"] for entry in read(fair, fields)] == ["Germany", "Standard ticket - Early bird", "Medium"]
    assert [(entry["label"], entry["value"]) for entry in read(fair, fields, "de")][1:] == [
        (read(fair, ["item"], "de")[0]["label"], "Standardticket - Early bird"),
        ("Größe", "Mittel"),
    ]
    assert read(fair, ["country"], "de-informal")[0]["value"] == "Deutschland"
    assert read(fair, ["country"], "xx-nonsense")[0]["value"] == "Germany"


def test_yes_no_and_files(session: Any, fair: Fair) -> None:
    for kind, text, value in (
        ("B", "True", "Yes"),
        ("B", "false", "No"),
        ("F", "file:///x.pdf", ""),
        ("N", "12", "12"),
    ):
        question = Question(event_id=fair.event, question={"en": kind}, type=kind, identifier=f"{kind}{text[:4]}")
        db.session.add(question)
        db.session.flush()
        db.session.add(Answer(position_id=fair.positions[0], question_id=question.id, answer=text))
        db.session.flush()
        assert read(fair, [f"question_{question.identifier}"])[0]["value"] == value


def test_anothers_answers_and_questions_stay_there(session: Any, fair: Fair, app: Flask) -> None:
    foreign = Question(event_id=fair.other_event, question={"en": "Other"}, type="S", identifier="OTHER")
    db.session.add(foreign)
    db.session.flush()
    assert read(fair, ["question_OTHER"]) == []


def test_json_says_the_same_whatever_stands_in_it(app: Flask) -> None:
    odd = 'a "b" \\ %s %% </script> \n\t\x01 \u2028 ü 😀'
    question = ShownQuestion(1, "S", {"en": odd})
    fields = ("company", "attendee_name", "question_Q", "country", "item")
    shown = ShownFields(fields, "en", ("en",), {"question_Q": question}, {1: {"en": odd}})
    parts: list[dict[str, str] | None] = [
        {"_scheme": "given_family", "given_name": odd, "family_name": ""},
        {"_scheme": "full", "full_name": odd},
        {},
        None,
    ]
    for each in parts:
        person = SimpleNamespace(
            attendee_name=odd if each else None,
            attendee_name_parts=each,
            company=odd,
            country="DE",
            item_id=1,
            variation_id=None,
        )
        with app.test_request_context():
            reader = FieldReader(shown, "en")
        for answers in (None, {}, {"question_Q": GivenAnswer(odd)}):
            assert as_json(reader, person, answers) == reader.entries(person, answers)
        assert as_json(FieldReader(replace(shown, ids=()), "en"), person, {}) == []
