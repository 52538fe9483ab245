"""What leaves the house: tickets to print and by mail, attendees as CSV or XLSX."""

from zoneinfo import ZoneInfo

import segno
from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from portal.core.database import db
from portal.core.errors import Conflict, NotFound
from portal.seating.queries.places import labels
from portal.tickets import orders
from portal.tickets.columns import exported
from portal.tickets.services.ticket_mail import send_tickets
from portal.tickets.views.orders import ID, blueprint, found, to_order
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.downloads import csv_download, xlsx_download


@blueprint.get(f"/{ID}/print")
@event_member("can_view_orders")
def print_tickets(organizer: str, event: str, order_id: int) -> ResponseReturnValue:
    """The tickets of an order, each with its code, to print."""
    order = found(order_id)
    tickets = [row for row in orders.tickets(order) if not row.position.canceled]
    if order.status not in ("n", "p") or not tickets:
        raise NotFound("This order has no ticket that admits anybody.")
    return pages.page(
        "tickets/print.html",
        order=order,
        tickets=[(row, _qr(row.position.secret)) for row in tickets],
        seats=labels([row.position.seat_id for row in tickets if row.position.seat_id is not None]),
    )


def _qr(secret: str) -> Markup:
    drawn = segno.make_qr(secret, error="m").svg_inline(scale=1, border=2, omitsize=True, dark="#000")
    return Markup(drawn)  # noqa: S704 - segno draws numbers, whatever the text is


@blueprint.get("/-/attendees.<any(csv, xlsx):kind>")
@event_member("can_view_orders")
def export(organizer: str, event: str, kind: str) -> ResponseReturnValue:
    """All tickets with their people; the columns are those that an import reads."""
    scope = event_scope()
    head, rows = exported(scope)
    name = f"{scope.event_slug}-attendees.{kind}"
    if kind == "csv":
        return csv_download(name, head, rows)
    return xlsx_download(name, head, rows, zone=ZoneInfo(scope.timezone), title=gettext("Attendees"))


@blueprint.post(f"/{ID}/send")
@event_member("can_change_orders")
def send(organizer: str, event: str, order_id: int) -> ResponseReturnValue:
    """Send the tickets of an order to its buyer."""
    try:
        to = send_tickets(actor=actor(), event=event_scope(), order_id=order_id)
    except Conflict as refused:
        db.session.rollback()
        flash(gettext(refused.message), "refused")
        return to_order(order_id)
    db.session.commit()
    flash(gettext("The tickets are on their way to %(address)s.", address=to), "done")
    return to_order(order_id)
