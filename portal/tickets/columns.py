"""Attendees in files: the columns that a file may have, read and written under the same names."""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.i18n import localise
from portal.core.moments import in_zone
from portal.core.money import CENT
from portal.core.names import PART_LABELS
from portal.core.text import fold
from portal.events import catalog
from portal.tickets.models import Answer, Checkin, Order, OrderPosition
from portal.web.imports import Column

#: Parts of names that a file may have in columns of their own.
PARTS = ("salutation", "title", "given_name", "middle_name", "family_name", "degree")
_BATCH = 1000
PAID, PENDING = "paid", "pending"
STATUS_WORDS = {
    **dict.fromkeys(("p", PAID, "bezahlt", "yes", "ja", "true", "1"), "p"),
    **dict.fromkeys(("n", PENDING, "offen", "unpaid", "unbezahlt", "ausstehend", "no", "nein", "false", "0"), "n"),
}
#: Columns that say which ticket a row is about.
KEYS = ("order", "position", "external_id", "secret")

_LABELS: dict[str, tuple[LazyString, tuple[str, ...]]] = {
    "order": (lazy_gettext("Order code"), ("order code", "bestellung", "bestellcode", "bestellnummer", "code")),
    "position": (lazy_gettext("Number in the order"), ("positionid", "position id", "position", "pos", "nr")),
    "external_id": (lazy_gettext("Id of your own"), ("external id", "id", "registration", "registration id")),
    "secret": (lazy_gettext("Code on the ticket"), ("barcode", "ticket code", "ticket secret", "qr code", "secret")),
    "status": (lazy_gettext("Paid or pending"), ("order status", "payment status", "bezahlt", "status", "paid")),
    "full_name": (lazy_gettext("Name"), ("attendee name", "full name", "teilnehmer", "name")),
    "email": (lazy_gettext("E-mail"), ("attendee email", "e mail", "mail", "e mail adresse", "email address")),
    "company": (lazy_gettext("Company"), ("firma", "organisation", "organization", "unternehmen")),
    "street": (lazy_gettext("Street"), ("address", "adresse", "strasse")),
    "zipcode": (lazy_gettext("Postal code"), ("zip", "zip code", "postcode", "plz")),
    "city": (lazy_gettext("City"), ("town", "ort", "stadt")),
    "state": (lazy_gettext("State or province"), ("bundesland", "region")),
    "country": (lazy_gettext("Country"), ("country code", "land")),
    "phone": (lazy_gettext("Phone"), ("phone number", "telephone", "telefon", "mobile")),
    "product": (lazy_gettext("Product"), ("ticket", "ticket type", "item", "produkt", "ticketart")),
    "variation": (lazy_gettext("Variation"), ("variante", "category")),
    "subevent": (lazy_gettext("Date"), ("day", "termin", "datum", "event date")),
    "seat": (lazy_gettext("Seat"), ("seat guid", "sitzplatz", "platz")),
    "voucher": (lazy_gettext("Voucher"), ("voucher code", "gutschein", "gutscheincode")),
    "price": (lazy_gettext("Price"), ("preis", "amount", "betrag")),
    "order_email": (lazy_gettext("E-mail of the buyer"), ("buyer email", "order email", "besteller e mail")),
    "invoice_name": (lazy_gettext("Invoice to"), ("invoice name", "rechnungsname")),
    "invoice_company": (lazy_gettext("Company on the invoice"), ("invoice company", "rechnungsfirma")),
}


def columns(scope: EventScope) -> list[Column]:
    """What a file of attendees may hold."""
    products = [(each.key, name_of(each, scope.locale)) for each in catalog.choices(scope.event_id)]
    dates = [(str(date.id), localise(date.name, scope.locale)) for date in _dates(scope)]
    choices = {"product": products, "subevent": dates}
    choices["status"] = [(PAID, gettext("paid")), (PENDING, gettext("pending"))]
    found = []
    for name, (label, also) in _LABELS.items():
        if name == "subevent" and not scope.has_subevents:
            continue
        required = name == "product" or name == "subevent"
        found.append(Column(name, label, also=also, required=required, choices=choices.get(name, ())))
        if name == "full_name":
            found += [Column(part, PART_LABELS[part], also=_also(part)) for part in PARTS]
    return found


def _also(part: str) -> tuple[str, ...]:
    known = {"given_name": ("first name", "vorname"), "family_name": ("last name", "surname", "nachname")}
    return (*known.get(part, ()), f"attendee name {part}", f"attendee {part}")


def _dates(scope: EventScope) -> Sequence[Any]:
    return catalog.dates(scope.event_id) if scope.has_subevents else ()


def name_of(choice: catalog.Choice, locale: str) -> str:
    """A product with its variation, as lists name it."""
    item, variation = localise(choice.item, locale), localise(choice.variation, locale)
    return f"{item} - {variation}" if variation else item


class Names:
    """Products and dates by what a file may call them: an id, or the name in any language."""

    def __init__(self, scope: EventScope) -> None:
        self.products: dict[str, list[catalog.Choice]] = {}
        self.items: dict[str, set[int]] = {}
        for each in catalog.choices(scope.event_id):
            names = {str(each.item_id), *(fold(name) for name in each.item.values())}
            for name in names:
                self.items.setdefault(name, set()).add(each.item_id)
            names.add(each.key)
            if each.variation:
                whole = {
                    fold(f"{item} {separator} {value}")
                    for item in each.item.values()
                    for value in each.variation.values()
                    for separator in ("-", "–", "/")
                }
                names |= whole
            for name in names:
                self.products.setdefault(name, []).append(each)
        self.dates: dict[str, list[int]] = {}
        zone = ZoneInfo(scope.timezone)
        for date in _dates(scope):
            local = in_zone(date.date_from, zone)
            names = {str(date.id), *(fold(name) for name in date.name.values())}
            names |= {local.date().isoformat(), local.strftime("%Y-%m-%d %H:%M"), local.strftime("%d.%m.%Y")}
            for name in names:
                self.dates.setdefault(name, []).append(date.id)

    def product(self, name: str, variation: str) -> catalog.Choice | None:
        """The product that is meant, where it is one."""
        found = self.products.get(fold(name), [])
        if variation:
            wanted = fold(variation)
            found = [
                each
                for each in found
                if wanted == str(each.variation_id) or wanted in {fold(value) for value in each.variation.values()}
            ]
        active = [each for each in found if each.active] or found
        return active[0] if len(active) == 1 else None

    def for_voucher(self, name: str, variation: str) -> tuple[int, int | None] | None:
        """The product and variation that a voucher is for; a product with variations may be meant as a whole."""
        if not variation and (item := self.items.get(fold(name), set())):
            return (next(iter(item)), None) if len(item) == 1 else None
        found = self.product(name, variation)
        return None if found is None else (found.item_id, found.variation_id)

    def date(self, name: str) -> int | None:
        """The date that is meant, where it is one."""
        found = self.dates.get(fold(name), [])
        return found[0] if len(found) == 1 else None


# --------------------------------------------------------------------------------------------------------- exporting


_vouchers = sa.table("vouchers", sa.column("id"), sa.column("code"))
_seats = sa.table("seats", sa.column("id"), sa.column("seat_guid"))


def exported(scope: EventScope) -> tuple[list[str], Iterator[list[object]]]:
    """All tickets as rows, with the columns that an import reads, what happened, and the answers.

    Codes of vouchers, which may be good for more tickets, are for those who may see vouchers.
    """
    questions = catalog.questions(scope.event_id)
    names = list(_LABELS)
    place = names.index("full_name") + 1
    names[place:place] = PARTS
    if not scope.may("can_view_vouchers"):
        names.remove("voucher")
    labels = {column.name: str(column.label) for column in columns(scope)}
    head = [labels[name] for name in names if name != "subevent" or scope.has_subevents]
    head += [gettext("State of the ticket"), gettext("Ordered"), gettext("Checked in")]
    head += [localise(question.question, scope.locale) for question in questions]
    return head, _rows(scope, names, [question.id for question in questions])


def _rows(scope: EventScope, names: Sequence[str], questions: Sequence[int]) -> Iterator[list[object]]:
    choices = {(each.item_id, each.variation_id): each for each in catalog.choices(scope.event_id)}
    items = {item.id: item for item in catalog.products(scope.event_id)}
    dates = {date.id: localise(date.name, scope.locale) for date in _dates(scope)}
    states = {"n": gettext("pending"), "p": gettext("paid"), "e": gettext("expired"), "c": gettext("cancelled")}
    entry = sa.select(sa.func.min(Checkin.datetime)).where(Checkin.position_id == OrderPosition.id, Checkin.first)
    statement = (
        sa.select(OrderPosition, Order, _vouchers.c.code, _seats.c.seat_guid, entry.scalar_subquery())
        .join(Order, Order.id == OrderPosition.order_id)
        .outerjoin(_vouchers, _vouchers.c.id == OrderPosition.voucher_id)
        .outerjoin(_seats, _seats.c.id == OrderPosition.seat_id)
        .where(OrderPosition.event_id == scope.event_id, OrderPosition.id > sa.bindparam("last"))
        .order_by(OrderPosition.id)
        .limit(_BATCH)
    )
    last = 0
    while batch := db.session.execute(statement, {"last": last}).all():
        last = batch[-1][0].id
        answers = _answers([row[0].id for row in batch]) if questions else {}
        for position, order, voucher, seat, came in batch:
            choice = choices.get((position.item_id, position.variation_id))
            item = items.get(position.item_id)
            parts = position.attendee_name_parts or {}
            values: dict[str, object] = {
                **{part: parts.get(part, "") for part in PARTS},
                "order": order.code,
                "position": position.positionid,
                "external_id": position.external_id,
                "secret": position.secret,
                "status": PAID if order.status == "p" else PENDING if order.status == "n" else "",
                "full_name": position.attendee_name,
                "email": position.attendee_email,
                **{name: getattr(position, name) for name in ("company", "street", "zipcode", "city", "state")},
                "country": position.country,
                "phone": position.phone,
                "product": localise(item.name, scope.locale) if item else "",
                "variation": localise(choice.variation, scope.locale) if choice else "",
                "subevent": dates.get(position.subevent_id, ""),
                "seat": seat,
                "voucher": voucher,
                "price": position.price.quantize(CENT),
                "order_email": order.email,
                "invoice_name": order.invoice_name,
                "invoice_company": order.invoice_company,
            }
            row = [values[name] for name in names if name != "subevent" or scope.has_subevents]
            state = gettext("cancelled") if position.canceled else states[order.status]
            row += [state, order.datetime, came]
            yield row + [answers.get((position.id, question), "") for question in questions]
        db.session.expunge_all()


def _answers(ids: Sequence[int]) -> dict[tuple[int, int], str]:
    statement = sa.select(Answer.position_id, Answer.question_id, Answer.answer).where(Answer.position_id.in_(ids))
    return {(position, question): text for position, question, text in db.session.execute(statement)}
