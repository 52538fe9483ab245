"""The REST doors of seats: list, one seat, blocking one or many (seats contract)."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from portal.core.errors import DomainError, Forbidden, InvalidInput, NotFound
from portal.seating import queries, services
from portal.seating.queries import Place, Selection
from portal.seating.schemas import SeatChangeSchema, SeatListSchema, SeatReplacementSchema, SeatSchema
from portal.tickets import queries as tickets
from portal.vouchers import queries as vouchers
from portal.web import conditional, params
from portal.web.access import actor, api_event, event_scope
from portal.web.conditional import Stamp
from portal.web.openapi import documented, page_of, parameter, several
from portal.web.paging import read_page
from portal.web.rest import done, dumps, reply

blueprint = Blueprint(
    "seats",
    __name__,
    url_prefix="/api/v1/organizers/<organizer>/events/<event>",
    description="The seats of an event or of a subevent",
)

EVENT, SUBEVENT = "/seats/", "/subevents/<id:subevent_id>/seats/"
#: What `expand` may name, and the permission it wants.
EXPANDABLE = {"orderposition": "can_view_orders", "cartposition": "can_view_orders", "voucher": "can_view_vouchers"}

_counts = conditional.Counts()

_EXPAND = several("expand", "Show the resource in place of its id; wants the permission to see it", tuple(EXPANDABLE))
_FILTERS = (
    *(parameter(name, f"Only seats with this `{name}`") for name in queries.TEXT_FILTERS),
    parameter("blocked", "Only seats that are (not) blocked", "boolean"),
    parameter("is_available", "Only seats that are (not) available", "boolean"),
)


def _place(subevent: str | None) -> Place:
    """The event or subevent of the path. 404 where a series is asked without a date, or the other way round."""
    scope = event_scope()
    if scope.has_subevents != (subevent is not None):
        raise NotFound()
    if subevent is None:
        return Place(scope.event_id, None)
    subevent_id = params.parse_id(subevent)
    if subevent_id is None or not queries.has_subevent(scope.event_id, subevent_id):
        raise NotFound()
    return Place(scope.event_id, subevent_id)


def _read_expand(query: params.Query) -> frozenset[str]:
    wanted = query.several("expand", EXPANDABLE)
    if not wanted:
        return wanted
    scope = event_scope()
    if not all(scope.may(EXPANDABLE[name]) for name in wanted):
        raise Forbidden()
    return wanted


def _read_selection(query: params.Query, place: Place) -> Selection:
    if query.empty:
        return Selection(place)
    texts = {name: value for name in queries.TEXT_FILTERS if (value := query.text(name)) is not None}
    blocked, available = query.boolean("blocked"), query.boolean("is_available")
    query.check()
    return Selection(place, texts, blocked=blocked, available=available)


def _expand(seats: Sequence[dict[str, Any]], wanted: frozenset[str], stamp: Stamp | None = None) -> Stamp | None:
    """Put resources in place of ids: one more query for each kind, however many seats."""
    if not wanted:
        return stamp
    scope = event_scope()
    for name in wanted:
        ids = queries.ids_of(seats, name)
        found: dict[int, dict[str, Any]] = {}
        if ids and name == "orderposition":
            found, changed = tickets.order_positions(ids, event_slug=scope.event_slug, locale=scope.locale)
            stamp = stamp and stamp.with_changes(changed)
        elif ids:
            found = tickets.cart_positions(ids) if name == "cartposition" else vouchers.by_ids(ids)
        for seat in seats:
            if seat[name] is not None:
                seat[name] = found.get(seat[name])
    return stamp


def _seat_id(text: str) -> int:
    seat_id = params.parse_id(text)
    if seat_id is None:
        raise NotFound()
    return seat_id


def _one(selection: Selection, seat_id: int) -> dict[str, Any]:
    seat = selection.one(seat_id)
    if seat is None:
        raise NotFound("No Seat matches the given query.")
    return seat


@blueprint.route(SUBEVENT, methods=["GET"])
@blueprint.route(EVENT, methods=["GET"])
@documented(page_of(SeatSchema), query=(*_FILTERS, _EXPAND), listing=True)
@api_event()
def list_seats(organizer: str, event: str, subevent_id: str | None = None) -> Response:
    """List seats."""
    place = _place(subevent_id)
    query = params.Query()
    wanted = _read_expand(query)
    selection = _read_selection(query, place)
    stamp = Stamp(queries.last_changes(place.event_id))
    page = read_page(_counts.get(selection.key, stamp, selection.count))
    if "orderposition" not in wanted and (unchanged := conditional.not_modified(stamp)):
        return unchanged
    seats = selection.page(limit=page.size, offset=page.offset)
    stamp = _expand(seats, wanted, stamp) or stamp
    return conditional.not_modified(stamp) or conditional.answer(dumps(page.envelope(seats)), stamp)


@blueprint.route(SUBEVENT + "<id:seat_id>/", methods=["GET"])
@blueprint.route(EVENT + "<id:seat_id>/", methods=["GET"])
@documented(SeatSchema, query=(*_FILTERS, _EXPAND), errors=(400, 401, 403, 404))
@api_event()
def get_seat(organizer: str, event: str, seat_id: str, subevent_id: str | None = None) -> Response:
    """Show a seat."""
    place = _place(subevent_id)
    query = params.Query()
    wanted = _read_expand(query)
    seat = _one(_read_selection(query, place), _seat_id(seat_id))
    _expand([seat], wanted)
    return reply(seat)


@blueprint.route(SUBEVENT + "<id:seat_id>/", methods=["PATCH"])
@blueprint.route(EVENT + "<id:seat_id>/", methods=["PATCH"])
@documented(
    SeatSchema, query=(*_FILTERS, _EXPAND), body=SeatChangeSchema, writing=True, permission="can_change_event_settings"
)
@api_event("can_change_event_settings")
def patch_seat(organizer: str, event: str, seat_id: str, subevent_id: str | None = None) -> Response:
    """Block or free a seat."""
    return _change(seat_id, subevent_id, required=False)


@blueprint.route(SUBEVENT + "<id:seat_id>/", methods=["PUT"])
@blueprint.route(EVENT + "<id:seat_id>/", methods=["PUT"])
@documented(
    SeatSchema,
    query=(*_FILTERS, _EXPAND),
    body=SeatReplacementSchema,
    writing=True,
    permission="can_change_event_settings",
)
@api_event("can_change_event_settings")
def put_seat(organizer: str, event: str, seat_id: str, subevent_id: str | None = None) -> Response:
    """Replace a seat; only `blocked` counts."""
    return _change(seat_id, subevent_id, required=True)


def _change(seat: str, subevent: str | None, *, required: bool) -> Response:
    place = _place(subevent)
    query = params.Query()
    wanted = _read_expand(query)
    selection = _read_selection(query, place)
    seat_id = _seat_id(seat)
    try:
        blocked = params.boolean_field(params.read_body(), "blocked", required=required)
    except DomainError:
        _one(selection, seat_id)
        raise
    if blocked is None:
        changed = _one(selection, seat_id)
    else:
        if selection.filtered:
            _one(selection, seat_id)
        changed = services.set_blocked(
            actor=actor(),
            organizer_id=event_scope().organizer_id,
            place=place,
            seat_id=seat_id,
            blocked=blocked,
        )
    _expand([changed], wanted)
    return done(changed)


@blueprint.route(SUBEVENT + "bulk_block/", methods=["POST", "PATCH"])
@blueprint.route(EVENT + "bulk_block/", methods=["POST", "PATCH"])
@documented({"type": "object"}, body=SeatListSchema, writing=True, permission="can_change_event_settings")
@api_event("can_change_event_settings")
def bulk_block(organizer: str, event: str, subevent_id: str | None = None) -> Response:
    """Block many seats."""
    return _bulk(subevent_id, blocked=True)


@blueprint.route(SUBEVENT + "bulk_unblock/", methods=["POST", "PATCH"])
@blueprint.route(EVENT + "bulk_unblock/", methods=["POST", "PATCH"])
@documented({"type": "object"}, body=SeatListSchema, writing=True, permission="can_change_event_settings")
@api_event("can_change_event_settings")
def bulk_unblock(organizer: str, event: str, subevent_id: str | None = None) -> Response:
    """Free many seats."""
    return _bulk(subevent_id, blocked=False)


def _bulk(subevent: str | None, *, blocked: bool) -> Response:
    place = _place(subevent)
    body = params.read_body(lists=("ids", "seat_guids"))
    ids, guids = "ids" in body, "seat_guids" in body
    if ids == guids:
        raise InvalidInput({"non_field_errors": ["Please pass either ids or seat_guids."]})
    services.bulk_set_blocked(
        actor=actor(),
        organizer_id=event_scope().organizer_id,
        place=place,
        blocked=blocked,
        ids=params.id_list(body, "ids", most=services.MOST_AT_ONCE) if ids else None,
        guids=params.text_list(body, "seat_guids", most=services.MOST_AT_ONCE) if guids else None,
    )
    return done({})
