"""Questions that are asked at check-in, with their options and what a ticket has answered already."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from portal.checkin.queries.tickets import ASKABLE
from portal.core.i18n import LocalisedString
from portal.core.statements import json_rows, run
from portal.events.models import Question, QuestionOption, question_items
from portal.tickets.models import Answer, answer_options


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question for the person at the gate; options in their order.

    ``answer`` is what is stored for the ticket; ``chosen``: with options, whose texts may all be empty.
    """

    id: int
    type: str
    text: LocalisedString
    required: bool
    position: int
    items: tuple[int, ...]
    options: Mapping[int, LocalisedString] = field(default_factory=dict)
    answer: str | None = None
    chosen: bool = False


_shown = question_items.alias("shown_items")
_ITEM_IDS = sa.select(json_rows(_shown.c.item_id)).where(_shown.c.question_id == Question.id).scalar_subquery()

_COLUMNS = (
    Question.id,
    Question.type,
    Question.question,
    Question.required,
    Question.position,
    _ITEM_IDS,
    QuestionOption.id,
    QuestionOption.answer,
)
_ASKED = sa.and_(Question.event_id == sa.bindparam("event"), Question.ask_during_checkin, Question.type.in_(ASKABLE))
_ORDER = (Question.position, Question.id, QuestionOption.position, QuestionOption.id)

_CHOSEN = sa.exists().where(answer_options.c.answer_id == Answer.id)
_FOR_TICKET = (
    sa.select(*_COLUMNS, Answer.answer, _CHOSEN)
    .join(question_items, question_items.c.question_id == Question.id)
    .outerjoin(QuestionOption, QuestionOption.question_id == Question.id)
    .outerjoin(Answer, sa.and_(Answer.question_id == Question.id, Answer.position_id == sa.bindparam("ticket")))
    .where(_ASKED, question_items.c.item_id == sa.bindparam("item"))
    .order_by(*_ORDER)
)
_OF_EVENT = (
    sa.select(*_COLUMNS, sa.null(), sa.false())
    .outerjoin(QuestionOption, QuestionOption.question_id == Question.id)
    .where(_ASKED)
    .order_by(*_ORDER)
)


def for_ticket(*, event_id: int, ticket_id: int, item_id: int) -> list[AskedQuestion]:
    """What is asked at check-in for a ticket's product, in order; one query."""
    return _read(run(_FOR_TICKET, {"event": event_id, "ticket": ticket_id, "item": item_id}))


def of_event(event_id: int) -> list[AskedQuestion]:
    """Everything that an event asks at check-in, in order; one query."""
    return _read(run(_OF_EVENT, {"event": event_id}))


def _read(rows: Any) -> list[AskedQuestion]:
    found: dict[int, AskedQuestion] = {}
    options: dict[int, dict[int, LocalisedString]] = {}
    for id_, kind, text, required, position, items, option_id, option, answer, chosen in rows:
        if id_ not in found:
            options[id_] = {}
            ids = tuple(sorted(item for (item,) in items or ()))
            found[id_] = AskedQuestion(id_, kind, text, required, position, ids, options[id_], answer, bool(chosen))
        if option_id is not None and kind in ("C", "M"):
            options[id_][option_id] = option
    return list(found.values())
