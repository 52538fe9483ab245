"""The map of seats for organizers: the page, its zones, the table beside it, what changed since, and the history."""

import re
from itertools import islice
from typing import Any

from flask import Response, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue

from portal.core.actors import EventScope
from portal.core.errors import NotFound
from portal.seating import map as drawing
from portal.seating.geometry import geometry, natural, positions
from portal.seating.layout import Plan
from portal.seating.map import MapSeat, Names, ZoneInfo
from portal.seating.marks import zone_marks
from portal.seating.queries import Place, delta
from portal.seating.queries.places import place_of
from portal.seating.services import history as changes
from portal.seating.services import selection
from portal.seating.views import blueprint
from portal.seating.views.dates import asked_date, choices
from portal.web import organizer as pages
from portal.web.access import event_member, event_scope
from portal.web.params import parse_id
from portal.web.rest import Unchanged

#: Above so many seats the zones come after the page.
AT_ONCE = 2000
#: Above so many seats a canvas shows those that are too small to be shapes.
FAR = 15_000
#: So many zones are asked for together with the page: as many as browsers have connections to a server.
SOON = 6
#: So many seats of a filter are listed; all of them can be changed.
LISTED = 500
#: Changes beside the map, and on a page of the history.
LATEST, ON_A_PAGE = 8, 50

_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,30}|rgba?\([0-9., %]{5,40}\)")
Row = tuple[str, list[MapSeat]]


def here() -> tuple[EventScope, Place]:
    """The event, and the date this request names."""
    scope = event_scope()
    return scope, place_of(scope, asked_date())


def common(scope: EventScope, place: Place) -> dict[str, Any]:
    """What every template of the map needs."""
    return {
        "scope": scope,
        "where": {"organizer": scope.organizer_slug, "event": scope.event_slug, "subevent": place.subevent_id},
        "may_change": scope.may("can_change_event_settings"),
        "state_names": drawing.state_names(),
        "SHOWN_STATES": drawing.SHOWN_STATES,
    }


@blueprint.get("/")
@event_member()
def index(organizer: str, event: str) -> ResponseReturnValue:
    """The map with its legend, the table, the filter, the pasted list and the latest changes."""
    scope = event_scope()
    dates, coming = choices(scope)
    subevent_id = asked_date() or coming
    if scope.has_subevents and subevent_id is None:
        return pages.page("seating/map.html", ready=False, dates=dates)
    place = place_of(scope, subevent_id)
    version = delta.version(scope=scope, subevent_id=subevent_id)
    seen = drawing.overview(place)
    wares = drawing.products(scope)
    plan = drawing.plan_of(place) if seen.total else None
    zones = {zone.name: zone for zone in seen.zones}
    seats = drawing.seats(scope, place, wares) if 0 < seen.total <= AT_ONCE else []
    opened = zones.get(request.args.get("zone", "")) if "zone" in request.args else None
    context = common(scope, place) | {
        "ready": True,
        "dates": dates,
        "subevent_id": subevent_id,
        "version": version,
        "seen": seen,
        "plan": plan,
        "geometry": geometry(place, plan),
        "wares": wares,
        "safe_colours": _safe_colours(plan),
        "by_zone": _by_zone(seats),
        "lazy": seen.total > AT_ONCE,
        "far": seen.total > FAR,
        "soon": seen.zones[:SOON] if seen.total > AT_ONCE else [],
        "entries": changes.latest(scope=scope, subevent_id=subevent_id, limit=LATEST),
        "opened": opened,
        "rows": _rows(drawing.seats(scope, place, wares, zone=opened.name)) if opened else [],
        "found": _found(scope, place, wares),
    }
    return pages.page("seating/map.html", **context)


def _safe_colours(plan: Plan | None) -> frozenset[str]:
    """The colours of a plan that are nothing but colours."""
    areas = [area for zone in plan.zones for area in zone.areas] if plan else []
    given = {colour for area in areas for colour in (area.color, area.border_color) if colour}
    return frozenset(colour for colour in given if _COLOUR.fullmatch(colour))


def _by_zone(seats: list[MapSeat]) -> dict[str, list[MapSeat]]:
    zones: dict[str, list[MapSeat]] = {}
    for seat in seats:
        zones.setdefault(seat.zone, []).append(seat)
    return zones


def _rows(seats: list[MapSeat]) -> list[Row]:
    """Rows and their seats by number."""
    rows: dict[str, list[MapSeat]] = {}
    for seat in seats:
        rows.setdefault(seat.row, []).append(seat)
    return [
        (row, sorted(rows[row], key=lambda seat: (natural(seat.number), seat.id))) for row in sorted(rows, key=natural)
    ]


def filters() -> dict[str, Any]:
    """What a filter of seats in this request asks for; values that mean nothing do not count."""
    given = request.values
    state = given.get("state", "")
    return {
        "zone": given["in_zone"] if given.get("in_zone") else None,
        "row": given.get("row") or None,
        "product_id": parse_id(given.get("product", "")),
        "state": state if state in drawing.SHOWN_STATES else None,
    }


def _found(scope: EventScope, place: Place, wares: dict[int, drawing.Product]) -> dict[str, Any] | None:
    """The seats of the filter, where there is one."""
    if "filter" not in request.args:
        return None
    ids = selection.matching(scope=scope, subevent_id=place.subevent_id, **filters())
    return {"count": len(ids), "seats": drawing.seats(scope, place, wares, ids=ids[:LISTED]), "asked": filters()}


def _zone(place: Place, index: int) -> ZoneInfo:
    zones = drawing.overview(place).zones
    if not 0 <= index < len(zones):
        raise NotFound("This zone does not exist.")
    return zones[index]


@blueprint.get("/zones/<int(max=9999):index>")
@event_member()
def zone(organizer: str, event: str, index: int) -> ResponseReturnValue:
    """A zone's seats, drawn."""
    scope, place = here()
    known = positions(place)
    name = next(islice(known.zones, index, None), None)
    if name is None:
        raise NotFound("This zone does not exist.")
    marks = zone_marks(drawing.find(scope, place, zone=name), Names(drawing.products(scope)), known.points)
    return render_template("seating/_zone.html", index=index, name=name, marks=marks)


@blueprint.get("/zones/<int(max=9999):index>/table")
@event_member()
def zone_table(organizer: str, event: str, index: int) -> ResponseReturnValue:
    """A zone's seats as a table."""
    scope, place = here()
    found = _zone(place, index)
    rows = _rows(drawing.seats(scope, place, drawing.products(scope), zone=found.name))
    return render_template("seating/_table.html", zone=found, rows=rows, **common(scope, place))


@blueprint.get("/ids")
@event_member()
def ids(organizer: str, event: str) -> ResponseReturnValue:
    """The seats of a filter by their ids, for the selection on the map."""
    scope, place = here()
    return jsonify(selection.matching(scope=scope, subevent_id=place.subevent_id, **filters()))


@blueprint.get("/<int(max=9007199254740991):seat_id>")
@event_member()
def seat(organizer: str, event: str, seat_id: int) -> ResponseReturnValue:
    """One seat: its state, its product, its history; for htmx what stands in a dialog."""
    scope, place = here()
    wares = drawing.products(scope)
    found = drawing.seats(scope, place, wares, ids=[seat_id])
    if not found:
        raise NotFound("This seat does not exist, or it belongs to another event.")
    entries = changes.latest(scope=scope, subevent_id=place.subevent_id, seat_id=seat_id, limit=LATEST)
    context = common(scope, place) | {"seat": found[0], "ware": wares.get(found[0].product_id or 0), "entries": entries}
    if request.headers.get("HX-Request"):
        return render_template("seating/_seat.html", **context)
    return pages.page("seating/seat.html", **context)


@blueprint.get("/changes")
@event_member()
def since(organizer: str, event: str) -> ResponseReturnValue:
    """What changed since a version: those seats, the counts and the history; 204 where nothing did."""
    scope, place = here()
    version = request.args.get("version", "")
    found = delta.since(scope=scope, subevent_id=place.subevent_id, version=version)
    if found.version == version and not found.seat_ids:
        return Unchanged()
    if found.everything:
        return Response(status=200, headers={"HX-Refresh": "true"})
    return make_response(render_template("seating/_since.html", version=found.version, **fresh(found.seat_ids)))


def fresh(seat_ids: list[int]) -> dict[str, Any]:
    """The seats to draw anew, the legend's counts and the latest changes."""
    scope, place = here()
    return common(scope, place) | {
        "seats": drawing.seats(scope, place, drawing.products(scope), ids=seat_ids) if seat_ids else [],
        "points": positions(place).points if seat_ids else {},
        "seen": drawing.overview(place),
        "entries": changes.latest(scope=scope, subevent_id=place.subevent_id, limit=LATEST),
    }


@blueprint.get("/history")
@event_member()
def history(organizer: str, event: str) -> ResponseReturnValue:
    """All changes of seats, the newest first."""
    scope, place = here()
    before = parse_id(request.args.get("before", ""))
    entries = changes.latest(scope=scope, subevent_id=place.subevent_id, limit=ON_A_PAGE, before=before)
    more = entries[-1].id if len(entries) == ON_A_PAGE else None
    return pages.page("seating/history.html", entries=entries, more=more, **common(scope, place))
