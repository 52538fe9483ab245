"""The forms of an event's parts: products with variations, questions with options, dates of a series."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.core.money import money
from portal.events.models import QUESTION_TYPES, Item, Question, SubEvent
from portal.events.services.products import MOST_VARIATIONS, ProductValues, VariationValues
from portal.events.services.questions import MOST_OPTIONS, OptionValues, QuestionValues
from portal.web.fields import Fields, local
from portal.web.params import parse_id

#: So many empty rows stand below those that are there.
SPARE = 3


def _rows(given: Mapping[str, str], prefix: str, most: int) -> Iterator[str]:
    """The prefixes of a form's rows: ``v-0``, ``v-1``, …"""
    for number in range(most + SPARE):
        row = f"{prefix}-{number}"
        if f"{row}-id" in given:
            yield row


def _named(read: Fields, name: str, languages: Sequence[str]) -> dict[str, str]:
    return read.localised(name, languages, 200, required=False)


def read_product(given: Mapping[str, str], languages: Sequence[str], before: Item | None) -> ProductValues:
    """A product in a form. Texts in languages that the form does not show stay. Raises `InvalidInput`."""
    read = Fields(given)
    there = {each.id: each for each in before.variations} if before else {}
    name = read.localised("name", languages, 200)
    variations: list[VariationValues] = []
    for row in _rows(given, "v", MOST_VARIATIONS):
        value = _named(read, f"{row}-value", languages)
        id_ = parse_id(given[f"{row}-id"])
        if not value or read.flag(f"{row}-delete"):
            continue
        variations.append(
            VariationValues(
                id=id_,
                value=_kept(there[id_].value if id_ in there else {}, languages, value),
                default_price=read.money(f"{row}-price"),
                active=read.flag(f"{row}-active"),
                checkin_attention=read.flag(f"{row}-attention"),
                position=read.whole(f"{row}-position", most=10_000, default=len(variations)),
            )
        )
    values = ProductValues(
        name=_kept(before.name if before else {}, languages, name),
        default_price=read.money("default_price") or Decimal(0),
        admission=read.flag("admission"),
        active=read.flag("active"),
        checkin_attention=read.flag("checkin_attention"),
        position=read.whole("position", most=10_000),
        variations=variations,
    )
    read.check()
    return values


def _kept(before: Mapping[str, str], languages: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    return {**{code: text for code, text in before.items() if code not in languages}, **given}


def shown_product(item: Item, languages: Sequence[str]) -> dict[str, Any]:
    """A product as its form shows it."""
    shown: dict[str, Any] = {f"name-{code}": item.name.get(code, "") for code in languages}
    shown |= {"default_price": money(item.default_price), "position": item.position}
    shown |= {name: getattr(item, name) for name in ("admission", "active", "checkin_attention")}
    for number, each in enumerate(item.variations):
        shown |= {f"v-{number}-value-{code}": each.value.get(code, "") for code in languages}
        shown |= {
            f"v-{number}-id": each.id,
            f"v-{number}-price": money(each.default_price),
            f"v-{number}-active": each.active,
            f"v-{number}-attention": each.checkin_attention,
            f"v-{number}-position": each.position,
        }
    for number in range(len(item.variations), len(item.variations) + SPARE):
        shown |= {f"v-{number}-id": "", f"v-{number}-active": True}
    return shown


def read_question(
    given: Mapping[str, str], chosen: Sequence[str], languages: Sequence[str], before: Question | None
) -> QuestionValues:
    """A question in a form. ``chosen`` are the products whose boxes are on. Raises `InvalidInput`."""
    read = Fields(given)
    there = {each.id: each for each in before.options} if before else {}
    text = read.localised("question", languages, 1000)
    options: list[OptionValues] = []
    for row in _rows(given, "o", MOST_OPTIONS):
        answer = _named(read, f"{row}-answer", languages)
        id_ = parse_id(given[f"{row}-id"])
        if not answer or read.flag(f"{row}-delete"):
            continue
        answer = _kept(there[id_].answer if id_ in there else {}, languages, answer)
        options.append(OptionValues(id_, answer, read.whole(f"{row}-position", most=10_000, default=len(options))))
    values = QuestionValues(
        question=_kept(before.question if before else {}, languages, text),
        type=read.choice("type", QUESTION_TYPES, default="S"),
        identifier="" if before else "".join(read.text("identifier", 190).split()),
        required=read.flag("required"),
        ask_during_checkin=read.flag("ask_during_checkin"),
        position=read.whole("position", most=10_000),
        items=[number for each in chosen if (number := parse_id(each))],
        options=options,
    )
    read.check()
    return values


def shown_question(question: Question, languages: Sequence[str]) -> dict[str, Any]:
    """A question as its form shows it."""
    shown: dict[str, Any] = {f"question-{code}": question.question.get(code, "") for code in languages}
    shown |= {name: getattr(question, name) for name in ("type", "identifier", "required", "ask_during_checkin")}
    shown |= {"position": question.position, "items": [item.id for item in question.items]}
    for number, each in enumerate(question.options):
        shown |= {f"o-{number}-answer-{code}": each.answer.get(code, "") for code in languages}
        shown |= {f"o-{number}-id": each.id, f"o-{number}-position": each.position}
    for number in range(len(question.options), len(question.options) + SPARE):
        shown[f"o-{number}-id"] = ""
    return shown


def read_date(given: Mapping[str, str], languages: Sequence[str], zone: str, before: SubEvent | None) -> dict[str, Any]:
    """A date of a series in a form, as arguments of `save_date`. Raises `InvalidInput`."""
    read = Fields(given, zone)
    name = read.localised("name", languages, 200)
    start: dt.datetime | None = read.moment("date_from", required=True)
    values = {
        "name": _kept(before.name if before else {}, languages, name),
        "date_from": start,
        "date_to": read.moment("date_to", end=True),
        "active": read.flag("active"),
    }
    read.check()
    return values


def shown_date(date: SubEvent, languages: Sequence[str], zone: str) -> dict[str, Any]:
    """A date as its form shows it."""
    return {
        **{f"name-{code}": date.name.get(code, "") for code in languages},
        "date_from": local(date.date_from, zone),
        "date_to": local(date.date_to, zone),
        "active": date.active,
    }
