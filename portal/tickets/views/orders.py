"""Pages for organizers: an event's orders, each of them, and the form that sells by hand."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.wrappers import Response

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput, InvalidList, NotFound
from portal.core.history import changes_of
from portal.core.names import PART_LABELS, SCHEMES
from portal.events import catalog
from portal.seating.queries import Selection
from portal.seating.queries.places import label, labels, place_of
from portal.tickets import forms, orders
from portal.tickets.models import Order
from portal.tickets.services import orders as changes
from portal.tickets.services import selling
from portal.tickets.views.naming import resolved
from portal.tickets.views.rooms import ROOMS
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import localised, when
from portal.web.lists import here, page_part, page_url, words
from portal.web.params import parse_id

blueprint = Blueprint("orders", __name__, url_prefix="/organizer/<organizer>/<event>/orders")

HISTORY = 100
#: So many free seats are offered while somebody types.
SEATS = 300
ID = "<int(max=9007199254740991):order_id>"


def wanted_orders() -> orders.OrderFilter:
    """The filter in this request; what it cannot mean does not count."""
    given = request.args
    status, checked = given.get("status", ""), given.get("checked", "")
    return orders.OrderFilter(
        q=words(),
        status=status if status in orders.STATUSES else "",
        item=parse_id(given.get("item", "")),
        subevent=parse_id(given.get("date", "")),
        checked=checked if checked in orders.CHECKED else "",
    )


@blueprint.get("/")
@event_member("can_view_orders")
def index(organizer: str, event: str) -> ResponseReturnValue:
    """All orders, to search and filter; for htmx the list alone."""
    scope = event_scope()
    wanted = wanted_orders()
    statuses = orders.status_counts(scope.event_id)
    total = sum(statuses.values())
    part = page_part(orders.count(scope.event_id, wanted) if wanted.narrows else total)
    context: dict[str, Any] = {
        "rows": orders.page(scope.event_id, wanted, limit=part.size, offset=part.offset),
        "wanted": wanted,
        "statuses": statuses,
        "total": total,
        "products": [(item.id, localised(item.name, scope.locale)) for item in catalog.products(scope.event_id)],
        "dates": date_choices(scope),
        "part": part,
        "page_url": page_url,
        "here": here,
        "scope": scope,
    }
    if request.headers.get("HX-Target") == "orders":
        return render_template("tickets/_list.html", **context)
    return pages.page("tickets/index.html", **context)


def date_choices(scope: EventScope) -> list[tuple[int, str]]:
    """The dates of a series by id, with when they are."""
    if not scope.has_subevents:
        return []
    return [
        (date.id, f"{localised(date.name, scope.locale)}, {when(date.date_from)}")
        for date in catalog.dates(scope.event_id)
    ]


def found(order_id: int) -> Order:
    """The order of this request's event. Raises `NotFound`."""
    order = orders.one(event_scope().event_id, order_id)
    if order is None:
        raise NotFound("This order does not exist, or it belongs to another event.")
    return order


def to_order(order_id: int) -> Response:
    """To an order's page."""
    scope = event_scope()
    where = {"organizer": scope.organizer_slug, "event": scope.event_slug}
    return redirect(url_for("orders.detail", order_id=order_id, **where), 303)  # type: ignore[arg-type]


@blueprint.get(f"/{ID}/")
@event_member("can_view_orders")
def detail(organizer: str, event: str, order_id: int) -> ResponseReturnValue:
    """One order: tickets, answers, invoice, check-ins, history."""
    scope = event_scope()
    order = found(order_id)
    tickets = orders.tickets(order)
    live = [each.position.price for each in tickets if not each.position.canceled]
    return pages.page(
        "tickets/order.html",
        order=order,
        tickets=tickets,
        seats=labels([each.position.seat_id for each in tickets if each.position.seat_id is not None]),
        total=forms.total(live),
        live=len(live),
        numbers={each.position.id: each.position.positionid for each in tickets},
        changes=changes_of(event_id=scope.event_id, objects=[("order", order.id)], limit=HISTORY),
    )


# ----------------------------------------------------------------------------------------------------- sold by hand


@blueprint.route("/-/new", methods=["GET", "POST"])
@event_member("can_change_orders")
def new(organizer: str, event: str) -> ResponseReturnValue:
    """The form that sells one ticket or several; ``more`` asks for another row."""
    scope = event_scope()
    choices = [each for each in catalog.choices(scope.event_id) if each.active]
    dates, scheme = date_choices(scope), orders.name_scheme(scope.event_id)
    given: dict[str, Any] = {"p-0-product": "", "p-0-subevent": request.args.get("date", "")}
    errors: dict[str, Any] = {}
    if request.method == "POST":
        given = request.form.to_dict()
        if "more" in given:
            rows = min(forms.row_count(given), forms.MOST_TICKETS - 1)
            last = {name: given.get(f"p-{rows - 1}-{name}", "") for name in ("product", "subevent")}
            given |= {f"p-{rows}-{name}": value for name, value in last.items()}
        else:
            try:
                made = _sell(scope, given, {each.key: each for each in choices}, dict(dates), scheme)
                flash(gettext("Order %(code)s is there.", code=made.code), "done")
                return to_order(made.id)
            except InvalidInput as refused:
                db.session.rollback()
                errors = dict(refused.fields)
            except InvalidList as refused:
                db.session.rollback()
                errors = {
                    f"p-{at}-{name}": said for at, each in enumerate(refused.entries) for name, said in each.items()
                }
            except Conflict as refused:
                db.session.rollback()
                errors = {"non_field_errors": [refused.message]}
    page = pages.page(
        "tickets/new.html",
        given=given,
        errors=errors,
        rows=forms.row_count(given),
        products=[(each.key, _product_name(scope, each)) for each in choices],
        dates=dates,
        parts=[(part, PART_LABELS[part]) for part in SCHEMES[scheme].parts],
        free=_free_seats(scope),
        most=forms.MOST_TICKETS,
    )
    return page, 422 if errors else 200


def _product_name(scope: EventScope, choice: catalog.Choice) -> str:
    item, variation = localised(choice.item, scope.locale), localised(choice.variation, scope.locale)
    return f"{item} - {variation}" if variation else item


def _free_seats(scope: EventScope) -> list[str]:
    """Some seats that are free now. A series has too many kinds of them to offer."""
    if scope.has_subevents:
        return []
    seats = Selection(place_of(scope, None), available=True).page(limit=SEATS, offset=0)
    return [label(seat["zone_name"], seat["row_name"], seat["seat_number"]) or seat["seat_guid"] for seat in seats]


def _sell(
    scope: EventScope, given: dict[str, Any], products: dict[str, catalog.Choice], dates: dict[int, str], scheme: str
) -> selling.Made:
    values, wishes = forms.read_order(given, products=products, dates=dates, scheme=scheme, zone=scope.timezone)
    wanted = selling.NewOrder(positions=resolved(scope.event_id, wishes), **values)
    (made,) = selling.create_orders(actor=actor(), event=scope, orders=[wanted], rooms=ROOMS)
    db.session.commit()
    return made


# ---------------------------------------------------------------------------------------------------------- changes


@blueprint.post(f"/{ID}/status")
@event_member("can_change_orders")
def set_status(organizer: str, event: str, order_id: int) -> ResponseReturnValue:
    """Mark an order paid, or pending again."""
    status = request.form.get("status", "")
    if status not in changes.LIVE:
        raise NotFound("This order does not exist, or it belongs to another event.")
    try:
        changes.set_status(actor=actor(), event=event_scope(), order_id=order_id, status=status, rooms=ROOMS)
    except Conflict as refused:
        db.session.rollback()
        flash(gettext(refused.message), "refused")
        return to_order(order_id)
    except InvalidList:
        db.session.rollback()
        flash(
            gettext("Somebody else has a seat or a voucher of this order by now. Give its tickets others."), "refused"
        )
        return to_order(order_id)
    db.session.commit()
    flash(gettext("Marked as paid.") if status == "p" else gettext("Marked as pending."), "done")
    return to_order(order_id)


@blueprint.post(f"/{ID}/cancel")
@event_member("can_change_orders")
def cancel(organizer: str, event: str, order_id: int) -> ResponseReturnValue:
    """Cancel an order with all its tickets."""
    done = changes.cancel_order(actor=actor(), event=event_scope(), order_id=order_id, rooms=ROOMS)
    db.session.commit()
    flash(gettext("The order is cancelled.") if done else gettext("It was cancelled already."), "done")
    return to_order(order_id)


@blueprint.post(f"/{ID}/tickets/<int(max=9007199254740991):position_id>/cancel")
@event_member("can_change_orders")
def cancel_ticket(organizer: str, event: str, order_id: int, position_id: int) -> ResponseReturnValue:
    """Cancel a ticket; with the last one the order."""
    done = changes.cancel_position(
        actor=actor(), event=event_scope(), order_id=order_id, position_id=position_id, rooms=ROOMS
    )
    db.session.commit()
    flash(gettext("The ticket is cancelled.") if done else gettext("It was cancelled already."), "done")
    return to_order(order_id)
