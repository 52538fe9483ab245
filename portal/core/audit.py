"""Writing to the audit log: every change by anyone."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from portal.core import clock
from portal.core.actors import Actor
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.core.statements import rows

#: Marks an entry's data where an administrator of the installation acted.
ADMINISTRATOR = "administrator"

_INSERT = AuditEntry.metadata.tables["audit_log"].insert()
_ONE = _INSERT.values(
    {column.name: sa.bindparam(column.name) for column in AuditEntry.__table__.columns if column.name != "id"}
).returning(AuditEntry.id)


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
    """Add an entry to the transaction; its id. ``action`` is ``thing.done``; ``data`` is JSON and holds no secret.

    What an administrator did says so under `ADMINISTRATOR`: they may have done it where they are in no team.
    """
    said = data or {}
    added = rows(
        _ONE,
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
            "data": {**said, ADMINISTRATOR: True} if actor.is_admin else said,
        },
    )
    return int(added[0][0])


def record_each(
    *,
    actor: Actor,
    action: str,
    organizer_id: int,
    event_id: int,
    object_kind: str,
    entries: Mapping[int, dict[str, Any]],
) -> None:
    """Add an entry for each of many things to the transaction: their data by id; one statement."""
    if not entries:
        return
    same = {
        "datetime": clock.now(),
        "organizer_id": organizer_id,
        "event_id": event_id,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_label": actor.label[:255],
        "action": action,
        "object_kind": object_kind,
    }
    mark = {ADMINISTRATOR: True} if actor.is_admin else {}
    each = [{**same, "object_id": object_id, "data": data | mark} for object_id, data in entries.items()]
    db.session.connection().execute(_INSERT, each)
