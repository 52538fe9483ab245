"""The figures of a list for its gates: tickets and check-ins by product, counted once and then followed."""

import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.checkin.queries.state import UNSETTLED, State
from portal.checkin.queries.tickets import CHECKINS, ORDERS, POSITIONS
from portal.core.actors import DeviceScope
from portal.core.statements import run

#: Counts by product and variation.
Counts = Counter[tuple[int, int | None]]

_p = POSITIONS.c
_COUNTED = (_p.item_id, _p.variation_id, sa.func.count())
_TICKETS = (
    sa.select(*_COUNTED)
    .select_from(POSITIONS.join(ORDERS, ORDERS.c.id == _p.order_id))
    .where(
        _p.event_id == sa.bindparam("event"),
        ~_p.canceled,
        sa.or_(
            ORDERS.c.status == "p",
            sa.and_(ORDERS.c.status == "n", sa.bindparam("include_pending", type_=sa.Boolean())),
        ),
    )
    .group_by(_p.item_id, _p.variation_id)
)
_ENTRIES = _TICKETS.join(CHECKINS, CHECKINS.c.position_id == _p.id).where(
    CHECKINS.c.list_id == sa.bindparam("list"),
    CHECKINS.c.first,
    CHECKINS.c.id > sa.bindparam("after"),
    CHECKINS.c.id <= sa.bindparam("until"),
)
_IN_SUBEVENT = _p.subevent_id == sa.bindparam("subevent")

#: More check-ins than that since the last count are added to it for good.
_FOLLOWED = 2 * UNSETTLED


@dataclass(slots=True)
class _Known:
    """Counts that hold for one state of the tickets: all tickets, and the check-ins up to a number."""

    tickets: Counts
    entries: Counts
    until: int


_known: OrderedDict[tuple[int, int | None, str], _Known] = OrderedDict()
_lock = threading.Lock()
_KEPT = 200


def figures(gate: DeviceScope, state: State) -> tuple[Counts, Counts]:
    """Tickets and check-ins of the gate's list by product and variation, as the state has them.

    Counting all of them is for the first time after a ticket changed. Between such changes only the check-ins since
    the last count are read; the newest numbers are read every time, since earlier ones may still be on their way.
    """
    key = (gate.list_id, gate.subevent_id, state.tickets)
    known = _known.get(key)
    settled = max(0, state.last_entry - UNSETTLED)
    if known is None:
        known = _Known(_count(_TICKETS, gate, state), _entries(gate, state, 0, settled), settled)
        with _lock:
            _known[key] = known
            while len(_known) > _KEPT:
                _known.popitem(last=False)
    entries, until = known.entries, known.until
    if state.last_entry - until > _FOLLOWED:
        entries = entries + _entries(gate, state, until, settled)
        with _lock:
            _known[key] = _Known(known.tickets, entries, settled)
        until = settled
    return known.tickets, entries + _entries(gate, state, until, 2**62)


def _entries(gate: DeviceScope, state: State, after: int, until: int) -> Counts:
    if until <= after:
        return Counter()
    return _count(_ENTRIES, gate, state, after=after, until=until)


def _count(statement: sa.Select[Any], gate: DeviceScope, state: State, **numbers: int) -> Counts:
    parameters: dict[str, Any] = {"event": gate.event_id, "include_pending": gate.include_pending, **numbers}
    if numbers:
        parameters["list"] = gate.list_id
    if gate.subevent_id is not None:
        statement = statement.where(_IN_SUBEVENT)
        parameters["subevent"] = gate.subevent_id
    rows = run(statement, parameters)
    return Counter(
        {(item, variation): count for item, variation, count in rows if state.listed is None or item in state.listed}
    )
