"""What all changes of an event's parts leave behind: an entry in the audit log, and a later ``modified``."""

from typing import Any

import sqlalchemy as sa

from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.statements import run
from portal.events.models import Event

_events: sa.Table = Event.metadata.tables["events"]
_TOUCH = (
    sa.update(_events)
    .where(_events.c.id == sa.bindparam("event"))
    .values(modified=sa.bindparam("now", type_=_events.c.modified.type))
)


def touch(event_id: int) -> None:
    """Say that lists which show parts of the event are no longer as they were."""
    run(_TOUCH, {"event": event_id, "now": clock.now()})


def record(actor: Actor, event: EventScope, action: str, kind: str, id_: int | None, **data: Any) -> None:
    """An entry about a thing of the event, and the event is touched."""
    audit.record(
        actor=actor,
        action=action,
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind=kind,
        object_id=id_,
        data=data,
    )
    touch(event.event_id)


def count(table: str, **where: Any) -> int:
    """How many rows of a table, also of a room above, have these values."""
    named = sa.table(table, *(sa.column(name) for name in where))
    conditions = [named.c[name] == value for name, value in where.items()]
    return int(run(sa.select(sa.func.count()).select_from(named).where(*conditions)).scalar_one())
