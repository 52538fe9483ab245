"""Writing to the audit log: every change by anyone."""

from collections.abc import Mapping
from typing import Any

from portal.core.actors import Actor
from portal.core.database import db
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


def record_many(
    *,
    actor: Actor,
    action: str,
    organizer_id: int | None,
    event_id: int | None,
    object_kind: str,
    data: Mapping[int, dict[str, Any]],
) -> None:
    """Add an entry for each of many objects, by their ids, in one statement."""
    shared = {"organizer_id": organizer_id, "event_id": event_id, "action": action, "object_kind": object_kind}
    shared |= {"actor_kind": actor.kind, "actor_id": actor.id, "actor_label": actor.label[:255]}
    if data:
        db.session.connection().execute(
            _INSERT, [shared | {"object_id": id_, "data": each} for id_, each in data.items()]
        )
