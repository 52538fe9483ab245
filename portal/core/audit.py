"""Writing to the audit log: every change by anyone."""

from typing import Any

from portal.core import clock
from portal.core.actors import Actor
from portal.core.models import AuditEntry
from portal.core.statements import run

_INSERT = AuditEntry.metadata.tables["audit_log"].insert()


def record(
    *,
    actor: Actor,
    action: str,
    organizer_id: int | None = None,
    event_id: int | None = None,
    object_kind: str = "",
    object_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> int:
    """Add an entry to the transaction; its id. ``action`` is ``thing.done``; ``data`` is JSON and holds no secret."""
    added = run(
        _INSERT,
        {
            "datetime": clock.now(),
            "organizer_id": organizer_id,
            "event_id": event_id,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "actor_label": actor.label[:255],
            "action": action,
            "object_kind": object_kind,
            "object_id": object_id,
            "data": data or {},
        },
    )
    key = added.inserted_primary_key
    return int(key[0]) if key else 0
