"""Check-in lists: made, changed and deleted by members who may change the event's settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext

from portal.checkin.models import CheckinList
from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.events.models import Event, Item, SubEvent

MAX_NAME = 190


@dataclass(frozen=True, slots=True)
class ListValues:
    """What a person sets on a list. Without ``all_products`` only ``items`` are checked in on it."""

    name: str
    all_products: bool
    items: Sequence[int]
    include_pending: bool
    subevent_id: int | None = None


def create_list(*, actor: Actor, scope: EventScope, values: ListValues) -> CheckinList:
    """A new list of the event."""
    made = CheckinList(event_id=scope.event_id, name="")
    _set(scope, made, values)
    db.session.add(made)
    db.session.flush()
    _note(actor, scope, "checkin_list.created", made, _facts(made))
    return made


def change_list(*, actor: Actor, scope: EventScope, list_id: int, values: ListValues) -> CheckinList:
    """Set all values of a list."""
    found = own_list(scope, list_id)
    before = _facts(found)
    _set(scope, found, values)
    found.modified = clock.now()
    db.session.flush()
    after = _facts(found)
    changed = {name: value for name, value in after.items() if value != before[name]}
    if changed:
        _note(actor, scope, "checkin_list.changed", found, {"name": found.name, "changed": changed})
    return found


def delete_list(*, actor: Actor, scope: EventScope, list_id: int) -> str:
    """Delete a list with its devices, check-ins and refusals; returns its name."""
    found = own_list(scope, list_id)
    name = found.name
    _note(actor, scope, "checkin_list.deleted", found, {"name": name})
    db.session.execute(sa.delete(CheckinList).where(CheckinList.id == found.id))
    # Check-ins show on tickets wherever those are read: the event says that something changed.
    db.session.execute(sa.update(Event).where(Event.id == scope.event_id).values(modified=clock.now()))
    return name


def own_list(scope: EventScope, list_id: int) -> CheckinList:
    """A list of the event; `NotFound` for another."""
    found = db.session.scalar(
        sa.select(CheckinList).where(CheckinList.id == list_id, CheckinList.event_id == scope.event_id)
    )
    if found is None:
        raise NotFound("This check-in list does not exist, or it belongs to another event.")
    return found


def own_items(scope: EventScope, ids: Sequence[int], field: str) -> list[Item]:
    """Products of the event; another event's are an error of ``field``."""
    wanted = set(ids)
    if not wanted:
        raise InvalidInput({field: [gettext("Choose at least one product, or all of them.")]})
    found = list(db.session.scalars(sa.select(Item).where(Item.event_id == scope.event_id, Item.id.in_(wanted))))
    if len(found) != len(wanted):
        raise InvalidInput({field: [gettext("One of these products is not the event's.")]})
    return sorted(found, key=lambda item: item.id)


def clean_name(given: str, field: str = "name") -> str:
    """A name in one line; empty or too long is an error."""
    name = " ".join(given.replace("\0", "").split())
    if not name:
        raise InvalidInput({field: [gettext("Enter a name.")]})
    if len(name) > MAX_NAME:
        raise InvalidInput({field: [gettext("At most %(count)s characters fit.", count=MAX_NAME)]})
    return name


def _set(scope: EventScope, row: CheckinList, values: ListValues) -> None:
    row.name = clean_name(values.name)
    row.limit_products = [] if values.all_products else own_items(scope, values.items, "items")
    row.all_products = values.all_products
    row.include_pending = values.include_pending
    row.subevent_id = _subevent(scope, row, values.subevent_id)


def _subevent(scope: EventScope, row: CheckinList, subevent_id: int | None) -> int | None:
    if subevent_id is None or not scope.has_subevents:
        return None
    known = sa.select(SubEvent.id).where(SubEvent.id == subevent_id, SubEvent.event_id == scope.event_id)
    if db.session.scalar(known) is None:
        raise InvalidInput({"subevent": [gettext("This date is not the event's.")]})
    return subevent_id


def _facts(row: CheckinList) -> dict[str, Any]:
    return {
        "name": row.name,
        "all_products": row.all_products,
        "items": [item.id for item in row.limit_products],
        "include_pending": row.include_pending,
        "subevent": row.subevent_id,
    }


def _note(actor: Actor, scope: EventScope, action: str, row: CheckinList, data: dict[str, Any]) -> None:
    audit.record(
        actor=actor,
        action=action,
        organizer_id=scope.organizer_id,
        event_id=scope.event_id,
        object_kind="checkin_list",
        object_id=row.id,
        data=data,
    )
