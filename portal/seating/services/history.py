"""The history of blocking and freeing: reading it, and taking a change back."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.core.actors import Actor, EventScope
from portal.core.errors import Conflict, NotFound
from portal.core.models import SEATS_CHANGED, AuditEntry
from portal.core.statements import one_of_ids, run
from portal.seating.queries import SEATS, Place
from portal.seating.queries.places import labels, place_of
from portal.seating.services.blocking import SEAT_CHANGES, hold_seats, write

#: So many seats of a change are named.
NAMED = 3
MOST = 200

_s, _c = SEATS.c, SEAT_CHANGES.c
_LOG: sa.Table = AuditEntry.metadata.tables["audit_log"]
_l = _LOG.c
_change = sa.bindparam("change", type_=sa.BigInteger())
_is_change = sa.text(f"audit_log.{SEATS_CHANGED}")
_undoes = sa.case((_l.object_kind == "seat_change", _l.object_id), else_=None)


@dataclass(frozen=True, slots=True)
class Undone:
    """What was restored. ``id`` is the undo's own, which can be undone as well; nothing where all was left alone."""

    id: int | None
    restored: list[int]
    left_alone: list[int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A change as a history shows it; ``undoes`` is the change it took back, ``seats`` the first few it changed."""

    id: int
    when: dt.datetime
    author: str
    blocked: bool
    count: int
    reason: str
    undoes: int | None
    undone: bool
    seats: list[str]


# ------------------------------------------------------------------------------------------------------------ undo

_FIND = sa.select(_l.action, _l.data["subevent"], _l.data["ids"]).where(
    _l.id == _change, _l.event_id == sa.bindparam("event", type_=sa.BigInteger()), _is_change
)
_LOCK = sa.select(_s.id, _s.blocked).where(one_of_ids(_s.id, "seats")).order_by(_s.id).with_for_update()
_later = SEAT_CHANGES.alias("later")
_MADE_BY = sa.select(
    _c.seat_id,
    _c.after,
    _c.made_by,
    sa.select(_later.c.made_by)
    .where(_later.c.seat_id == _c.seat_id)
    .order_by(_later.c.audit_id.desc())
    .limit(1)
    .correlate(SEAT_CHANGES)
    .scalar_subquery(),
).where(one_of_ids(_c.seat_id, "seats"), _c.audit_id == _change)


def undo(*, actor: Actor, scope: EventScope, change_id: int) -> Undone:
    """Give the seats of a change back the state they had before it.

    A seat that someone changed since is left alone; a later change that was undone itself does not count. Undoing an
    undo brings the change back. Raises `Conflict` for a change that is undone already.
    """
    found = run(_FIND, {"change": change_id, "event": scope.event_id}).one_or_none()
    if found is None:
        raise NotFound("This change does not exist, or it belongs to another event.")
    action, subevent_id, seats = found
    hold_seats(scope.event_id)
    blocked_now = {id_: blocked for id_, blocked in run(_LOCK, {"seats": seats})}
    restored: list[int] = []
    left_alone: list[int] = []
    for seat_id, after, made_by, last_made_by in run(_MADE_BY, {"change": change_id, "seats": seats}):
        if seat_id not in blocked_now:
            continue
        untouched = blocked_now[seat_id] is after and made_by == last_made_by
        (restored if untouched else left_alone).append(seat_id)
    if not restored:
        if _undone([change_id]):
            raise Conflict("This change is undone already.", code="undone_already")
        return Undone(None, [], sorted(left_alone))
    restored.sort()
    place = Place(scope.event_id, subevent_id)
    done = write(actor, scope.organizer_id, place, action == "seat.unblocked", restored, undoes=change_id)
    return Undone(done.id, restored, sorted(left_alone))


def _edges() -> sa.Select[Any]:
    """Who undid the changes ``changes``, who undid those, and so on."""
    direct = (
        sa.select(_l.object_id.label("undone"), _l.id.label("by"))
        .where(_l.object_kind == "seat_change", one_of_ids(_l.object_id, "changes"))
        .cte("undoing", recursive=True)
    )
    further = _LOG.alias("further")
    return sa.select(
        direct.union(
            sa.select(further.c.object_id, further.c.id).where(
                further.c.object_kind == "seat_change", further.c.object_id == direct.c.by
            )
        )
    )


_EDGES = _edges()


def _undone(changes: Iterable[int]) -> set[int]:
    """Those of ``changes`` that are undone, by an undo that is not undone itself."""
    wanted = list(changes)
    undone: set[int] = set()
    edges = run(_EDGES, {"changes": wanted}).all()
    for change, by in sorted(edges, key=lambda edge: edge[1], reverse=True):
        if by not in undone:
            undone.add(change)
    return undone.intersection(wanted)


# --------------------------------------------------------------------------------------------------------- history


class _seat_count(FunctionElement[int]):
    """How many seats an entry's data names."""

    type = sa.Integer()
    inherit_cache = True


@compiles(_seat_count)
def _count_sqlite(element: _seat_count, compiler: Any, **kwargs: Any) -> str:
    return f"json_array_length({compiler.process(element.clauses, **kwargs)}, '$.ids')"


@compiles(_seat_count, "postgresql")
def _count_postgresql(element: _seat_count, compiler: Any, **kwargs: Any) -> str:
    return f"jsonb_array_length({compiler.process(element.clauses, **kwargs)} -> 'ids')"


_ENTRY = (_l.id, _l.datetime, _l.actor_label, _l.action, _l.data["reason"], _undoes, _seat_count(_l.data))


def latest(
    *,
    scope: EventScope,
    subevent_id: int | None,
    seat_id: int | None = None,
    limit: int = 30,
    before: int | None = None,
) -> list[Entry]:
    """Changes of seats, of one seat where it is named, the newest first; ``before`` is the last id of a page."""
    place = place_of(scope, subevent_id)
    firsts = [_l.data[("ids", at)].label(f"seat_{at}") for at in range(NAMED)]
    statement = (
        sa.select(
            _l.id, _l.datetime, _l.actor_label, _l.action, _l.data["reason"], _undoes, _seat_count(_l.data), *firsts
        )
        .where(_l.event_id == place.event_id, _is_change)
        .order_by(_l.id.desc())
        .limit(max(1, min(limit, MOST)))
    )
    if subevent_id is not None:
        statement = statement.where(_l.data["subevent"].as_integer() == subevent_id)
    if seat_id is not None:
        statement = statement.where(_l.id.in_(sa.select(_c.audit_id).where(_c.seat_id == seat_id)))
    if before is not None:
        statement = statement.where(_l.id < before)
    rows = run(statement).all()
    ids = [row[0] for row in rows]
    if not ids:
        return []
    names = labels([seat for row in rows for seat in row[7:] if seat is not None])
    undone = _undone(ids)
    return [
        Entry(
            id=id_,
            when=when,
            author=author,
            blocked=action == "seat.blocked",
            count=count,
            reason=reason or "",
            undoes=undoes,
            undone=id_ in undone,
            seats=[names[seat] for seat in seats if seat in names],
        )
        for id_, when, author, action, reason, undoes, count, *seats in rows
    ]
