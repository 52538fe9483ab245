"""The figures of a list for its gates: tickets and check-ins by product, counted once and then followed."""

import threading
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from portal.checkin.queries.state import UNSETTLED, State
from portal.checkin.queries.tickets import CHECKINS, ORDERS, PENDING, POSITIONS, counts
from portal.core.actors import DeviceScope
from portal.core.database import db
from portal.core.statements import rows

#: Counts by product and variation.
Counts = Counter[tuple[int, int | None]]

_p = POSITIONS.c
_KINDS = (_p.item_id, _p.variation_id)
_TICKETS = (
    sa.select(*_KINDS, sa.func.count())
    .select_from(POSITIONS.join(ORDERS, ORDERS.c.id == _p.order_id))
    .where(
        _p.event_id == sa.bindparam("event"),
        counts(PENDING),
    )
    .group_by(*_KINDS)
)


def entries_by(*kinds: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """How many tickets that count are in on a list, by something, from one number of a check-in up to another."""
    return (
        sa.select(*kinds, sa.func.count())
        .select_from(POSITIONS.join(ORDERS, ORDERS.c.id == _p.order_id))
        .join(CHECKINS, CHECKINS.c.position_id == _p.id)
        .where(
            _p.event_id == sa.bindparam("event"),
            counts(PENDING),
            CHECKINS.c.list_id == sa.bindparam("list"),
            CHECKINS.c.first,
            CHECKINS.c.id > sa.bindparam("after"),
            CHECKINS.c.id <= sa.bindparam("until"),
        )
        .group_by(*kinds)
    )


_ENTRIES = entries_by(*_KINDS)
IN_SUBEVENT = _p.subevent_id == sa.bindparam("subevent")
_BY_DATE = {statement: statement.where(IN_SUBEVENT) for statement in (_TICKETS, _ENTRIES)}

#: No transaction that checks somebody in takes longer than so many seconds.
_IN_FLIGHT = 15
#: So many settled check-ins are worth being added for good.
_STEP = 200


#: Counting a large list anew may take a tenth of the time: its figures then lag behind its tickets by a second.
SHARE = 10
LARGE = 5000


@dataclass(frozen=True, slots=True)
class _Known:
    """Counts that hold for one state of the tickets: all tickets, and the check-ins up to a number.

    ``again`` is the time (of `time.monotonic`) from which they may be counted anew. ``seen`` was the newest number at
    ``seen_at``: no earlier one is on its way any more once the longest transaction is over.
    """

    mark: str
    tickets: Counts
    entries: Counts
    until: int
    seen: int
    seen_at: float
    again: float = 0


_known: OrderedDict[tuple[Any, ...], _Known] = OrderedDict()
_lock = threading.Lock()
_KEPT = 200


def figures(gate: DeviceScope, state: State) -> tuple[Counts, Counts]:
    """Tickets and check-ins of the gate's list by product and variation, as the state has them.

    Counting all of them is for the first time after a ticket changed, and for large lists not more often than they can
    bear. Between such changes only the check-ins since the last count are read; the newest numbers are read every time,
    since earlier ones may still be on their way.
    """
    key = (gate.list_id, gate.subevent_id, gate.include_pending, state.listed)
    known = _known.get(key)
    # On SQLite one transaction writes at a time: numbers are committed in their order.
    settled = state.last_entry if db.engine.dialect.name == "sqlite" else max(0, state.last_entry - UNSETTLED)
    if known is None or (known.mark != state.tickets and time.monotonic() >= known.again):
        known = _counted(gate, state, settled)
        _keep(key, known)
    now = time.monotonic()
    if known.seen_at + _IN_FLIGHT < now:
        settled = max(settled, known.seen, known.until)
    if settled - known.until > _STEP or known.seen_at + _IN_FLIGHT < now:
        entries = known.entries + _entries(gate, state, known.until, settled)
        known = replace(known, entries=entries, until=settled, seen=state.last_entry, seen_at=now)
        _keep(key, known)
    if known.until == state.last_entry:
        return known.tickets, known.entries
    return known.tickets, known.entries + _entries(gate, state, known.until, 2**62)


def _counted(gate: DeviceScope, state: State, settled: int) -> _Known:
    """Everything, counted now."""
    begun = time.monotonic()
    tickets, entries = _count(_TICKETS, gate, state), _entries(gate, state, 0, settled)
    now = time.monotonic()
    took = now - begun
    pause = took * SHARE if tickets.total() > LARGE else 0
    return _Known(state.tickets, tickets, entries, settled, state.last_entry, begun, now + pause)


def _keep(key: tuple[Any, ...], known: _Known) -> None:
    with _lock:
        _known[key] = known
        _known.move_to_end(key)
        while len(_known) > _KEPT:
            _known.popitem(last=False)


def _entries(gate: DeviceScope, state: State, after: int, until: int) -> Counts:
    if until <= after:
        return Counter()
    return _count(_ENTRIES, gate, state, after=after, until=until)


def _count(statement: sa.Select[Any], gate: DeviceScope, state: State, **numbers: int) -> Counts:
    parameters: dict[str, Any] = {"event": gate.event_id, "include_pending": gate.include_pending, **numbers}
    if numbers:
        parameters["list"] = gate.list_id
    if gate.subevent_id is not None:
        statement = _BY_DATE[statement]
        parameters["subevent"] = gate.subevent_id
    counted = rows(statement, parameters)
    return Counter(
        {(item, variation): count for item, variation, count in counted if state.listed is None or item in state.listed}
    )
