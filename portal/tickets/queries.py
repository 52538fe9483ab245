"""Reads about tickets: order positions and cart positions as the REST API nests them."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from portal.core.i18n import localise
from portal.core.money import money
from portal.core.names import compose
from portal.core.statements import json_rows, one_of_ids, run
from portal.events.models import Question, QuestionOption
from portal.tickets.models import Answer, CartPosition, Checkin, Order, OrderPosition, answer_options

_POSITION_COLUMNS = (
    OrderPosition.id,
    Order.code,
    OrderPosition.positionid,
    OrderPosition.item_id,
    OrderPosition.variation_id,
    OrderPosition.price,
    OrderPosition.attendee_name,
    OrderPosition.attendee_name_parts,
    OrderPosition.company,
    OrderPosition.street,
    OrderPosition.zipcode,
    OrderPosition.city,
    OrderPosition.country,
    OrderPosition.state,
    OrderPosition.discount,
    OrderPosition.attendee_email,
    OrderPosition.voucher_id,
    OrderPosition.tax_rate,
    OrderPosition.tax_value,
    OrderPosition.secret,
    OrderPosition.addon_to_id,
    OrderPosition.subevent_id,
    OrderPosition.tax_rule,
    OrderPosition.pseudonymization_id,
    OrderPosition.canceled,
    OrderPosition.valid_from,
    OrderPosition.valid_until,
    OrderPosition.blocked,
    OrderPosition.voucher_budget_use,
)

_CHECKINS = (
    sa.select(
        json_rows(
            Checkin.id,
            Checkin.list_id,
            sa.cast(Checkin.datetime, sa.Text),
            Checkin.type,
            Checkin.auto_checked_in,
            sa.cast(Checkin.modified, sa.Text),
        )
    )
    .where(Checkin.position_id == OrderPosition.id)
    .scalar_subquery()
)

#: One row for each chosen option of an answer, one with nulls for an answer without options.
_ANSWERS = (
    sa.select(
        json_rows(
            Answer.id,
            Question.id,
            Question.identifier,
            Answer.answer,
            QuestionOption.position,
            QuestionOption.id,
            QuestionOption.identifier,
            QuestionOption.answer,
            sa.cast(Answer.modified, sa.Text),
        )
    )
    .select_from(Answer)
    .join(Question, Question.id == Answer.question_id)
    .outerjoin(answer_options, answer_options.c.answer_id == Answer.id)
    .outerjoin(QuestionOption, QuestionOption.id == answer_options.c.option_id)
    .where(Answer.position_id == OrderPosition.id)
    .scalar_subquery()
)

_POSITIONS = (
    sa.select(*_POSITION_COLUMNS, _CHECKINS, _ANSWERS)
    .join(Order, Order.id == OrderPosition.order_id)
    .where(one_of_ids(OrderPosition.id, "ids"))
)

_CARTS = sa.select(
    CartPosition.id,
    CartPosition.cart_id,
    CartPosition.item_id,
    CartPosition.variation_id,
    CartPosition.price,
    CartPosition.attendee_name,
    CartPosition.attendee_name_parts,
    CartPosition.attendee_email,
    CartPosition.voucher_id,
    CartPosition.addon_to_id,
    CartPosition.subevent_id,
    CartPosition.datetime,
    CartPosition.expires,
    CartPosition.includes_tax,
    CartPosition.answers,
).where(one_of_ids(CartPosition.id, "ids"))


def order_positions(
    ids: Sequence[int], *, event_slug: str, locale: str
) -> tuple[dict[int, dict[str, Any]], datetime | None]:
    """Order positions by id as `expand=orderposition` shows them, and when their answers or check-ins last changed."""
    found: dict[int, dict[str, Any]] = {}
    changes: list[datetime] = []
    for row in run(_POSITIONS, {"ids": ids}).all():
        found[row[0]] = _order_position(row, event_slug, locale, changes)
    return found, max(changes, default=None)


def _order_position(row: Sequence[Any], event_slug: str, locale: str, changes: list[datetime]) -> dict[str, Any]:
    (
        id_, code, positionid, item, variation, price, name, parts, company, street, zipcode, city, country, state,
        discount, email, voucher, tax_rate, tax_value, secret, addon_to, subevent, tax_rule, pseudonymization_id,
        canceled, valid_from, valid_until, blocked, budget, checkins, answers,
    ) = row  # fmt: skip
    return {
        "id": id_,
        "order": {"code": code, "event": event_slug},
        "positionid": positionid,
        "item": item,
        "variation": variation,
        "price": money(price),
        "attendee_name": _name(name, parts),
        "attendee_name_parts": parts or {},
        "company": company,
        "street": street,
        "zipcode": zipcode,
        "city": city,
        "country": country,
        "state": state,
        "discount": discount,
        "attendee_email": email,
        "voucher": voucher,
        "tax_rate": money(tax_rate),
        "tax_value": money(tax_value),
        "secret": secret,
        "addon_to": addon_to,
        "subevent": subevent,
        "checkins": _checkins(checkins or [], changes),
        "downloads": [],
        "answers": _answers(answers or [], locale, changes),
        "tax_rule": tax_rule,
        "pseudonymization_id": pseudonymization_id,
        "canceled": canceled,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "blocked": blocked,
        "voucher_budget_use": money(budget),
    }


def cart_positions(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Cart positions by id as `expand=cartposition` shows them."""
    return {
        row[0]: {
            "id": row[0],
            "cart_id": row[1],
            "item": row[2],
            "variation": row[3],
            "price": money(row[4]),
            "attendee_name": _name(row[5], row[6]),
            "attendee_name_parts": row[6] or {},
            "attendee_email": row[7],
            "voucher": row[8],
            "addon_to": row[9],
            "subevent": row[10],
            "datetime": row[11],
            "expires": row[12],
            "includes_tax": row[13],
            "answers": row[14] or [],
        }
        for row in run(_CARTS, {"ids": ids}).all()
    }


def _name(name: str | None, parts: Mapping[str, str] | None) -> str | None:
    return compose(parts) if name is None and parts else name


def _time(text: str | None) -> datetime | None:
    """A datetime that came inside JSON: PostgreSQL writes the zone, SQLite stores UTC without one."""
    if text is None:
        return None
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _note(changes: list[datetime], modified: str | None) -> None:
    time = _time(modified)
    if time is not None:
        changes.append(time)


def _checkins(rows: list[list[Any]], changes: list[datetime]) -> list[dict[str, Any]]:
    checkins = []
    for id_, list_id, time, kind, automatic, modified in sorted(rows, key=lambda row: int(row[0])):
        _note(changes, modified)
        checkins.append(
            {"id": id_, "list": list_id, "datetime": _time(time), "type": kind, "auto_checked_in": bool(automatic)}
        )
    return checkins


def _answers(rows: list[list[Any]], locale: str, changes: list[datetime]) -> list[dict[str, Any]]:
    answers: dict[int, dict[str, Any]] = {}
    texts: dict[int, list[str]] = {}
    for row in sorted(rows, key=lambda row: (row[0], row[4] or 0, row[5] or 0)):
        id_, question, identifier, text, _position, option_id, option_identifier, option_text, modified = row
        _note(changes, modified)
        answer = answers.setdefault(
            id_,
            {
                "question": question,
                "answer": text,
                "question_identifier": identifier,
                "options": [],
                "option_identifiers": [],
            },
        )
        if option_id is not None:
            answer["options"].append(option_id)
            answer["option_identifiers"].append(option_identifier)
            named = json.loads(option_text) if isinstance(option_text, str) else option_text
            texts.setdefault(id_, []).append(localise(named, locale))
            answer["answer"] = ", ".join(texts[id_])
    return [answer for answer in answers.values() if answer["answer"] or answer["options"]]
