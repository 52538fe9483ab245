"""What leaves the house on paper or as a file: tickets to print, attendees as CSV or XLSX."""

from zoneinfo import ZoneInfo

import segno
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from portal.core.errors import NotFound
from portal.seating.queries.places import labels
from portal.tickets import orders
from portal.tickets.columns import exported
from portal.tickets.views.orders import ID, blueprint, found
from portal.web import organizer as pages
from portal.web.access import event_member, event_scope
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
