"""Reads about seats: the list with its filters, one seat, who holds them, and when any of that last changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal.core import clock
from portal.core.models import SEATS_CHANGED, AuditEntry
from portal.core.statements import rows, run
from portal.events.models import Event, SubEvent
from portal.seating.models import Seat
from portal.tickets.models import HOLDING, CartPosition, Order, OrderPosition
from portal.vouchers.models import Voucher

FIELDS = (
    "id",
    "subevent",
    "zone_name",
    "row_name",
    "row_label",
    "seat_number",
    "seat_label",
    "seat_guid",
    "product",
    "blocked",
    "orderposition",
    "cartposition",
    "voucher",
)
#: Filters that compare a column.
TEXT_FILTERS = ("zone_name", "row_name", "row_label", "seat_number", "seat_label", "seat_guid")

SEATS: sa.Table = Seat.metadata.tables["seats"]
_positions: sa.Table = OrderPosition.metadata.tables["order_positions"]
_orders: sa.Table = Order.metadata.tables["orders"]
_carts: sa.Table = CartPosition.metadata.tables["cart_positions"]
_vouchers: sa.Table = Voucher.metadata.tables["vouchers"]
_s = SEATS.c
_event: sa.BindParameter[int] = sa.bindparam("event", type_=sa.BigInteger())
_now: sa.BindParameter[datetime] = sa.bindparam("now", type_=_carts.c.expires.type)


class Place(NamedTuple):
    """Where seats are: an event or, in a series, one of its subevents."""

    event_id: int
    subevent_id: int | None


# Who holds a seat (platform rules, Availability of a seat). The conditions on positions and orders are spelled as
# their partial indexes are.
_position_holds = (
    sa.text(HOLDING.replace("seat_id", "order_positions.seat_id").replace("canceled", "order_positions.canceled")),
    ~sa.exists().where(_orders.c.id == _positions.c.order_id, sa.text("orders.status IN ('e', 'c')")),
)
_cart_holds = (_carts.c.expires > _now,)
_voucher_holds = (
    _vouchers.c.redeemed < _vouchers.c.max_usages,
    sa.or_(_vouchers.c.valid_until.is_(None), _vouchers.c.valid_until > _now),
)
#: Each kind of holder with the conditions under which it holds its seat; they take the parameter `now`.
HOLDERS: tuple[tuple[sa.Table, tuple[Any, ...]], ...] = (
    (_positions, _position_holds),
    (_carts, _cart_holds),
    (_vouchers, _voucher_holds),
)


def holder_columns(seats: Any) -> list[sa.ColumnElement[Any]]:
    """The lowest id of each kind that holds a seat of ``seats`` (a table, or a subquery with its `id`)."""
    return [
        sa.select(sa.func.min(table.c.id))
        .where(table.c.seat_id == seats.c.id, *holds)
        .correlate(seats)
        .scalar_subquery()
        for table, holds in HOLDERS
    ]


def own_columns(seats: Any) -> list[sa.ColumnElement[Any]]:
    """The columns of a seat itself, in the order of `FIELDS`; `blocked` as the database has it."""
    names = [{"subevent": "subevent_id", "product": "product_id"}.get(name, name) for name in FIELDS[:-3]]
    return [sa.type_coerce(seats.c[name], sa.Integer) if name == "blocked" else seats.c[name] for name in names]


def _free() -> list[sa.ColumnElement[bool]]:
    """Not blocked and held by nobody: probes that stop at the first holder, good for one page."""
    return [
        sa.not_(_s.blocked),
        *(~sa.exists().where(table.c.seat_id == _s.id, *holds).correlate(SEATS) for table, holds in HOLDERS),
    ]


def _taken() -> sa.ColumnElement[bool]:
    """Blocked or held; the holders are looked up once, not once a seat."""
    held = [
        sa.select(table.c.seat_id).where(table.c.event_id == _event, table.c.seat_id.is_not(None), *holds)
        for table, holds in HOLDERS
    ]
    return sa.or_(_s.blocked, _s.id.in_(sa.union_all(*held)))


def _subevent(seats: Any, series: bool) -> Any:
    return seats.c.subevent_id == sa.bindparam("subevent") if series else seats.c.subevent_id.is_(None)


def in_place(series: bool) -> list[sa.ColumnElement[bool]]:
    """Seats of the parameters `event` and, in a series, `subevent`."""
    return [_s.event_id == _event, _subevent(SEATS, series)]


class Kind(NamedTuple):
    """What kind of list is asked for: which statement answers it. The values are parameters."""

    series: bool
    texts: tuple[str, ...] = ()
    blocked: bool | None = None
    available: bool | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Everything but `available`."""
        conditions = in_place(self.series)
        conditions += [_s[name] == sa.bindparam(name, type_=sa.Text()) for name in self.texts]
        if self.blocked is not None:
            conditions.append(_s.blocked if self.blocked else sa.not_(_s.blocked))
        return conditions


class Selection:
    """Seats of a place that match filters."""

    def __init__(
        self,
        place: Place,
        texts: Mapping[str, str] | None = None,
        *,
        blocked: bool | None = None,
        available: bool | None = None,
    ) -> None:
        texts = texts or {}
        self.kind = Kind(place.subevent_id is not None, tuple(texts), blocked, available)
        self.parameters: dict[str, Any] = {"event": place.event_id, **texts}
        if place.subevent_id is not None:
            self.parameters["subevent"] = place.subevent_id
        self.filtered = bool(texts) or blocked is not None or available is not None
        self.key = (self.kind, tuple(self.parameters.values()))
        self.parameters["now"] = clock.now()

    def count(self) -> int:
        """How many there are."""
        return int(rows(_counting(self.kind), self.parameters)[0][0])

    def page(self, *, limit: int, offset: int) -> list[dict[str, Any]]:
        """Some of them, by id."""
        found = rows(_listing(self.kind), self.parameters | {"limit": limit, "offset": offset})
        return [_resource(*row) for row in found]

    def one(self, seat_id: int) -> dict[str, Any] | None:
        """The one with this id."""
        found = rows(_single(self.kind), self.parameters | {"id": seat_id})
        return _resource(*found[0]) if found else None


def _resource(
    id_: int, subevent: int | None, zone_name: str, row_name: str, row_label: str | None, seat_number: str,
    seat_label: str | None, seat_guid: str, product: int | None, blocked: int, orderposition: int | None,
    cartposition: int | None, voucher: int | None,
) -> dict[str, Any]:  # fmt: skip
    """A row as the contract prints it: written out, since it is what long lists spend their time with."""
    return {
        "id": id_, "subevent": subevent, "zone_name": zone_name, "row_name": row_name, "row_label": row_label,
        "seat_number": seat_number, "seat_label": seat_label, "seat_guid": seat_guid, "product": product,
        "blocked": blocked == 1, "orderposition": orderposition, "cartposition": cartposition, "voucher": voucher,
    }  # fmt: skip


@lru_cache(maxsize=1000)
def _counting(kind: Kind) -> sa.Select[Any]:
    everything = sa.select(sa.func.count()).select_from(SEATS).where(*kind.conditions())
    if kind.available is None:
        return everything
    taken = everything.where(_taken())
    if not kind.available:
        return taken
    return sa.select(everything.scalar_subquery() - taken.scalar_subquery())


@lru_cache(maxsize=1000)
def _listing(kind: Kind) -> sa.Select[Any]:
    page = sa.select(*own_columns(SEATS)).where(*kind.conditions())
    if kind.available is not None:
        page = page.where(*(_free() if kind.available else [_taken()]))
    part = page.order_by(_s.id).limit(sa.bindparam("limit")).offset(sa.bindparam("offset")).subquery("page")
    return sa.select(*part.c, *holder_columns(part)).order_by(part.c.id)


@lru_cache(maxsize=1000)
def _single(kind: Kind) -> sa.Select[Any]:
    statement = sa.select(*own_columns(SEATS), *holder_columns(SEATS)).where(
        *kind.conditions(), _s.id == sa.bindparam("id")
    )
    if kind.available is None:
        return statement
    return statement.where(*(_free() if kind.available else [_taken()]))


def _latest(column: sa.ColumnElement[Any], table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return sa.select(sa.func.max(column)).where(table.c.event_id == _event, *where).scalar_subquery()


_log: sa.Table = AuditEntry.metadata.tables["audit_log"]
_LAST_CHANGES = sa.select(
    sa.select(_log.c.datetime)
    .where(_log.c.event_id == _event, sa.text(f"audit_log.{SEATS_CHANGED}"))
    .order_by(_log.c.id.desc())
    .limit(1)
    .scalar_subquery(),
    *(_latest(table.c.modified, table) for table in (_positions, _orders, _carts, _vouchers)),
    _latest(_carts.c.expires, _carts, _carts.c.expires <= _now),
    _latest(_vouchers.c.valid_until, _vouchers, _vouchers.c.valid_until <= _now),
    sa.select(Event.modified).where(Event.id == _event).scalar_subquery(),
)


def last_changes(event_id: int) -> tuple[datetime | None, ...]:
    """When what seats show last changed, for each kind of thing: by a row, or by the clock (a cart that expired)."""
    return tuple(rows(_LAST_CHANGES, {"event": event_id, "now": clock.now()})[0])


_SUBEVENT = sa.select(SubEvent.id).where(SubEvent.event_id == _event, SubEvent.id == sa.bindparam("id"))


def has_subevent(event_id: int, subevent_id: int) -> bool:
    """Whether the series has such a date."""
    return run(_SUBEVENT, {"event": event_id, "id": subevent_id}).one_or_none() is not None


def ids_of(seats: Sequence[Mapping[str, Any]], name: str) -> list[int]:
    """The holders of one kind that seats name."""
    return [seat[name] for seat in seats if seat[name] is not None]
