"""Reads about what an event is made of, for its settings and for forms that choose from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.core.database import db
from portal.events.models import Event, Item, Question, SubEvent

MOST = 2000


@dataclass(frozen=True, slots=True)
class Choice:
    """A product or one of its variations, to be sold: ``key`` is ``12`` or ``12-34``."""

    item_id: int
    variation_id: int | None
    item: dict[str, str]
    variation: dict[str, str]
    price: Decimal
    active: bool

    @property
    def key(self) -> str:
        """What a form names it by."""
        return str(self.item_id) if self.variation_id is None else f"{self.item_id}-{self.variation_id}"


def event_of(event_id: int) -> Event:
    """The event itself."""
    return db.session.get_one(Event, event_id)


def languages_of(event_id: int) -> list[str]:
    """The languages that an event's texts may have, the main one first."""
    locale, locales = db.session.execute(sa.select(Event.locale, Event.locales).where(Event.id == event_id)).one()
    return list(dict.fromkeys((locale, *locales)))


def products(event_id: int) -> Sequence[Item]:
    """An event's products with their variations, in their order."""
    statement = sa.select(Item).where(Item.event_id == event_id).order_by(Item.position, Item.id).limit(MOST)
    return db.session.scalars(statement.options(selectinload(Item.variations))).all()


def product(event_id: int, item_id: int) -> Item | None:
    """One product."""
    statement = sa.select(Item).where(Item.event_id == event_id, Item.id == item_id)
    return db.session.scalars(statement).one_or_none()


def choices(event_id: int) -> list[Choice]:
    """What can be sold: each variation of a product that has some, else the product."""
    found = []
    for item in products(event_id):
        if not item.variations:
            found.append(Choice(item.id, None, item.name, {}, item.default_price, item.active))
        for each in item.variations:
            price = item.default_price if each.default_price is None else each.default_price
            found.append(Choice(item.id, each.id, item.name, each.value, price, item.active and each.active))
    return found


def questions(event_id: int) -> Sequence[Question]:
    """An event's questions with their products and options, in their order."""
    statement = sa.select(Question).where(Question.event_id == event_id)
    statement = statement.order_by(Question.position, Question.id).limit(MOST)
    return db.session.scalars(statement.options(selectinload(Question.items), selectinload(Question.options))).all()


def question(event_id: int, question_id: int) -> Question | None:
    """One question."""
    statement = sa.select(Question).where(Question.event_id == event_id, Question.id == question_id)
    return db.session.scalars(statement).one_or_none()


def dates(event_id: int) -> Sequence[SubEvent]:
    """The dates of a series, in their order."""
    statement = sa.select(SubEvent).where(SubEvent.event_id == event_id).order_by(SubEvent.date_from, SubEvent.id)
    return db.session.scalars(statement.limit(MOST)).all()


def date(event_id: int, subevent_id: int) -> SubEvent | None:
    """One date."""
    statement = sa.select(SubEvent).where(SubEvent.event_id == event_id, SubEvent.id == subevent_id)
    return db.session.scalars(statement).one_or_none()


def counts_by(table: str, column: str, ids: Sequence[int]) -> dict[int, int]:
    """How many rows of a table, also of a room above, name each of some things: one grouped query."""
    if not ids:
        return {}
    named: Any = sa.table(table, sa.column(column)).c[column]
    return {
        id_: n for id_, n in db.session.execute(sa.select(named, sa.func.count()).where(named.in_(ids)).group_by(named))
    }
