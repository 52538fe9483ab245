"""Reading the audit log: what happened to an event, and to one thing in it."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from portal.core.database import db
from portal.core.models import AuditEntry

#: A search for changes among sign-ins and exhibitors' own work ends after so many entries.
_DEPTH = 2000


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the audit log, to be read."""

    datetime: dt.datetime
    actor_kind: str
    actor_label: str
    action: str
    object_kind: str
    object_id: int | None
    data: dict[str, Any]


#: What of an entry is for those alone who have one of these permissions, by what its action begins with.
_RESERVED = {
    "voucher": ("code", frozenset(("can_view_vouchers",))),
    "checkin": ("reason", frozenset(("can_view_orders", "can_checkin_orders"))),
}
LEFT_OUT = "…"


def as_seen(change: Change, permissions: Collection[str]) -> Change:
    """A change as somebody with these permissions may read it."""
    name, wanted = _RESERVED.get(change.action.partition(".")[0], ("", frozenset()))
    if name not in change.data or wanted.intersection(permissions):
        return change
    return replace(change, data={**change.data, name: LEFT_OUT})


_COLUMNS = (
    AuditEntry.datetime,
    AuditEntry.actor_kind,
    AuditEntry.actor_label,
    AuditEntry.action,
    AuditEntry.object_kind,
    AuditEntry.object_id,
    AuditEntry.data,
)


def latest_changes(event_id: int, limit: int) -> Sequence[Change]:
    """What organizers and their systems changed last in an event; exhibitors' own work and sign-ins left out.

    So is each single mail with a code: one mailing would fill the list, and is in it as a whole.
    """
    newest = (
        sa.select(AuditEntry.id, AuditEntry.datetime, AuditEntry.actor_kind, AuditEntry.action)
        .where(AuditEntry.event_id == event_id)
        .order_by(AuditEntry.datetime.desc(), AuditEntry.id.desc())
        .limit(_DEPTH)
        .subquery()
    )
    wanted = (
        sa.select(newest.c.id)
        .where(
            newest.c.actor_kind != "exhibitor",
            newest.c.action.not_like("%.signed\\_%", escape="\\"),
            newest.c.action != "exhibitor.code_sent",
        )
        .order_by(newest.c.datetime.desc(), newest.c.id.desc())
        .limit(limit)
    )
    return _read(AuditEntry.id.in_(wanted))


def changes_of(*, event_id: int, objects: Sequence[tuple[str, int]], limit: int) -> Sequence[Change]:
    """What happened to a thing and its parts, each named by kind and id, the newest first."""
    named = sa.or_(*(sa.and_(AuditEntry.object_kind == kind, AuditEntry.object_id == id_) for kind, id_ in objects))
    return _read(AuditEntry.event_id == event_id, named, limit=limit)


def _read(*conditions: sa.ColumnElement[bool], limit: int | None = None) -> Sequence[Change]:
    statement = (
        sa.select(*_COLUMNS).where(*conditions).order_by(AuditEntry.datetime.desc(), AuditEntry.id.desc()).limit(limit)
    )
    return [Change(*row) for row in db.session.execute(statement)]
