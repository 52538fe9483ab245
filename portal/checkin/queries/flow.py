"""How people come in on a list: by quarter of an hour and gate, now, again, and who was refused."""

import datetime as dt
import threading
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.accounts.models import User
from portal.checkin.models import CheckinRefusal, Device
from portal.checkin.queries.figures import IN_SUBEVENT, LARGE, SHARE, entries_by
from portal.checkin.queries.state import UNSETTLED, State
from portal.checkin.queries.tickets import CHECKINS, ORDERS, PENDING, POSITIONS, counts
from portal.core.actors import DeviceScope
from portal.core.periods import quarter
from portal.core.statements import run
from portal.tickets.models import Checkin, Order, OrderPosition


class Gate(NamedTuple):
    """Where an entry came through: a device, a member's hand, or neither (a bundle brought it)."""

    device_id: int | None
    by_hand: bool


#: Entries by quarter of an hour (a number since 1970), gate and product.
Flow = Counter[tuple[int, Gate, int]]

_ENTRIES = entries_by(
    quarter(CHECKINS.c.datetime), CHECKINS.c.device_id, CHECKINS.c.user_id.is_not(None), POSITIONS.c.item_id
)
_ENTRIES_IN_SUBEVENT = _ENTRIES.where(IN_SUBEVENT)

_FOLLOWED = 2 * UNSETTLED
_KEPT = 200


@dataclass(frozen=True, slots=True)
class _Known:
    """Entries up to a number, for one state of the tickets; ``again``: from when they may be counted anew."""

    mark: str
    counted: Flow
    until: int
    again: float


_known: OrderedDict[tuple[Any, ...], _Known] = OrderedDict()
_lock = threading.Lock()


def flow(gate: DeviceScope, state: State) -> Flow:
    """The entries of a list that count, by quarter, gate and product.

    They are counted once and then followed, as the figures for gates are: only the newest are read each time, until
    something else changes.
    """
    key = (gate.list_id, gate.subevent_id, gate.include_pending)
    known = _known.get(key)
    settled = max(0, state.last_entry - UNSETTLED)
    if known is None or (known.mark != state.tickets and time.monotonic() >= known.again):
        begun = time.monotonic()
        counted, now = _entries(gate, 0, settled), time.monotonic()
        pause = (now - begun) * SHARE if counted.total() > LARGE else 0
        known = _keep(key, _Known(state.tickets, counted, settled, now + pause))
    elif settled - known.until > _FOLLOWED:
        more = known.counted + _entries(gate, known.until, settled)
        known = _keep(key, replace(known, counted=more, until=settled))
    found = known.counted + _entries(gate, known.until, 2**62)
    if state.listed is None:
        return found
    return Counter({each: count for each, count in found.items() if each[-1] in state.listed})


def _keep(key: tuple[Any, ...], known: _Known) -> _Known:
    with _lock:
        _known[key] = known
        _known.move_to_end(key)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return known


def _entries(gate: DeviceScope, after: int, until: int) -> Flow:
    if until <= after:
        return Counter()
    parameters = {
        "event": gate.event_id,
        "list": gate.list_id,
        "include_pending": gate.include_pending,
        "after": after,
        "until": until,
    }
    statement = _ENTRIES
    if gate.subevent_id is not None:
        statement, parameters["subevent"] = _ENTRIES_IN_SUBEVENT, gate.subevent_id
    rows = run(statement, parameters)
    return Counter({(number, Gate(device, bool(hand)), item): count for number, device, hand, item, count in rows})


_SINCE = sa.select(sa.func.count()).where(
    Checkin.list_id == sa.bindparam("list"),
    Checkin.datetime.between(sa.bindparam("since"), sa.bindparam("now")),
    Checkin.type == "entry",
)
_other = aliased(Checkin)
_GONE = (
    sa.select(sa.func.count(sa.distinct(Checkin.position_id)))
    .join(POSITIONS, POSITIONS.c.id == Checkin.position_id)
    .join(ORDERS, ORDERS.c.id == POSITIONS.c.order_id)
    .where(counts(PENDING), Checkin.list_id == sa.bindparam("list"), sa.text("checkins.type = 'exit'"))
    .where(
        ~sa.exists().where(
            _other.position_id == Checkin.position_id,
            _other.list_id == Checkin.list_id,
            _other.type == "entry",
            _other.datetime > Checkin.datetime,
        )
    )
)
_REFUSED = (
    sa.select(CheckinRefusal.reason, sa.func.count())
    .where(
        CheckinRefusal.list_id == sa.bindparam("list"),
        CheckinRefusal.datetime >= sa.bindparam("since"),
        CheckinRefusal.datetime < sa.bindparam("until"),
    )
    .group_by(CheckinRefusal.reason)
)


def entries_between(list_id: int, since: dt.datetime, now: dt.datetime) -> int:
    """Entries since a moment, without what a clock ahead of ours dated later; one query in an index."""
    return int(run(_SINCE, {"list": list_id, "since": since, "now": now}).scalar_one())


def count_gone(gate: DeviceScope) -> int:
    """Tickets that count whose last word on the list is an exit; one query in an index that holds exits alone."""
    return int(run(_GONE, {"list": gate.list_id, "include_pending": gate.include_pending}).scalar_one())


def refusals(list_id: int, since: dt.datetime, until: dt.datetime) -> dict[str, int]:
    """Refused attempts by reason; one query."""
    return {reason: count for reason, count in run(_REFUSED, {"list": list_id, "since": since, "until": until})}


class Again(NamedTuple):
    """A ticket that was let in a second time: both gates and times, in the order in which it stood there."""

    position_id: int
    name: str | None
    order: str
    secret: str
    first: dt.datetime | None
    first_gate: str
    again: dt.datetime
    again_gate: str


_first = aliased(Checkin)
_first_device, _first_user = aliased(Device), aliased(User)
_second = (Checkin.list_id == sa.bindparam("list"), sa.text("NOT checkins.first AND checkins.type = 'entry'"))
_COUNT_AGAIN = sa.select(sa.func.count()).where(*_second)
_AGAIN = (
    sa.select(
        Checkin.position_id,
        OrderPosition.attendee_name,
        Order.code,
        OrderPosition.secret,
        _first.datetime,
        sa.func.coalesce(_first_device.name, _first_user.name),
        Checkin.datetime,
        sa.func.coalesce(Device.name, User.name),
    )
    .join(OrderPosition, OrderPosition.id == Checkin.position_id)
    .join(Order, Order.id == OrderPosition.order_id)
    .outerjoin(
        _first,
        sa.and_(_first.position_id == Checkin.position_id, _first.list_id == Checkin.list_id, _first.first),
    )
    .outerjoin(_first_device, _first_device.id == _first.device_id)
    .outerjoin(_first_user, _first_user.id == _first.user_id)
    .outerjoin(Device, Device.id == Checkin.device_id)
    .outerjoin(User, User.id == Checkin.user_id)
    .where(*_second)
    .order_by(Checkin.datetime.desc(), Checkin.id.desc())
    .limit(sa.bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class LetInTwice:
    """How many second entries there are, and the latest of them."""

    total: int
    latest: list[Again]


def let_in_twice(list_id: int, most: int) -> LetInTwice:
    """Tickets that gates let in again, most often because they were offline; two queries."""
    total = int(run(_COUNT_AGAIN, {"list": list_id}).scalar_one())
    rows = run(_AGAIN, {"list": list_id, "most": most}) if total else ()
    latest = []
    for id_, name, code, secret, first, first_gate, again, again_gate in rows:
        entries = [(first, first_gate or ""), (again, again_gate or "")]
        # What a gate let in offline is heard of later than it happened.
        if first is not None and again < first:
            entries.reverse()
        latest.append(Again(id_, name, code, secret, *entries[0], *entries[1]))
    return LetInTwice(total, sorted(latest, key=lambda each: each.again, reverse=True))
