"""Questions with their options: made, changed, and deleted as long as nobody answered."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.core.actors import Actor, EventScope
from portal.core.codes import make_code
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput, NotFound
from portal.core.sentences import Sentence
from portal.events.models import Item, Question, QuestionOption
from portal.events.services.changes import count, record

ANSWERED = Sentence("This was answered already: it cannot be deleted. Ask it for no product instead.")
WITH_OPTIONS = ("C", "M")
MOST_OPTIONS = 100


@dataclass(frozen=True, slots=True)
class OptionValues:
    """An answer to choose: one that is there by its ``id``, or a new one."""

    id: int | None
    answer: dict[str, str]
    position: int


@dataclass(frozen=True, slots=True)
class QuestionValues:
    """A question with all its options: one that is missing is deleted. ``identifier`` is given once and stays."""

    question: dict[str, str]
    type: str
    identifier: str
    required: bool
    ask_during_checkin: bool
    position: int
    items: Sequence[int]
    options: Sequence[OptionValues] = ()


def save_question(*, actor: Actor, event: EventScope, question_id: int | None, values: QuestionValues) -> int:
    """Make a question, or set one; its id.

    Raises `InvalidInput` where an answered question would become one of another type, an option that somebody chose
    would go, or another question has the identifier; `NotFound` for another event's question.
    """
    if values.type in WITH_OPTIONS and not values.options:
        raise InvalidInput({"options": [Sentence("Give at least one answer to choose.")]})
    if len(values.options) > MOST_OPTIONS:
        raise InvalidInput({"options": [Sentence("At most %(most)s are possible.", most=MOST_OPTIONS)]})
    made = _make(event, values) if question_id is None else question_id
    question = _locked(event, made)
    if question.type != values.type and count("answers", question_id=made):
        raise InvalidInput({"type": [Sentence("This was answered already: its type stays.")]})
    question.type, question.question, question.required = values.type, values.question, values.required
    question.ask_during_checkin, question.position = values.ask_during_checkin, values.position
    wanted = sa.select(Item).where(Item.event_id == event.event_id, Item.id.in_(values.items)).order_by(Item.id)
    question.items = list(db.session.scalars(wanted))
    _set_options(question, values.options if values.type in WITH_OPTIONS else ())
    db.session.flush()
    db.session.expire(question, ["options"])
    action = "question.created" if question_id is None else "question.changed"
    record(actor, event, action, "question", made, question=values.question)
    return int(made)


def _make(event: EventScope, values: QuestionValues) -> int:
    identifier = values.identifier or make_code(8)
    insert = (sqlite if db.engine.dialect.name == "sqlite" else postgresql).insert(Question)
    row = insert.values(
        event_id=event.event_id,
        identifier=identifier,
        question=values.question,
        type=values.type,
        required=values.required,
        position=values.position,
        ask_during_checkin=values.ask_during_checkin,
    )
    made = db.session.execute(row.on_conflict_do_nothing().returning(Question.id)).scalar()
    if made is None:
        raise InvalidInput({"identifier": [Sentence("Another question has this short name.")]})
    return int(made)


def _set_options(question: Question, values: Sequence[OptionValues]) -> None:
    there = {each.id: each for each in question.options}
    kept = {each.id for each in values if each.id in there}
    for gone in there.keys() - kept:
        if count("answer_options", option_id=gone):
            raise InvalidInput({"options": [Sentence("Somebody chose this answer: it cannot be deleted.")]})
        db.session.delete(there[gone])
    for each in values:
        option = there.get(each.id or 0) or QuestionOption(question_id=question.id, identifier=make_code(8))
        option.answer, option.position = each.answer, each.position
        db.session.add(option)


def delete_question(*, actor: Actor, event: EventScope, question_id: int) -> None:
    """Delete a question that nobody answered. Raises `Conflict` with the reason for another."""
    question = _locked(event, question_id)
    if count("answers", question_id=question_id):
        raise Conflict(ANSWERED)
    text = question.question
    db.session.delete(question)
    db.session.flush()
    record(actor, event, "question.deleted", "question", question_id, question=text)


def _locked(event: EventScope, question_id: int) -> Question:
    statement = sa.select(Question).where(Question.event_id == event.event_id, Question.id == question_id)
    found = db.session.scalars(statement.with_for_update()).one_or_none()
    if found is None:
        raise NotFound("This question does not exist, or it belongs to another event.")
    return found
