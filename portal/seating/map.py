"""What the map of seats draws: each seat with its state and product, in few statements however large the hall."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask_babel import gettext

from portal.core import clock
from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.statements import one_of_ids, rows, run
from portal.events.models import Item
from portal.seating.layout import LayoutError, Plan, parse_layout
from portal.seating.models import SeatingPlan
from portal.seating.queries import HOLDERS, SEATS, Place, in_place
from portal.seating.queries.reasons import reasons
from portal.seating.queries.states import STATES, state_column
from portal.tickets.models import Order, OrderPosition
from portal.web.filters import localised

#: The order of states in legends and filters.
SHOWN_STATES = ("free", "blocked", "sold", "cart", "voucher")
#: States in which a seat belongs to somebody.
HELD = frozenset(STATES[:3])
#: So many colours tell products apart.
COLOURS = 6

_s = SEATS.c
_positions: sa.Table = OrderPosition.metadata.tables["order_positions"]
_orders = Order.metadata.tables["orders"].alias("holders_order")


class MapSeat(NamedTuple):
    """A seat as it is drawn and named: ``name`` says where it is, ``about`` in which state and sold as what.

    ``who`` is its holder, for those who may know; ``why`` is the reason for which it is blocked.
    """

    id: int
    zone: str
    row: str
    number: str
    guid: str
    product_id: int | None
    blocked: bool
    state: str
    name: str
    about: str
    look: str
    who: str
    why: str

    @property
    def label(self) -> str:
        """All that is said of the seat to everybody."""
        return f"{self.name}{self.about}, {self.why}" if self.why else self.name + self.about


@dataclass(frozen=True, slots=True)
class ZoneInfo:
    """A part of the hall: its place in the order of zones, and how many of its seats are in each state."""

    index: int
    name: str
    title: str
    count: int
    states: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Product:
    """A product that seats are sold as; ``colour`` numbers the colour of its seats' rings."""

    id: int
    name: str
    colour: int


@dataclass(slots=True)
class Overview:
    """The zones in their order, and the counts of the legend."""

    zones: list[ZoneInfo]
    counts: Mapping[str, int]
    total: int
    sold_as: set[int | None]


def state_names() -> dict[str, str]:
    """What states are called."""
    return {
        "free": gettext("free"),
        "blocked": gettext("blocked"),
        "sold": gettext("sold"),
        "cart": gettext("in a cart"),
        "voucher": gettext("for a voucher"),
    }


# ----------------------------------------------------------------------------------------------------------- reading


def _where(place: Place) -> dict[str, Any]:
    values: dict[str, Any] = {"event": place.event_id, "now": clock.now()}
    return values if place.subevent_id is None else values | {"subevent": place.subevent_id}


@lru_cache(maxsize=16)
def _seats(series: bool, narrowed: str) -> sa.Select[Any]:
    statement = sa.select(
        _s.id, _s.zone_name, _s.row_name, _s.row_label, _s.seat_number, _s.seat_label, _s.seat_guid,
        _s.product_id, sa.type_coerce(_s.blocked, sa.Integer), state_column().label("state"),
    ).where(*in_place(series))  # fmt: skip
    if narrowed == "zone":
        statement = statement.where(_s.zone_name == sa.bindparam("zone", type_=sa.Text()))
    elif narrowed == "ids":
        statement = statement.where(one_of_ids(_s.id, "seats"))
    return statement.order_by(_s.sorting_rank, _s.id)


@lru_cache(maxsize=2)
def _counts(series: bool) -> sa.Select[Any]:
    state = state_column().label("state")
    return (
        sa.select(_s.zone_name, state, _s.product_id, sa.func.count(), sa.func.min(_s.sorting_rank), sa.func.min(_s.id))
        .where(*in_place(series))
        .group_by(_s.zone_name, state, _s.product_id)
    )


_WHO = (
    sa.select(_positions.c.seat_id, _positions.c.attendee_name, _orders.c.code)
    .join(_orders, _orders.c.id == _positions.c.order_id)
    .where(
        _positions.c.event_id == sa.bindparam("event", type_=sa.BigInteger()),
        *HOLDERS[0][1],
        one_of_ids(_positions.c.seat_id, "seats"),
    )
    .order_by(_positions.c.id.desc())
)


def overview(place: Place) -> Overview:
    """Zones and counts; one statement."""
    zones: dict[str, Counter[str]] = {}
    first: dict[str, tuple[int, int]] = {}
    sold_as: set[int | None] = set()
    for zone, state, product_id, count, rank, id_ in run(_counts(place.subevent_id is not None), _where(place)):
        zones.setdefault(zone, Counter())[state] += count
        sold_as.add(product_id)
        first[zone] = min(first.get(zone, (rank, id_)), (rank, id_))
    ordered = sorted(zones, key=lambda zone: first[zone])
    infos = [
        ZoneInfo(index, zone, zone or gettext("Seats"), zones[zone].total(), zones[zone])
        for index, zone in enumerate(ordered)
    ]
    counts = sum(zones.values(), Counter[str]())
    return Overview(infos, {state: counts[state] for state in SHOWN_STATES}, counts.total(), sold_as)


_PRODUCTS = (
    sa.select(Item.id, Item.name)
    .where(Item.event_id == sa.bindparam("event", type_=sa.BigInteger()))
    .order_by(Item.position, Item.id)
)


def products(scope: EventScope) -> dict[int, Product]:
    """The event's products with the colours of their rings; one statement."""
    return {
        id_: Product(id_, localised(name, scope.locale), index % COLOURS)
        for index, (id_, name) in enumerate(rows(_PRODUCTS, {"event": scope.event_id}))
    }


class Found(NamedTuple):
    """Seats as the database has them, with who holds them and why they are blocked, where that is known."""

    rows: Sequence[Sequence[Any]]
    who: Mapping[int, str]
    why: Mapping[int, str]


def find(scope: EventScope, place: Place, *, zone: str | None = None, ids: Sequence[int] | None = None) -> Found:
    """The seats of a place, of one of its zones, or those with ``ids``; few statements, however many seats."""
    narrowed = "zone" if zone is not None else "ids" if ids is not None else ""
    values = _where(place) | ({"zone": zone} if zone is not None else {"seats": list(ids)} if ids is not None else {})
    found = rows(_seats(place.subevent_id is not None, narrowed), values)
    who = _who(place, [row[0] for row in found if row[9] == "sold"]) if scope.may("can_view_orders") else {}
    return Found(found, who, reasons([row[0] for row in found if row[8]]))


def seats(
    scope: EventScope,
    place: Place,
    wares: Mapping[int, Product],
    *,
    zone: str | None = None,
    ids: Sequence[int] | None = None,
) -> list[MapSeat]:
    """What `find` finds, with all that is said of it."""
    found = find(scope, place, zone=zone, ids=ids)
    named = Names(wares)
    return [named.seat(found.who, found.why, *row) for row in found.rows]


def _who(place: Place, sold: Sequence[int]) -> dict[int, str]:
    if not sold:
        return {}
    found = rows(_WHO, {"event": place.event_id, "seats": list(sold), "now": clock.now()})
    return {seat: ", ".join(filter(None, (name, code))) for seat, name, code in found}


@dataclass(slots=True)
class Names:
    """Words of many seats, each word looked up once."""

    wares: Mapping[int, Product]
    states: Mapping[str, str] = field(default_factory=state_names)
    seat_word: str = field(default_factory=lambda: gettext("seat %(number)s", number="{}"))
    blocked_word: str = field(default_factory=lambda: gettext("blocked"))
    _rows: dict[tuple[str, str, str | None], str] = field(default_factory=dict)
    _kinds: dict[tuple[str, bool, int | None], tuple[str, str]] = field(default_factory=dict)

    def seat(
        self, who: Mapping[int, str], why: Mapping[int, str],
        id_: int, zone: str, row_name: str, row_label: str | None, seat_number: str, seat_label: str | None,
        guid: str, product_id: int | None, blocked: int, state: str,
    ) -> MapSeat:  # fmt: skip
        row = (zone, row_name, row_label)
        where = self._rows.get(row)
        if where is None:
            where = self._rows[row] = self.row(*row)
        kind = (state, blocked == 1, product_id)
        about = self._kinds.get(kind)
        if about is None:
            about = self._kinds[kind] = self.kind(*kind)
        name = where + (seat_label or self.seat_word.replace("{}", seat_number or guid))
        return MapSeat(
            id_, zone, row_name, seat_number, guid, product_id, blocked == 1, state, name, about[0], about[1],
            who.get(id_, "") if who else "", why.get(id_, "") if why else "",
        )  # fmt: skip

    def row(self, zone: str, row_name: str, row_label: str | None) -> str:
        """What the names of a row's seats begin with."""
        row = row_label or (gettext("row %(row)s", row=row_name) if row_name else "")
        return "".join(f"{part}, " for part in (zone, row) if part)

    def kind(self, state: str, blocked: bool, product_id: int | None) -> tuple[str, str]:
        """What is said of seats of a kind, and the classes of their drawing."""
        ware = self.wares.get(product_id) if product_id is not None else None
        also = state in HELD and blocked
        parts = [self.states[state], self.blocked_word if also else "", ware.name if ware else ""]
        look = f"s-{state}{' and-blocked' if also else ''}{f' p{ware.colour}' if ware else ''}"
        return "".join(f", {part}" for part in parts if part), look


def plan_of(place: Place) -> Plan | None:
    """The plan in place, with what is drawn beneath the seats; none where it cannot be read."""
    found = db.session.execute(
        sa.select(SeatingPlan.layout).where(
            SeatingPlan.event_id == place.event_id,
            SeatingPlan.subevent_id.is_(None)
            if place.subevent_id is None
            else SeatingPlan.subevent_id == place.subevent_id,
        )
    ).scalar_one_or_none()
    if found is None:
        return None
    try:
        return parse_layout(found)
    except LayoutError:
        return None
