"""Which seats look different since a moment: blocked or freed, sold, taken into a cart, given to a voucher, let go."""

import datetime as dt
import re
from dataclasses import dataclass
from hashlib import blake2b

import sqlalchemy as sa

from portal.core import clock
from portal.core.actors import EventScope
from portal.core.statements import run
from portal.seating.queries import SEATS, Place, in_place, last_changes
from portal.seating.queries.places import place_of
from portal.tickets.models import CartPosition, Order, OrderPosition
from portal.vouchers.models import Voucher

#: A row is stamped before its transaction is over: what was stamped so long before a version may not be in it yet.
SETTLING = dt.timedelta(seconds=5)

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_s = SEATS.c
_positions, _orders, _carts, _vouchers = (
    model.metadata.tables[model.__tablename__] for model in (OrderPosition, Order, CartPosition, Voucher)
)
_event = sa.bindparam("event", type_=sa.BigInteger())
_since, _now = (sa.bindparam(name, type_=_s.modified.type) for name in ("since", "now"))


@dataclass(frozen=True, slots=True)
class Delta:
    """The seats to draw anew. With ``everything`` they are all seats: rows went away, or the plan is another."""

    version: str
    seat_ids: list[int]
    everything: bool = False


def version(*, scope: EventScope, subevent_id: int | None) -> str:
    """What `since` compares with; ask for it before reading the seats."""
    place = place_of(scope, subevent_id)
    return _made(clock.now(), last_changes(place.event_id))


def since(*, scope: EventScope, subevent_id: int | None, version: str) -> Delta:
    """What changed after ``version``. For some seconds it may name seats again that were in it already.

    A version that is none is answered with everything.
    """
    place = place_of(scope, subevent_id)
    now = clock.now()
    stamps = last_changes(place.event_id)
    current, seen = _made(now, stamps), _VERSION.match(version)
    if seen is None or seen["event"] != _micros(stamps[-1]):
        return Delta(current, _ids(_EVERYTHING[place.subevent_id is not None], place), everything=True)
    when = _EPOCH + dt.timedelta(microseconds=int(seen["when"])) - SETTLING
    latest = max((stamp for stamp in stamps[:-1] if stamp is not None), default=_EPOCH)
    if seen["digest"] == _digest(stamps) and latest < when:
        return Delta(version, [])
    return Delta(current, _ids(_CHANGED[place.subevent_id is not None], place, since=when, now=now))


_VERSION = re.compile(r"(?P<when>[0-9]{1,17})-(?P<event>[0-9]{1,17})-(?P<digest>[0-9a-f]{16})\Z")
Stamps = tuple[dt.datetime | None, ...]


def _micros(moment: dt.datetime | None) -> str:
    return str(0 if moment is None else (moment - _EPOCH) // dt.timedelta(microseconds=1))


def _digest(stamps: Stamps) -> str:
    return blake2b("-".join(map(_micros, stamps)).encode(), digest_size=8).hexdigest()


def _made(now: dt.datetime, stamps: Stamps) -> str:
    return f"{_micros(now)}-{_micros(stamps[-1])}-{_digest(stamps)}"


def _ids(statement: sa.Select[int], place: Place, **values: dt.datetime) -> list[int]:
    where = {"event": place.event_id} | ({} if place.subevent_id is None else {"subevent": place.subevent_id})
    return list(run(statement, where | values).scalars())


def _changed(series: bool) -> sa.Select[int]:
    """Seats that changed themselves, and those of holders that changed or whose time ran out."""

    def held(table: sa.Table, *when: sa.ColumnElement[bool]) -> sa.Select[int]:
        return sa.select(table.c.seat_id).where(table.c.event_id == _event, table.c.seat_id.is_not(None), *when)

    touched = sa.select(_orders.c.id).where(_orders.c.event_id == _event, _orders.c.modified > _since)
    changes = sa.union_all(
        sa.select(_s.id).where(_s.event_id == _event, _s.modified > _since),
        held(_positions, _positions.c.modified > _since),
        held(_positions, _positions.c.order_id.in_(touched)),
        held(_carts, _carts.c.modified > _since),
        held(_carts, _carts.c.expires > _since, _carts.c.expires <= _now),
        held(_vouchers, _vouchers.c.modified > _since),
        held(_vouchers, _vouchers.c.valid_until > _since, _vouchers.c.valid_until <= _now),
    )
    return sa.select(_s.id).where(*in_place(series), _s.id.in_(changes)).order_by(_s.id)


_CHANGED = {series: _changed(series) for series in (False, True)}
_EVERYTHING = {series: sa.select(_s.id).where(*in_place(series)).order_by(_s.id) for series in (False, True)}
