"""Reading seating plans and seats; without seats they are made from the plan."""

from typing import Any

import orjson

from portal.exchange.load import kinds, resources
from portal.exchange.load.reading import Part, Reading
from portal.exchange.load.shapes import KEEP, Row
from portal.exchange.load.values import kind_of
from portal.seating.layout import LayoutError, Plan, PlanSeat, parse_layout

#: A plan with what a category's seats are sold as.
PlannedSeats = tuple[Plan, dict[str, Row]]


def read_seating(reading: Reading, part: Part, data: dict[str, Any], dates: list[tuple[Row, dict[str, Any]]]) -> None:
    """An event's plan, those of its subevents, and all seats.

    A seat without x and y stands where the plan says. Where ``seats`` is missing they are made from the plan; their
    product is the one that ``seat_category_mapping`` names for their category, and nothing where it names none.
    """
    plans: dict[Row | None, PlannedSeats] = {}
    own = _read_plan(reading, part, data, part.path, None)
    if own is not None:
        plans[None] = own
    for subevent, entry in dates:
        if type(entry.get("seating_plan")) is dict:
            plan = _read_plan(reading, part, entry, subevent.path, subevent)
        else:
            mapping = _mapping(reading, part, entry, subevent.path)
            plan = (own[0], own[1] | mapping) if own is not None else None
        if plan is not None:
            plans[subevent] = plan
    if data.get("seats") is None:
        for scope, plan in plans.items():
            if part.is_series == (scope is not None):
                _make_seats(reading, part, plan, scope)
        return
    _read_seats(reading, part, data, plans)


def _read_plan(
    reading: Reading, part: Part, data: dict[str, Any], path: str, subevent: Row | None
) -> PlannedSeats | None:
    mapping = _mapping(reading, part, data, path)
    given = data.get("seating_plan")
    if given is None:
        return None
    path = f"{path}.seating_plan"
    values = reading.shape(resources.SEATING_PLAN, given, path)
    if values is None:
        return None
    layout = given.get("layout")
    if b"\\u0000" in orjson.dumps(layout):
        reading.problems.error(f"{path}.layout", "holds a null character")
        return None
    try:
        plan = parse_layout(layout)
    except LayoutError as error:
        for at, reason in error.problems:
            reading.problems.error(f"{path}.layout.{at}" if at else f"{path}.layout", reason)
        return None
    reading.add(part, kinds.SEATING_PLAN, path, None, [values[0] or plan.name, layout, part.owner, subevent])
    return plan, mapping


def _mapping(reading: Reading, part: Part, data: dict[str, Any], path: str) -> dict[str, Row]:
    """The products of categories."""
    given = data.get("seat_category_mapping")
    if given is None:
        return {}
    path = f"{path}.seat_category_mapping"
    if type(given) is not dict:
        reading.problems.error(path, f"must be an object, not {kind_of(given)}")
        return {}
    found = {
        name: reading.find(part, kinds.ITEM, value, f"{path}.{name}", "item")
        for name, value in given.items()
        if value is not None
    }
    return {name: row for name, row in found.items() if row is not None}


def _make_seats(reading: Reading, part: Part, planned: PlannedSeats, subevent: Row | None) -> None:
    plan, products = planned
    plan_path = "seating_plan.layout"
    for rank, seat in enumerate(plan.seats):
        path = f"{part.path}.{plan_path}.{seat.path}"
        values = [
            seat.zone_name, seat.row_name, seat.row_label, seat.number, seat.label, seat.guid, KEEP, seat.x, seat.y,
            products.get(seat.category, KEEP), part.owner, rank, subevent,
        ]  # fmt: skip
        part.seats[subevent, seat.guid] = reading.add(part, kinds.SEAT, path, None, values)


def _read_seats(reading: Reading, part: Part, data: dict[str, Any], plans: dict[Row | None, PlannedSeats]) -> None:
    places: dict[Row | None, dict[str, tuple[int, PlanSeat]]] = {
        scope: {seat.guid: (rank, seat) for rank, seat in enumerate(plan.seats)} for scope, (plan, _) in plans.items()
    }
    x_at, y_at, guid_at = (kinds.SEAT.index[name] for name in ("x", "y", "seat_guid"))
    for path, entry in reading.entries(data, "seats", part.path):
        values = reading.shape(resources.SEAT, entry, path)
        if values is None:
            continue
        subevent = reading.ref(part, kinds.SUBEVENT, entry, "subevent", path)
        if part.is_series and entry.get("subevent") is None:
            reading.problems.error(f"{path}.subevent", "is missing, and the event is a series")
        place = places.get(subevent, {}).get(values[guid_at])
        if place is not None and values[x_at] is None and values[y_at] is None:
            values[x_at], values[y_at] = place[1].x, place[1].y
        rank = KEEP if place is None else place[0]
        product = reading.ref(part, kinds.ITEM, entry, "product", path, "item")
        row = reading.add(part, kinds.SEAT, path, entry, [*values, product, part.owner, rank, subevent])
        part.seats[subevent, values[guid_at]] = row
