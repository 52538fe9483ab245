"""Answers given at a gate: read by the question's type, and saved in the forms of the bundle."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.checkin.queries.questions import AskedQuestion
from portal.core import clock
from portal.core.database import db
from portal.core.i18n import localise
from portal.core.moments import read_moment
from portal.core.statements import run
from portal.tickets.models import Answer, answer_options

MAX_LINE, MAX_TEXT = 1000, 10_000

_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,10})?|\.\d{1,10})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_ID = re.compile(r"\d{1,18}", re.ASCII)


class InvalidAnswer(ValueError):
    """What was sent is no answer to the question."""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer as it is stored; no ``text`` and no options is the empty answer."""

    text: str
    options: tuple[int, ...] = ()


def read_answer(question: AskedQuestion, text: str, *, locale: str, zone: ZoneInfo) -> GivenAnswer:
    """What ``text`` answers. Raises `InvalidAnswer`; the empty answer is invalid where one is required."""
    text = text.strip()
    if not text:
        if question.required:
            raise InvalidAnswer("required")
        return GivenAnswer("")
    if "\0" in text:
        raise InvalidAnswer("null character")
    try:
        return _READERS[question.type](question, text, locale, zone)
    except ValueError as error:
        raise InvalidAnswer(str(error)) from None


def _number(_question: AskedQuestion, text: str, _locale: str, _zone: ZoneInfo) -> GivenAnswer:
    if not _NUMBER.fullmatch(text):
        raise InvalidAnswer("no number")
    return GivenAnswer(f"{Decimal(text):f}")


def _line(_question: AskedQuestion, text: str, _locale: str, _zone: ZoneInfo) -> GivenAnswer:
    if len(text) > MAX_LINE or len(text.splitlines()) > 1:
        raise InvalidAnswer("no line")
    return GivenAnswer(text)


def _text(_question: AskedQuestion, text: str, _locale: str, _zone: ZoneInfo) -> GivenAnswer:
    if len(text) > MAX_TEXT:
        raise InvalidAnswer("too long")
    return GivenAnswer(text)


def _yes_or_no(question: AskedQuestion, text: str, _locale: str, _zone: ZoneInfo) -> GivenAnswer:
    lowered = text.lower()
    if lowered not in ("true", "false") or (question.required and lowered != "true"):
        raise InvalidAnswer("not answered by yes")
    return GivenAnswer(lowered.capitalize())


def _date(_question: AskedQuestion, text: str, _locale: str, _zone: ZoneInfo) -> GivenAnswer:
    if not _DATE.fullmatch(text):
        raise InvalidAnswer("no date")
    return GivenAnswer(dt.date.fromisoformat(text).isoformat())


def _time(_question: AskedQuestion, text: str, _locale: str, _zone: ZoneInfo) -> GivenAnswer:
    if not _TIME.fullmatch(text):
        raise InvalidAnswer("no time")
    return GivenAnswer(dt.time.fromisoformat(text).isoformat())


def _moment(_question: AskedQuestion, text: str, _locale: str, zone: ZoneInfo) -> GivenAnswer:
    return GivenAnswer(read_moment(text, zone).isoformat())


def _one_option(question: AskedQuestion, text: str, locale: str, _zone: ZoneInfo) -> GivenAnswer:
    return _chosen(question, [text], locale)


def _several_options(question: AskedQuestion, text: str, locale: str, _zone: ZoneInfo) -> GivenAnswer:
    return _chosen(question, [part for part in text.split(",") if part.strip()], locale)


def _chosen(question: AskedQuestion, given: Sequence[str], locale: str) -> GivenAnswer:
    ids = set()
    for part in given:
        if not _ID.fullmatch(part.strip()) or int(part) not in question.options:
            raise InvalidAnswer("no such option")
        ids.add(int(part))
    if question.required and not ids:
        raise InvalidAnswer("required")
    # In the question's order, as its texts are read everywhere.
    options = tuple(option for option in question.options if option in ids)
    return GivenAnswer(", ".join(localise(question.options[option], locale) for option in options), options)


_READERS = {
    "N": _number,
    "S": _line,
    "T": _text,
    "B": _yes_or_no,
    "C": _one_option,
    "M": _several_options,
    "D": _date,
    "H": _time,
    "W": _moment,
}


def is_answered(question: AskedQuestion) -> bool:
    """Whether what is stored answers the question: nothing where it is optional, a required yes/no by yes alone."""
    if question.answer is None or (question.required and not (question.answer or question.chosen)):
        return False
    return not (question.required and question.type == "B") or question.answer.lower() == "true"


def evaluate(
    questions: Sequence[AskedQuestion], given: Mapping[int, str], *, locale: str, zone: ZoneInfo
) -> tuple[dict[int, GivenAnswer], list[AskedQuestion]]:
    """The valid ones of the given answers by question, and the questions that are still to be asked."""
    valid: dict[int, GivenAnswer] = {}
    open_: list[AskedQuestion] = []
    for question in questions:
        if question.id in given:
            try:
                valid[question.id] = read_answer(question, given[question.id], locale=locale, zone=zone)
            except InvalidAnswer:
                open_.append(question)
        elif not is_answered(question):
            open_.append(question)
    return valid, open_


_VALUES: dict[str, Any] = {
    "position_id": sa.bindparam("ticket"),
    "question_id": sa.bindparam("question"),
    "answer": sa.bindparam("text"),
    "modified": sa.bindparam("now"),
}
_KEY = ("position_id", "question_id")
_CHANGED: dict[str, Any] = {"answer": sa.bindparam("text"), "modified": sa.bindparam("now")}
#: One row for a ticket and question, whoever comes first; it stays locked until the commit.
_UPSERT = {
    "postgresql": postgresql.insert(Answer)
    .values(_VALUES)
    .on_conflict_do_update(index_elements=_KEY, set_=_CHANGED)
    .returning(Answer.id),
    "sqlite": sqlite.insert(Answer)
    .values(_VALUES)
    .on_conflict_do_update(index_elements=_KEY, set_=_CHANGED)
    .returning(Answer.id),
}
_DELETE_OPTIONS = sa.delete(answer_options).where(answer_options.c.answer_id == sa.bindparam("answer"))


def save(ticket_id: int, valid: Mapping[int, GivenAnswer]) -> None:
    """Store answers of a ticket in place of earlier ones; an empty one is stored too, so that nobody asks again."""
    for question_id, answer in sorted(valid.items()):
        parameters = {"ticket": ticket_id, "question": question_id, "text": answer.text, "now": clock.now()}
        answer_id = run(_UPSERT[db.engine.dialect.name], parameters).scalar_one()
        run(_DELETE_OPTIONS, {"answer": answer_id})
        if answer.options:
            rows = [{"answer_id": answer_id, "option_id": option} for option in answer.options]
            db.session.connection().execute(answer_options.insert(), rows)
