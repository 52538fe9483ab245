"""What the map of seats draws: each seat with its state and product, in few statements however large the hall."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext

from portal.core import clock
from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.statements import one_of_ids, run
from portal.events.models import Item
from portal.seating.layout import LayoutError, Plan, parse_layout
from portal.seating.models import SeatingPlan
from portal.seating.queries import HOLDERS, SEATS, Place, in_place
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
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class MapSeat:
    """A seat as it is drawn and named; ``who`` is its holder, for those who may know."""

    id: int
    zone: str
    row: str
    number: str
    guid: str
    product_id: int | None
    blocked: bool
    state: str
    name: str
    label: str
    look: str
    who: str


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


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts 2 before 10."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in _DIGITS.split(text) if part
    )


# ----------------------------------------------------------------------------------------------------------- reading


def _where(place: Place) -> dict[str, Any]:
    values: dict[str, Any] = {"event": place.event_id, "now": clock.now()}
    return values if place.subevent_id is None else values | {"subevent": place.subevent_id}


@lru_cache(maxsize=16)
def _seats(series: bool, narrowed: str) -> sa.Select[Any]:
    statement = sa.select(
        _s.id, _s.zone_name, _s.row_name, _s.row_label, _s.seat_number, _s.seat_label, _s.seat_guid,
        _s.product_id, _s.blocked, state_column().label("state"),
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


def products(scope: EventScope) -> dict[int, Product]:
    """The event's products with the colours of their rings; one statement."""
    statement = sa.select(Item.id, Item.name).where(Item.event_id == scope.event_id).order_by(Item.position, Item.id)
    return {
        id_: Product(id_, localised(name, scope.locale), index % COLOURS)
        for index, (id_, name) in enumerate(run(statement))
    }


def seats(
    scope: EventScope,
    place: Place,
    wares: Mapping[int, Product],
    *,
    zone: str | None = None,
    ids: Sequence[int] | None = None,
) -> list[MapSeat]:
    """The seats of a place, of one of its zones, or those with ``ids``; one statement, and one for the holders."""
    narrowed = "zone" if zone is not None else "ids" if ids is not None else ""
    values = _where(place) | ({"zone": zone} if zone is not None else {"seats": list(ids)} if ids is not None else {})
    rows = run(_seats(place.subevent_id is not None, narrowed), values).all()
    who = _who(place, [row[0] for row in rows if row[9] == "sold"]) if scope.may("can_view_orders") else {}
    named = _Names(wares)
    return [named.seat(row, who.get(row[0], "")) for row in rows]


def _who(place: Place, sold: Sequence[int]) -> dict[int, str]:
    if not sold:
        return {}
    rows = run(_WHO, {"event": place.event_id, "seats": list(sold), "now": clock.now()})
    return {seat: ", ".join(filter(None, (name, code))) for seat, name, code in rows}


@dataclass(slots=True)
class _Names:
    """Words of many seats, each word looked up once."""

    wares: Mapping[int, Product]
    states: Mapping[str, str] = field(default_factory=state_names)
    rows: dict[tuple[str, str, str | None], str] = field(default_factory=dict)
    seat_word: str = field(default_factory=lambda: gettext("seat %(number)s", number="{}"))
    blocked_word: str = field(default_factory=lambda: gettext("blocked"))

    def seat(self, row: Sequence[Any], who: str) -> MapSeat:
        id_, zone, row_name, row_label, seat_number, seat_label, guid, product_id, blocked, state = row
        key = (zone, row_name, row_label)
        where = self.rows.get(key)
        if where is None:
            where = self.rows[key] = self._row(*key)
        name = where + (seat_label or self.seat_word.replace("{}", seat_number or guid))
        ware = self.wares.get(product_id)
        also = state in HELD and blocked
        parts = [name, self.states[state], self.blocked_word if also else "", ware.name if ware else ""]
        look = f"s-{state}{' and-blocked' if also else ''}{f' p{ware.colour}' if ware else ''}"
        return MapSeat(
            id_, zone, row_name, seat_number, guid, product_id, blocked, state, name,
            ", ".join(filter(None, parts)), look, who,
        )  # fmt: skip

    def _row(self, zone: str, row_name: str, row_label: str | None) -> str:
        row = row_label or (gettext("row %(row)s", row=row_name) if row_name else "")
        return "".join(f"{part}, " for part in (zone, row) if part)


# ------------------------------------------------------------------------------------------------------- where it is

#: Between two seats of a row, and a seat's radius: what the drawings of seats are made for.
PITCH, RADIUS = 20.0, 8.0
_MARGIN = 24.0


@dataclass(slots=True)
class Geometry:
    """Where seats are drawn: by id, and around each zone. ``scale`` turns the plan's units into the map's."""

    points: dict[int, tuple[float, float]]
    scale: float
    box: tuple[float, float, float, float]
    zones: dict[str, tuple[float, float, float, float]]
    rows: list[tuple[float, float, str]]
    titles: list[tuple[float, float, str]]


_POINTS = {
    series: sa.select(_s.id, _s.zone_name, _s.row_name, _s.seat_number, _s.x, _s.y)
    .where(*in_place(series))
    .order_by(_s.sorting_rank, _s.id)
    for series in (False, True)
}


def geometry(place: Place, plan: Plan | None = None) -> Geometry:
    """Where the seats are: by their coordinates or, where one has none, by zone, row and number; one statement."""
    values = {name: value for name, value in _where(place).items() if name != "now"}
    rows = [tuple(row) for row in run(_POINTS[place.subevent_id is not None], values)]
    placed = bool(rows) and all(row[4] is not None and row[5] is not None for row in rows)
    labels: list[tuple[float, float, str]] = []
    titles: list[tuple[float, float, str]] = []
    if placed:
        scale = PITCH / _pitch(rows)
        points = {row[0]: (round(row[4] * scale, 1), round(row[5] * scale, 1)) for row in rows}
    else:
        scale = 1.0
        points, labels, titles = _laid_out(rows)
    zones = {
        zone: _bounds([points[row[0]] for row in rows if row[1] == zone])
        for zone in dict.fromkeys(row[1] for row in rows)
    }
    corners = [point for box in zones.values() for point in ((box[0], box[1]), (box[2], box[3]))]
    if placed and plan is None:
        titles = [(box[0] - RADIUS, box[1] - PITCH, zone) for zone, box in zones.items() if zone]
    corners += [(x, y - PITCH / 2) for x, y, _ in titles]
    if plan is not None and placed:
        corners += [(x * scale, y * scale) for x, y in _outline(plan)]
    left, top, right, bottom = _bounds(corners) if corners else (0.0, 0.0, 100.0, 50.0)
    left -= _MARGIN if not labels else 0.0
    box = (left, top - _MARGIN, right - left + _MARGIN, bottom - top + 2 * _MARGIN)
    return Geometry(points, scale, box, zones, labels, titles)


def _outline(plan: Plan) -> Iterator[tuple[float, float]]:
    """Where a plan's shapes and texts are, as if none were turned."""
    for zone in plan.zones:
        for area in zone.areas:
            yield area.x - area.radius_x, area.y - area.radius_y
            yield area.x + max(area.radius_x, area.width), area.y + max(area.radius_y, area.height)
            for x, y in area.points:
                yield area.x + x, area.y + y
            if area.text:
                yield area.x + area.text_x, area.y + area.text_y


def _bounds(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _pitch(rows: Sequence[tuple[Any, ...]]) -> float:
    """How far neighbours are apart, in the plan's units: the tenth part of seats may be closer."""
    by_row: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _, zone, row, _, x, y in rows:
        by_row.setdefault((zone, row), []).append((x, y))
    gaps = sorted(
        gap
        for points in by_row.values()
        for (x, y), (next_x, next_y) in zip(points, points[1:], strict=False)
        if (gap := ((x - next_x) ** 2 + (y - next_y) ** 2) ** 0.5) > 0.01
    )
    return gaps[len(gaps) // 10] if gaps else PITCH


def _laid_out(
    rows: Sequence[tuple[Any, ...]],
) -> tuple[dict[int, tuple[float, float]], list[tuple[float, float, str]], list[tuple[float, float, str]]]:
    """Zones below each other, their rows below each other, seats by number."""
    zones: dict[str, dict[str, list[tuple[str, int]]]] = {}
    for id_, zone, row, seat_number, *_ in rows:
        zones.setdefault(zone, {}).setdefault(row, []).append((seat_number, id_))
    points: dict[int, tuple[float, float]] = {}
    labels: list[tuple[float, float, str]] = []
    titles: list[tuple[float, float, str]] = []
    left = PITCH * 3
    y = PITCH
    for zone, by_row in zones.items():
        if zone:
            titles.append((left - RADIUS, y, zone))
            y += PITCH * 1.2
        for row in sorted(by_row, key=natural):
            labels += [(left - PITCH * 0.9, y, row)] if row else []
            for at, (_, id_) in enumerate(sorted(by_row[row], key=lambda seat: (natural(seat[0]), seat[1]))):
                points[id_] = (left + at * PITCH, y)
            y += PITCH * 1.2
        y += PITCH
    return points, labels, titles


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
