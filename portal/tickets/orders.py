"""Reads about orders for organizers: the list with its filters, and one order with everything in it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import aliased

from portal.core.database import db
from portal.core.i18n import LocalisedString
from portal.core.names import SCHEMES
from portal.events.models import Item, ItemVariation, Question, QuestionOption, SubEvent
from portal.tickets.models import Answer, Checkin, Order, OrderPosition, answer_options
from portal.tickets.search import begins, text_conditions

STATUSES = ("p", "n", "e", "c")
CHECKED = ("in", "out")
DEFAULT_SCHEME = "given_family"
_lists = sa.table("checkin_lists", sa.column("id"), sa.column("name"))
_vouchers = sa.table("vouchers", sa.column("id"), sa.column("code"))
# The condition is spelled as its partial index is.
_came_in = sa.exists().where(Checkin.position_id == OrderPosition.id, sa.text("checkins.first"))


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What somebody looks for. ``checked`` is ``in``, ``out`` (a live ticket is not in), or empty."""

    q: str = ""
    status: str = ""
    item: int | None = None
    subevent: int | None = None
    checked: str = ""

    @property
    def narrows(self) -> bool:
        """Whether orders may be left out."""
        return bool(self.q or self.status or self.item or self.subevent or self.checked)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in the list; tickets that are cancelled count nowhere."""

    id: int
    code: str
    status: str
    testmode: bool
    email: str | None
    datetime: dt.datetime
    invoice_company: str | None
    name: str | None
    company: str | None
    tickets: int
    total: Decimal
    checked_in: int


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket of an order, with the names of what it names."""

    position: OrderPosition
    item: LocalisedString
    variation: LocalisedString | None
    subevent: LocalisedString | None
    voucher: str | None
    answers: Sequence[tuple[LocalisedString, str | Sequence[LocalisedString]]] = ()
    checkins: Sequence[tuple[str, dt.datetime, str]] = field(default=())


def _conditions(event_id: int, wanted: OrderFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [Order.event_id == event_id]
    if wanted.status:
        conditions.append(Order.status == wanted.status)
    of_tickets: list[sa.ColumnElement[bool]] = []
    if wanted.item:
        of_tickets.append(OrderPosition.item_id == wanted.item)
    if wanted.subevent:
        of_tickets.append(OrderPosition.subevent_id == wanted.subevent)
    if wanted.checked:
        of_tickets += [~OrderPosition.canceled, _came_in if wanted.checked == "in" else ~_came_in]
    if of_tickets:
        conditions.append(sa.exists().where(OrderPosition.order_id == Order.id, *of_tickets))
    if wanted.q:
        conditions.append(Order.id.in_(_found(event_id, wanted.q)))
    return conditions


def _found(event_id: int, query: str) -> sa.CompoundSelect[int]:
    """Orders by how their code or a secret begins, by their e-mail address, or by words about their people."""
    positions = sa.select(OrderPosition.order_id).where(OrderPosition.event_id == event_id)
    coded = sa.select(Order.id).where(Order.event_id == event_id)
    found = [
        coded.where(begins(Order.code, query)),
        coded.where(sa.func.lower(Order.email) == query.lower()),
        positions.where(begins(OrderPosition.secret, query)),
    ]
    if words := text_conditions(query):
        found.append(positions.where(*words))
    return sa.union(*found)


def count(event_id: int, wanted: OrderFilter) -> int:
    """How many orders match."""
    statement = sa.select(sa.func.count()).select_from(Order).where(*_conditions(event_id, wanted))
    return db.session.scalar(statement) or 0


def status_counts(event_id: int) -> dict[str, int]:
    """How many orders of each status there are."""
    statement = sa.select(Order.status, sa.func.count()).where(Order.event_id == event_id).group_by(Order.status)
    return {status: number for status, number in db.session.execute(statement)}


def page(event_id: int, wanted: OrderFilter, *, limit: int, offset: int) -> list[OrderRow]:
    """Some of the orders that match, the newest first."""
    part = (
        sa.select(Order.id)
        .where(*_conditions(event_id, wanted))
        .order_by(Order.datetime.desc(), Order.id.desc())
        .limit(limit)
        .offset(offset)
    )
    ids = list(db.session.scalars(part))
    one = aliased(OrderPosition)
    first = sa.select(one.id).where(one.order_id == Order.id).order_by(one.canceled, one.positionid).limit(1)
    live = sa.and_(OrderPosition.order_id == Order.id, ~OrderPosition.canceled)
    statement = (
        sa.select(
            Order.id,
            Order.code,
            Order.status,
            Order.testmode,
            Order.email,
            Order.datetime,
            Order.invoice_company,
            first.with_only_columns(one.attendee_name).scalar_subquery(),
            first.with_only_columns(one.company).scalar_subquery(),
            sa.func.count(OrderPosition.id),
            sa.func.coalesce(sa.func.sum(OrderPosition.price), 0, type_=OrderPosition.price.type),
            sa.func.count(sa.case((_came_in, 1))),
        )
        .select_from(Order)
        .outerjoin(OrderPosition, live)
        .where(Order.id.in_(ids))
        .group_by(Order.id)
        .order_by(Order.datetime.desc(), Order.id.desc())
    )
    return [OrderRow(*row) for row in db.session.execute(statement)]


def one(event_id: int, order_id: int) -> Order | None:
    """An order of the event."""
    statement = sa.select(Order).where(Order.event_id == event_id, Order.id == order_id)
    return db.session.scalars(statement).one_or_none()


def ticket(order: Order, position_id: int) -> OrderPosition | None:
    """A ticket of an order."""
    statement = sa.select(OrderPosition).where(OrderPosition.order_id == order.id, OrderPosition.id == position_id)
    return db.session.scalars(statement).one_or_none()


def name_scheme(event_id: int) -> str:
    """The parts that the names of an event's people have: those of the newest ticket that has some."""
    newest = sa.select(OrderPosition.attendee_name_parts).where(OrderPosition.event_id == event_id)
    rows = db.session.scalars(newest.order_by(OrderPosition.id.desc()).limit(20))
    known = (str(parts.get("_scheme", "")) for parts in rows if parts)
    return next((scheme for scheme in known if scheme in SCHEMES), DEFAULT_SCHEME)


def tickets(order: Order) -> list[TicketRow]:
    """The tickets of an order in their order; three queries, however many there are."""
    rows = db.session.execute(
        sa.select(OrderPosition, Item.name, ItemVariation.value, SubEvent.name, _vouchers.c.code)
        .join(Item, Item.id == OrderPosition.item_id)
        .outerjoin(ItemVariation, ItemVariation.id == OrderPosition.variation_id)
        .outerjoin(SubEvent, SubEvent.id == OrderPosition.subevent_id)
        .outerjoin(_vouchers, _vouchers.c.id == OrderPosition.voucher_id)
        .where(OrderPosition.order_id == order.id)
        .order_by(OrderPosition.positionid)
    ).all()
    ids = [row[0].id for row in rows]
    answers, checkins = _answers(ids), _checkins(ids)
    return [
        TicketRow(position, item, variation, date, voucher, answers.get(position.id, ()), checkins.get(position.id, ()))
        for position, item, variation, date, voucher in rows
    ]


def _answers(ids: Sequence[int]) -> Mapping[int, list[tuple[LocalisedString, Any]]]:
    statement = (
        sa.select(Answer.position_id, Answer.id, Question.question, Question.type, Answer.answer, QuestionOption.answer)
        .join(Question, Question.id == Answer.question_id)
        .outerjoin(answer_options, answer_options.c.answer_id == Answer.id)
        .outerjoin(QuestionOption, QuestionOption.id == answer_options.c.option_id)
        .where(Answer.position_id.in_(ids))
        .order_by(Question.position, Question.id, QuestionOption.position, QuestionOption.id)
    )
    found: dict[int, dict[int, tuple[LocalisedString, str, list[LocalisedString]]]] = {}
    words = {"True": gettext("yes"), "False": gettext("no")}
    for position_id, answer_id, question, kind, text, option in db.session.execute(statement):
        text = words.get(text, text) if kind == "B" else text
        entry = found.setdefault(position_id, {}).setdefault(answer_id, (question, text, []))
        if option is not None:
            entry[2].append(option)
    return {
        position_id: [(question, options or text) for question, text, options in entries.values() if options or text]
        for position_id, entries in found.items()
    }


def _checkins(ids: Sequence[int]) -> Mapping[int, list[tuple[str, dt.datetime, str]]]:
    statement = (
        sa.select(Checkin.position_id, _lists.c.name, Checkin.datetime, Checkin.type)
        .join(_lists, _lists.c.id == Checkin.list_id)
        .where(Checkin.position_id.in_(ids))
        .order_by(Checkin.datetime, Checkin.id)
    )
    found: dict[int, list[tuple[str, dt.datetime, str]]] = {}
    for position_id, *entry in db.session.execute(statement):
        found.setdefault(position_id, []).append((entry[0], entry[1], entry[2]))
    return found
