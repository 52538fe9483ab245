"""Where seats are drawn: by the coordinates of the plan or, without any, by zone, row and number."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import log
from typing import Any

import sqlalchemy as sa

from portal.core.statements import rows, run
from portal.events.models import Event
from portal.seating.layout import Plan
from portal.seating.queries import SEATS, Place, in_place

#: Between two seats of a row, and a seat's radius: what the drawings of seats are made for.
PITCH, RADIUS = 20.0, 8.0
_MARGIN = 24.0
#: How wide a window is for its height, and into how many columns zones without a plan may go.
_WINDOW, _MOST_COLUMNS = 1.9, 6
_DIGITS = re.compile(r"(\d+)")
_s = SEATS.c
Box = tuple[float, float, float, float]
Label = tuple[float, float, str]


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts 2 before 10."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in _DIGITS.split(text) if part
    )


@dataclass(frozen=True, slots=True)
class Positions:
    """Where the seats of a place are: their ``x`` and ``y`` by id, and the box around each zone in the order of zones.

    ``scale`` turns the plan's units into the map's; the names are of rows and zones that no plan places.
    """

    points: dict[int, tuple[str, str]]
    scale: float
    placed: bool
    zones: dict[str, Box]
    rows: tuple[Label, ...]
    titles: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Geometry:
    """What the page draws around the seats: the box of the whole hall, and the names that no plan brings."""

    positions: Positions
    box: Box
    titles: tuple[Label, ...]


_POINTS = {
    series: sa.select(_s.id, _s.zone_name, _s.row_name, _s.seat_number, _s.x, _s.y)
    .where(*in_place(series))
    .order_by(_s.sorting_rank, _s.id)
    for series in (False, True)
}


_MODIFIED = sa.select(Event.modified).where(Event.id == sa.bindparam("event", type_=sa.BigInteger()))


def positions(place: Place) -> Positions:
    """Where the seats are. Seats come, move and go with their event's `modified`: until then it is known."""
    stamp = rows(_MODIFIED, {"event": place.event_id})[0][0]
    return _positions(place, stamp)


@lru_cache(maxsize=8)
def _positions(place: Place, _stamp: datetime) -> Positions:
    values = {"event": place.event_id} | ({} if place.subevent_id is None else {"subevent": place.subevent_id})
    rows = [tuple(row) for row in run(_POINTS[place.subevent_id is not None], values)]
    placed = bool(rows) and all(row[4] is not None and row[5] is not None for row in rows)
    labels: list[Label] = []
    titles: list[Label] = []
    if placed:
        scale = PITCH / _pitch(rows)
        points = {row[0]: (round(row[4] * scale, 1), round(row[5] * scale, 1)) for row in rows}
    else:
        scale = 1.0
        points, labels, titles = _laid_out(rows)
    by_zone: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        by_zone.setdefault(row[1], []).append(points[row[0]])
    zones = {zone: _bounds(inside) for zone, inside in by_zone.items()}
    texts = {id_: (f"{x:g}", f"{y:g}") for id_, (x, y) in points.items()}
    return Positions(texts, scale, placed, zones, tuple(labels), tuple(titles))


def geometry(place: Place, plan: Plan | None = None) -> Geometry:
    """What the page draws around the seats, with the plan in place if there is one."""
    known = positions(place)
    corners = [point for box in known.zones.values() for point in ((box[0], box[1]), (box[2], box[3]))]
    titles = known.titles
    if known.placed and plan is None:
        titles = tuple((box[0] - RADIUS, box[1] - PITCH, zone) for zone, box in known.zones.items() if zone)
    corners += [(x, y - PITCH / 2) for x, y, _ in titles]
    if plan is not None and known.placed:
        corners += [(x * known.scale, y * known.scale) for x, y in _outline(plan)]
    left, top, right, bottom = _bounds(corners) if corners else (0.0, 0.0, 100.0, 50.0)
    left -= _MARGIN if not known.rows else 0.0
    return Geometry(known, (left, top - _MARGIN, right - left + _MARGIN, bottom - top + 2 * _MARGIN), titles)


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


def _bounds(points: Sequence[tuple[float, float]]) -> Box:
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


@dataclass(frozen=True, slots=True)
class _Block:
    """A zone that no plan places, drawn at the origin: its seats, its names, and how large it is."""

    points: list[tuple[int, float, float]]
    rows: list[Label]
    title: str
    width: float
    height: float


def _block(zone: str, by_row: dict[str, list[tuple[str, int]]]) -> _Block:
    """The rows of a zone below each other, seats by number."""
    points: list[tuple[int, float, float]] = []
    names: list[Label] = []
    left, y = PITCH * 2, PITCH * 1.2 if zone else 0.0
    for row in sorted(by_row, key=natural):
        names += [(left - PITCH * 0.9, y, row)] if row else []
        for at, (_, id_) in enumerate(sorted(by_row[row], key=lambda seat: (natural(seat[0]), seat[1]))):
            points.append((id_, left + at * PITCH, y))
        y += PITCH * 1.2
    width = max(x for _, x, _ in points) + PITCH
    return _Block(points, names, zone, width, y + PITCH)


def _columns(blocks: Sequence[_Block]) -> list[list[_Block]]:
    """The zones in as many columns as make the hall about as wide as a window, in their order."""

    def broken(count: int) -> list[list[_Block]]:
        height = sum(block.height for block in blocks) / count
        columns: list[list[_Block]] = [[]]
        for block in blocks:
            filled = sum(one.height for one in columns[-1])
            if columns[-1] and filled + block.height / 2 > height and len(columns) < count:
                columns.append([])
            columns[-1].append(block)
        return columns

    def strangeness(columns: list[list[_Block]]) -> float:
        width = sum(max(block.width for block in column) for column in columns)
        height = max(sum(block.height for block in column) for column in columns)
        return abs(log(width / height / _WINDOW))

    return min((broken(count) for count in range(1, min(len(blocks), _MOST_COLUMNS) + 1)), key=strangeness)


def _laid_out(rows: Sequence[tuple[Any, ...]]) -> tuple[dict[int, tuple[float, float]], list[Label], list[Label]]:
    """Seats, names of rows and names of zones."""
    zones: dict[str, dict[str, list[tuple[str, int]]]] = {}
    for id_, zone, row, seat_number, *_ in rows:
        zones.setdefault(zone, {}).setdefault(row, []).append((seat_number, id_))
    points: dict[int, tuple[float, float]] = {}
    labels: list[Label] = []
    titles: list[Label] = []
    left = PITCH
    for column in _columns([_block(zone, by_row) for zone, by_row in zones.items()]) if zones else []:
        top = PITCH
        for block in column:
            points |= {id_: (round(left + x, 1), round(top + y, 1)) for id_, x, y in block.points}
            labels += [(round(left + x, 1), round(top + y, 1), row) for x, y, row in block.rows]
            titles += [(left + PITCH * 2 - RADIUS, top, block.title)] if block.title else []
            top += block.height
        left += max(block.width for block in column)
    return points, labels, titles
