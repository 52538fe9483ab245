"""How people come in on a list: by quarter of an hour and gate, now, again, and who was refused."""

import datetime as dt
import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.accounts.models import User
from portal.checkin.models import CheckinList, CheckinRefusal, Device
from portal.checkin.queries.figures import figures
from portal.checkin.queries.state import UNSETTLED, state_of
from portal.core.actors import DeviceScope
from portal.core.periods import quarter
from portal.core.statements import run
from portal.tickets.models import Checkin, Order, OrderPosition


class Gate(NamedTuple):
    """Where an entry came through: a device, a member's hand, or neither (a bundle brought it)."""

    device_id: int | None
    by_hand: bool


#: Entries by quarter of an hour (a number since 1970) and gate.
Flow = Counter[tuple[int, Gate]]

_quarter = quarter(Checkin.datetime)
_by_hand = Checkin.user_id.is_not(None)
_NEWEST = sa.select(CheckinList.modified, sa.func.max(Checkin.id)).select_from(CheckinList).outerjoin(
    Checkin, Checkin.list_id == CheckinList.id
).where(CheckinList.id == sa.bindparam("list")).group_by(CheckinList.modified)  # fmt: skip
_ENTRIES = (
    sa.select(_quarter, Checkin.device_id, _by_hand, sa.func.count())
    .where(
        Checkin.list_id == sa.bindparam("list"),
        Checkin.id > sa.bindparam("after"),
        Checkin.id <= sa.bindparam("until"),
        Checkin.first,
    )
    .group_by(_quarter, Checkin.device_id, _by_hand)
)

_FOLLOWED = 2 * UNSETTLED
_KEPT = 200
_known: OrderedDict[tuple[int, dt.datetime | None], tuple[Flow, int]] = OrderedDict()
_lock = threading.Lock()


def flow(list_id: int) -> Flow:
    """All entries of a list by quarter and gate.

    They are counted once and then followed, as the figures for gates are: only the newest are read each time, until
    somebody changes or takes back an entry.
    """
    row = run(_NEWEST, {"list": list_id}).one_or_none()
    if row is None:
        return Counter()
    modified, last = row[0], row[1] or 0
    key = (list_id, modified)
    settled = max(0, last - UNSETTLED)
    counted, until = _known.get(key) or (Counter(), 0)
    if settled - until > _FOLLOWED or key not in _known:
        counted, until = counted + _entries(list_id, until, settled), settled
        with _lock:
            _known[key] = (counted, until)
            while len(_known) > _KEPT:
                _known.popitem(last=False)
    return counted + _entries(list_id, until, 2**62)


def _entries(list_id: int, after: int, until: int) -> Flow:
    if until <= after:
        return Counter()
    rows = run(_ENTRIES, {"list": list_id, "after": after, "until": until})
    return Counter({(number, Gate(device, bool(by_hand))): count for number, device, by_hand, count in rows})


_SINCE = sa.select(sa.func.count()).where(
    Checkin.list_id == sa.bindparam("list"), Checkin.datetime >= sa.bindparam("since"), Checkin.type == "entry"
)
_other = aliased(Checkin)
_GONE = (
    sa.select(sa.func.count(sa.distinct(Checkin.position_id)))
    .where(Checkin.list_id == sa.bindparam("list"), sa.text("checkins.type = 'exit'"))
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


def entries_since(list_id: int, since: dt.datetime) -> int:
    """Entries since a moment; one query in an index."""
    return int(run(_SINCE, {"list": list_id, "since": since}).scalar_one())


def count_gone(list_id: int) -> int:
    """Tickets whose last word on the list is an exit; one query in an index that holds exits alone."""
    return int(run(_GONE, {"list": list_id}).scalar_one())


def refusals(list_id: int, since: dt.datetime, until: dt.datetime) -> dict[str, int]:
    """Refused attempts by reason; one query."""
    return {reason: count for reason, count in run(_REFUSED, {"list": list_id, "since": since, "until": until})}


class Again(NamedTuple):
    """A ticket that was let in a second time: both gates and times."""

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
    latest = [
        Again(id_, name, code, secret, first, first_gate or "", again, again_gate or "")
        for id_, name, code, secret, first, first_gate, again, again_gate in rows
    ]
    return LetInTwice(total, latest)


def by_product(gate: DeviceScope) -> tuple[Counter[str], Counter[str]]:
    """Expected tickets and entries of a list by product, in the products' order; two or three queries."""
    state = state_of(gate)
    tickets, entries = figures(gate, state)
    expected, came = Counter[str](), Counter[str]()
    for product in state.products:
        if state.listed is not None and product.id not in state.listed:
            continue
        for counts, found in ((tickets, expected), (entries, came)):
            count = sum(counts[key] for key in counts if key[0] == product.id)
            if count or counts is tickets:
                found[product.name] += count
    return expected, came
