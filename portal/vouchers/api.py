"""The REST doors of vouchers, which read: list and one voucher (platform rules, Voucher)."""

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from portal.core.errors import NotFound
from portal.vouchers import queries
from portal.vouchers.models import PRICE_MODES
from portal.vouchers.schemas import VoucherSchema
from portal.web import conditional, params
from portal.web.access import api_event, event_scope
from portal.web.conditional import Stamp
from portal.web.openapi import documented, page_of, parameter
from portal.web.paging import read_page
from portal.web.rest import dumps, reply

blueprint = Blueprint(
    "vouchers",
    __name__,
    url_prefix="/api/v1/organizers/<organizer>/events/<event>",
    description="The vouchers of an event",
)

_NO_CHOICE = "Select a valid choice. That choice is not one of the available choices."
_counts = conditional.Counts()

_QUERY = (
    parameter("code", "Only the voucher with this code, in any case"),
    parameter("search", "Only vouchers with this in their code, tag or comment"),
    parameter("tag", "Only vouchers with this tag"),
    parameter("price_mode", "Only vouchers with this price mode", enum=list(PRICE_MODES)),
    parameter("value", "Only vouchers with this value"),
    parameter("active", "Only vouchers that can (not) be redeemed", "boolean"),
    *(
        parameter(name, f"Only vouchers with this `{name}`", "boolean")
        for name in ("block_quota", "allow_ignore_quota")
    ),
    *(
        parameter(name, f"Only vouchers with this `{name}`", "integer")
        for name in ("max_usages", "redeemed", "item", "variation", "quota", "subevent")
    ),
    parameter("ordering", f"Fields to order by, separated by commas, with `-` for descending: {queries.ORDERINGS}"),
)


def _read_filters(query: params.Query, event_id: int) -> dict[str, Any]:
    filters: dict[str, Any] = {name: query.integer(name) for name in ("max_usages", "redeemed")}
    filters |= {name: query.boolean(name) for name in ("block_quota", "allow_ignore_quota", "active")}
    filters |= {name: query.text(name) for name in ("code", "tag", "search")}
    filters |= {name: query.integer(name, _NO_CHOICE) for name in ("item", "variation", "quota", "subevent")}
    filters["price_mode"] = query.choice("price_mode", PRICE_MODES)
    filters["value"] = query.money("value")
    if filters["item"] is not None and not queries.has_item(event_id, filters["item"]):
        query.errors["item"] = [_NO_CHOICE]
    query.check()
    return {name: value for name, value in filters.items() if value is not None}


def _read_ordering() -> tuple[str, ...]:
    given = (name.strip() for name in request.args.get("ordering", "").split(","))
    return tuple(dict.fromkeys(name for name in given if name.removeprefix("-") in queries.ORDERINGS)) or ("id",)


@blueprint.route("/vouchers/", methods=["GET"])
@documented(page_of(VoucherSchema), query=_QUERY, listing=True, permission="can_view_vouchers")
@api_event("can_view_vouchers")
def list_vouchers(organizer: str, event: str) -> Response:
    """List vouchers."""
    event_id = event_scope().event_id
    filters = _read_filters(params.Query(), event_id)
    stamp = Stamp(queries.last_changes(event_id))
    key = (event_id, *filters.items())
    page = read_page(_counts.get(key, stamp, lambda: queries.count(event_id, filters)))
    if unchanged := conditional.not_modified(stamp):
        return unchanged
    vouchers = queries.page(event_id, filters, _read_ordering(), limit=page.size, offset=page.offset)
    return conditional.answer(dumps(page.envelope(vouchers)), stamp)


@blueprint.route("/vouchers/<id:voucher_id>/", methods=["GET"])
@documented(VoucherSchema, permission="can_view_vouchers")
@api_event("can_view_vouchers")
def get_voucher(organizer: str, event: str, voucher_id: str) -> Response:
    """Show a voucher."""
    number = params.parse_id(voucher_id)
    if number is None:
        raise NotFound()
    voucher = queries.one(event_scope().event_id, number)
    if voucher is None:
        raise NotFound("No Voucher matches the given query.")
    return reply(voucher)
