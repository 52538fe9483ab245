"""What a new event takes over from an earlier one: settings, products and questions; never what was sold."""

import sqlalchemy as sa

from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.events import catalog
from portal.events.models import Event, Item, ItemVariation, Question, QuestionOption
from portal.events.services.changes import record

_ITEM = ("name", "default_price", "admission", "active", "checkin_attention", "position")
_VARIATION = ("value", "default_price", "active", "checkin_attention", "position")
_QUESTION = ("question", "type", "required", "position", "identifier", "ask_during_checkin")
_OPTION = ("identifier", "answer", "position")


def copy_event(*, actor: Actor, event: EventScope, source: EventScope) -> dict[int, int]:
    """Give an event that is empty what another one is made of; its products by those that they are copies of."""
    old, new = (db.session.get_one(Event, each.event_id) for each in (source, event))
    new.settings = dict(old.settings)
    new.locales = list(dict.fromkeys((*new.locales, *old.locales)))
    items: dict[int, Item] = {}
    for item in catalog.products(source.event_id):
        items[item.id] = copied = Item(event_id=event.event_id, **{name: getattr(item, name) for name in _ITEM})
        db.session.add(copied)
        db.session.flush()
        for each in item.variations:
            values = {name: getattr(each, name) for name in _VARIATION}
            db.session.add(ItemVariation(item_id=copied.id, **values))
    for question in catalog.questions(source.event_id):
        values = {name: getattr(question, name) for name in _QUESTION}
        asked = Question(event_id=event.event_id, items=[items[each.id] for each in question.items], **values)
        db.session.add(asked)
        db.session.flush()
        for option in question.options:
            values = {name: getattr(option, name) for name in _OPTION}
            db.session.add(QuestionOption(question_id=asked.id, **values))
    db.session.flush()
    record(actor, event, "event.copied", "event", event.event_id, source=source.event_slug)
    return {id_: item.id for id_, item in items.items()}


def sources(organizer_id: int, ids: list[int]) -> list[tuple[str, dict[str, str], str]]:
    """Events of an organizer among some, the newest first: slug, name and main language."""
    statement = (
        sa.select(Event.slug, Event.name, Event.locale)
        .where(Event.organizer_id == organizer_id, Event.id.in_(ids))
        .order_by(Event.date_from.desc(), Event.id.desc())
        .limit(100)
    )
    return [(slug, name, locale) for slug, name, locale in db.session.execute(statement)]
