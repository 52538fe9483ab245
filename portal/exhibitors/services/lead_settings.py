"""What an event's exhibitors see and are told: the settings of leads, links and mails, changed as one."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.errors import InvalidInput, NotFound
from portal.core.statements import run
from portal.events.mail_templates import TEMPLATES
from portal.events.models import Event
from portal.events.settings import check_settings, read_settings

_events: sa.Table = Event.metadata.tables["events"]
_LOCK = sa.select(_events.c.settings).where(_events.c.id == sa.bindparam("event")).with_for_update(key_share=True)


def change_settings(*, actor: Actor, event: EventScope, values: Mapping[str, Any]) -> list[str]:
    """Set what is given and leave the rest; the names of what changed. None is the default again.

    Raises `InvalidInput` with every value that cannot be stored, by its name (and index or language).
    """
    stored, errors = check_settings(values)
    if errors:
        raise InvalidInput({error.name: [error.reason] for error in errors})
    old = run(_LOCK, {"event": event.event_id}).scalar()
    if old is None:
        raise NotFound("This event does not exist, or it is not yours.")
    new = {name: value for name, value in old.items() if name not in values} | stored
    before, after = read_settings(old), read_settings(new)
    changed = [name for name in values if getattr(before, name) != getattr(after, name)]
    if not changed:
        return []
    run(sa.update(_events).where(_events.c.id == event.event_id).values(settings=new, modified=clock.now()))
    said = {
        name: None if name in TEMPLATES else [_plain(getattr(before, name)), _plain(getattr(after, name))]
        for name in changed
    }
    audit.record(
        actor=actor,
        action="event.lead_settings_changed",
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="event",
        object_id=event.event_id,
        data={"changed": said},
    )
    return changed


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
