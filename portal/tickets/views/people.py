"""Pages that change what an order and a ticket say of their people."""

from typing import Any

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core.database import db
from portal.core.errors import InvalidInput, InvalidList, NotFound
from portal.core.names import PART_LABELS, SCHEMES
from portal.core.sentences import Sentence
from portal.seating.queries.places import labels
from portal.seating.services.holding import NO_SEAT, find_seats
from portal.tickets import forms, orders
from portal.tickets.models import OrderPosition
from portal.tickets.services import people
from portal.tickets.views.orders import ID, blueprint, found, to_order
from portal.tickets.views.rooms import ROOMS
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.fields import Fields


@blueprint.route(f"/{ID}/edit", methods=["GET", "POST"])
@event_member("can_change_orders")
def edit(organizer: str, event: str, order_id: int) -> ResponseReturnValue:
    """What an order says beside its tickets."""
    order = found(order_id)
    given, errors = forms.shown_order(order), dict[str, Any]()
    if request.method == "POST":
        try:
            values = forms.read_order_values(request.form)
            people.change_order(actor=actor(), event=event_scope(), order_id=order_id, values=values, rooms=ROOMS)
            db.session.commit()
            flash(gettext("Saved."), "done")
            return to_order(order_id)
        except InvalidInput as refused:
            db.session.rollback()
            given, errors = request.form.to_dict(), dict(refused.fields)
    page = pages.page("tickets/edit.html", order=found(order_id), given=given, errors=errors)
    return page, 422 if errors else 200


@blueprint.route(f"/{ID}/tickets/<int(max=9007199254740991):position_id>/edit", methods=["GET", "POST"])
@event_member("can_change_orders")
def edit_ticket(organizer: str, event: str, order_id: int, position_id: int) -> ResponseReturnValue:
    """Whose ticket it is, and which seat it has."""
    order = found(order_id)
    ticket = orders.ticket(order, position_id)
    if ticket is None:
        raise NotFound("This ticket does not exist, or it belongs to another order.")
    scheme = (ticket.attendee_name_parts or {}).get("_scheme", "")
    scheme = scheme if scheme in SCHEMES else orders.name_scheme(event_scope().event_id)
    seat = labels([ticket.seat_id]).get(ticket.seat_id, "") if ticket.seat_id else ""
    given: dict[str, Any] = forms.shown_person(ticket, scheme) | {"seat": seat}
    errors = dict[str, Any]()
    if request.method == "POST":
        try:
            _save(order_id, ticket, scheme, seat)
            db.session.commit()
            flash(gettext("Saved."), "done")
            return to_order(order_id)
        except InvalidInput as refused:
            db.session.rollback()
            given, errors = request.form.to_dict(), dict(refused.fields)
        except InvalidList as refused:
            db.session.rollback()
            given, errors = request.form.to_dict(), dict(refused.entries[0])
    page = pages.page(
        "tickets/edit_ticket.html",
        order=found(order_id),
        number=ticket.positionid,
        given=given,
        errors=errors,
        parts=[(part, PART_LABELS[part]) for part in SCHEMES[scheme].parts],
    )
    return page, 422 if errors else 200


def _save(order_id: int, ticket: OrderPosition, scheme: str, seat: str) -> None:
    scope = event_scope()
    read = Fields(request.form)
    person = forms.read_person(read, "", scheme)
    wanted = read.text("seat", 300)
    read.check()
    people.change_people(actor=actor(), event=scope, people={ticket.id: person}, rooms=ROOMS)
    if wanted == seat:
        return
    seat_id = find_seats(scope.event_id, {(ticket.subevent_id, wanted)}).get((ticket.subevent_id, wanted))
    if wanted and seat_id is None:
        raise InvalidInput({"seat": [Sentence(NO_SEAT)]})
    people.move(actor=actor(), event=scope, order_id=order_id, position_id=ticket.id, seat_id=seat_id, rooms=ROOMS)
