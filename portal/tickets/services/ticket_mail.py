"""Tickets by mail: one mail to the buyer with all tickets of an order, each with the code that the gate reads."""

from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from flask_babel import force_locale, gettext

from portal.core import outbox
from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import Conflict
from portal.core.i18n import localise
from portal.core.mail import BadAddress, Mail, build, new_message_id, one_line, qr_picture, render, send
from portal.events.models import Event, Item, ItemVariation, Organizer
from portal.tickets.models import Order, OrderPosition
from portal.tickets.services.orders import LIVE, locked_order, positions_of, record
from portal.web.i18n import spoken

KIND = "order_tickets"
_seats = sa.table("seats", *(sa.column(name) for name in ("id", "zone_name", "row_name", "seat_number")))


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket as the mail shows it."""

    name: str
    product: str
    seat: str
    secret: str
    picture: str


def send_tickets(*, actor: Actor, event: EventScope, order_id: int) -> str:
    """Ask for the mail; the address it goes to. Raises `Conflict` where there is nothing to send, or nobody."""
    order = locked_order(event, order_id)
    if order.status not in LIVE or not positions_of(order):
        raise Conflict("This order has no ticket that admits anybody.")
    if not order.email:
        raise Conflict("This order has no e-mail address.")
    outbox.put(KIND, {"order": order.id})
    record(actor, event, "order.tickets_sent", order)
    return order.email


def prepare(job: outbox.Job) -> outbox.Work:
    """The mail of an order; None where it was cancelled in the meantime, or its address taken away."""
    mail = compose(job.payload["order"], message_id=new_message_id(job.key))
    if mail is None:
        return None
    try:
        return partial(send, build(mail))
    except BadAddress as error:
        raise outbox.Abandon(f"The order's address cannot be used: {error}.") from error


def compose(order_id: int, *, message_id: str | None = None) -> Mail | None:
    """All tickets of an order that are not cancelled, in the order's language."""
    found = db.session.execute(
        sa.select(Order, Event, Organizer.name, Organizer.email)
        .join(Event, Event.id == Order.event_id)
        .join(Organizer, Organizer.id == Event.organizer_id)
        .where(Order.id == order_id)
    ).one_or_none()
    if found is None or found[0].status not in LIVE or not found[0].email:
        return None
    order, event, organizer, reply_to = found
    to = str(order.email)
    locale = spoken(order.locale or event.locale)
    tickets = _tickets(order_id, locale, event.locale)
    if not tickets:
        return None
    name = localise(event.name, locale, event.locale)
    with force_locale(locale):
        subject = gettext("Your tickets for %(event)s", event=name)
        values = {
            "subject": subject,
            "locale": locale,
            "event": name,
            "when": event.date_from,
            "zone": event.timezone,
            "code": order.code,
            "tickets": tickets,
            "organizer": organizer,
        }
        return Mail(
            to=[to],
            subject=one_line(subject)[:250],
            text=render("email/tickets.txt", **values),
            html=render("email/tickets.html", **values),
            reply_to=reply_to,
            sender_name=one_line(organizer)[:100],
            locale=locale,
            pictures=[qr_picture(ticket.picture, ticket.secret) for ticket in tickets],
            message_id=message_id,
        )


def _tickets(order_id: int, *locales: str) -> list[Shown]:
    rows = db.session.execute(
        sa.select(OrderPosition, Item.name, ItemVariation.value, *(_seats.c[n] for n in _seats.c.keys()[1:]))
        .join(Item, Item.id == OrderPosition.item_id)
        .outerjoin(ItemVariation, ItemVariation.id == OrderPosition.variation_id)
        .outerjoin(_seats, _seats.c.id == OrderPosition.seat_id)
        .where(OrderPosition.order_id == order_id, ~OrderPosition.canceled)
        .order_by(OrderPosition.positionid)
    )
    return [
        Shown(
            name=position.attendee_name or "",
            product=" - ".join(text for text in (localise(item, *locales), localise(variation, *locales)) if text),
            seat="/".join(part for part in seat if part),
            secret=position.secret,
            picture=f"ticket-{position.positionid}",
        )
        for position, item, variation, *seat in rows
    ]
