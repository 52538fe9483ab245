"""Which seats look different since a moment: blocked or freed, sold, taken into a cart, given to a voucher, let go."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from portal.core import clock
from portal.core.actors import EventScope
from portal.core.models import SEATS_CHANGED, AuditEntry
from portal.core.statements import one_of_ids, run
from portal.seating.queries import SEATS, Place, in_place, last_changes
from portal.seating.queries.places import place_of
from portal.tickets.models import CartPosition, Order, OrderPosition
from portal.vouchers.models import Voucher

#: A row is stamped before its transaction is over: what was stamped so long before a version may not be in it yet.
SETTLING = dt.timedelta(seconds=5)
#: A version that is not told of anything new is renewed after so long: what happened since it is read at each poll.
RENEWED = dt.timedelta(seconds=60)
#: So many changes within `SETTLING` are remembered as told; where there are more, they may be told again.
_REMEMBERED = 60
#: More changes than this at once, and the page is better read anew.
_MOST = 500

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_s = SEATS.c
_positions, _orders, _carts, _vouchers, _log = (
    model.metadata.tables[model.__tablename__] for model in (OrderPosition, Order, CartPosition, Voucher, AuditEntry)
)
_event = sa.bindparam("event", type_=sa.BigInteger())
_since, _now = (sa.bindparam(name, type_=_s.modified.type) for name in ("since", "now"))


@dataclass(frozen=True, slots=True)
class Delta:
    """The seats to draw anew. With ``everything`` they are all seats: rows went away, or the plan is another."""

    version: str
    seat_ids: list[int]
    everything: bool = False


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that happened to seats: what tells it from others, when, and to which seats as far as read."""

    mark: str
    when: dt.datetime
    audit_id: int | None = None
    seat_id: int | None = None


def version(*, scope: EventScope, subevent_id: int | None) -> str:
    """What `since` compares with; ask for it before reading the seats."""
    place = place_of(scope, subevent_id)
    return _made(clock.now(), last_changes(place.event_id))


def since(*, scope: EventScope, subevent_id: int | None, version: str) -> Delta:
    """What changed after ``version``, each change once unless there are very many.

    A change may be over later than it says. So the last seconds before a version are read again, and what the version
    was told of them already is a part of it. A version that is none is answered with everything.
    """
    place = place_of(scope, subevent_id)
    now = clock.now()
    stamps = last_changes(place.event_id)
    seen = _VERSION.match(version)
    if seen is None or seen["event"] != _micros(stamps[-1]):
        return Delta(_made(now, stamps), _everything(place), everything=True)
    when = _EPOCH + dt.timedelta(microseconds=int(seen["when"]))
    after = when - SETTLING
    latest = max((stamp for stamp in stamps[:-1] if stamp is not None), default=_EPOCH)
    if seen["digest"] == _digest(stamps) and latest < after:
        return Delta(version, [])
    happened = _happened(place, after, now)
    if happened is None:
        return Delta(_made(now, stamps), _everything(place), everything=True)
    told = frozenset(seen["told"].split("."))
    fresh = [event for event in happened if event.mark not in told]
    if not fresh and now - when < RENEWED:
        return Delta(version, [])
    recent = dict.fromkeys(event.mark for event in happened if event.when > now - SETTLING)
    return Delta(_made(now, stamps, recent), _seats_of(place, fresh))


_VERSION = re.compile(
    r"(?P<when>[0-9]{1,17})-(?P<event>[0-9]{1,17})-(?P<digest>[0-9a-f]{16})-(?P<told>[0-9a-f.]{0,1000})\Z"
)
Stamps = tuple[dt.datetime | None, ...]


def _micros(moment: dt.datetime | None) -> str:
    return str(0 if moment is None else (moment - _EPOCH) // dt.timedelta(microseconds=1))


@lru_cache(maxsize=500)
def _digest(stamps: Stamps) -> str:
    return blake2b("-".join(map(_micros, stamps)).encode(), digest_size=8).hexdigest()


def _made(now: dt.datetime, stamps: Stamps, told: Iterable[str] = ()) -> str:
    marks = list(told)
    kept = ".".join(marks) if len(marks) <= _REMEMBERED else ""
    return f"{_micros(now)}-{_micros(stamps[-1])}-{_digest(stamps)}-{kept}"


# ----------------------------------------------------------------------------------------------------- what happened

_BLOCKINGS = (
    sa.select(_log.c.id, _log.c.datetime)
    .where(_log.c.event_id == _event, sa.text(f"audit_log.{SEATS_CHANGED}"))
    .order_by(_log.c.id.desc())
    .limit(_MOST)
)
_BLOCKED_SEATS = sa.select(_log.c.data["ids"]).where(one_of_ids(_log.c.id, "changes"))


def _holdings() -> sa.CompoundSelect[Any]:
    """Holders that changed or whose time ran out, with their seats."""

    def held(kind: str, table: sa.Table, when: sa.ColumnElement[Any], *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(sa.literal_column(f"'{kind}'"), table.c.id, when, table.c.seat_id).where(
            table.c.event_id == _event, table.c.seat_id.is_not(None), *where
        )

    touched = sa.select(_orders.c.modified).where(_orders.c.id == _positions.c.order_id).scalar_subquery()
    lately = sa.select(_orders.c.id).where(_orders.c.event_id == _event, _orders.c.modified > _since)
    expired = (_carts.c.expires > _since, _carts.c.expires <= _now)
    over = (_vouchers.c.valid_until > _since, _vouchers.c.valid_until <= _now)
    return sa.union_all(
        held("p", _positions, _positions.c.modified, _positions.c.modified > _since),
        held("o", _positions, touched, _positions.c.order_id.in_(lately)),
        held("c", _carts, _carts.c.modified, _carts.c.modified > _since),
        held("e", _carts, _carts.c.expires, *expired),
        held("v", _vouchers, _vouchers.c.modified, _vouchers.c.modified > _since),
        held("u", _vouchers, _vouchers.c.valid_until, *over),
    )


_HOLDINGS = _holdings()


def _happened(place: Place, after: dt.datetime, now: dt.datetime) -> list[_Event] | None:
    """Everything that happened to seats of the event after a moment; None where that is very much."""
    blockings = run(_BLOCKINGS, {"event": place.event_id}).all()
    found = [_Event(_mark("b", id_, when), when, audit_id=id_) for id_, when in blockings if when > after]
    if len(found) == _MOST:
        return None
    for kind, id_, when, seat in run(_HOLDINGS, {"event": place.event_id, "since": after, "now": now}):
        found.append(_Event(_mark(kind, id_, when), when, seat_id=seat))
    return found


def _mark(kind: str, id_: int, when: dt.datetime) -> str:
    return blake2b(f"{kind}{id_}-{_micros(when)}".encode(), digest_size=5).hexdigest()


# ------------------------------------------------------------------------------------------------------------- seats


def _seats_of(place: Place, events: Sequence[_Event]) -> list[int]:
    """The seats of a place to which something happened."""
    seats = {event.seat_id for event in events if event.seat_id is not None}
    if changes := [event.audit_id for event in events if event.audit_id is not None]:
        for ids in run(_BLOCKED_SEATS, {"changes": changes}).scalars():
            seats.update(ids or ())
    return _ids(_THESE, place, seats=list(seats)) if seats else []


def _everything(place: Place) -> list[int]:
    return _ids(_ALL, place)


def _ids(statements: dict[bool, sa.Select[int]], place: Place, **values: Any) -> list[int]:
    where = {"event": place.event_id} | ({} if place.subevent_id is None else {"subevent": place.subevent_id})
    return list(run(statements[place.subevent_id is not None], where | values).scalars())


_ALL = {series: sa.select(_s.id).where(*in_place(series)).order_by(_s.id) for series in (False, True)}
_THESE = {series: statement.where(one_of_ids(_s.id, "seats")) for series, statement in _ALL.items()}
