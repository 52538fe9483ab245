"""The forms of orders and tickets: what people type, as values of the services and back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from babel import Locale

from portal.core.errors import InvalidInput
from portal.core.names import SCHEMES
from portal.core.sentences import Sentence
from portal.events.catalog import Choice
from portal.tickets.models import Order, OrderPosition
from portal.tickets.services.selling import NewPosition
from portal.web.fields import Fields

MOST_TICKETS = 50
COUNTRIES = frozenset(code for code in map(str, Locale("en").territories) if re.fullmatch("[A-Y][A-Z]|Z[AMW]", code))
#: Texts about a person beside name and e-mail address, and how long they may be.
TEXTS = {"company": 500, "street": 2000, "zipcode": 50, "city": 500, "state": 200, "phone": 100}


@dataclass(frozen=True, slots=True)
class Wish:
    """A ticket in a form: what is sold, and the seat and the voucher by what somebody calls them."""

    position: NewPosition
    seat: str
    voucher: str

    def with_ids(self, seat_id: int | None, voucher_id: int | None) -> NewPosition:
        """The ticket with what these names mean."""
        return replace(self.position, seat_id=seat_id, voucher_id=voucher_id)


def country(read: Fields, name: str) -> str | None:
    """The code of a country."""
    text = read.text(name, 2).upper()
    if text and text not in COUNTRIES:
        read.wrong(name, Sentence("Write the two letters of a country, such as DE."))
        return None
    return text or None


def read_person(read: Fields, prefix: str, scheme: str, *, texts: Mapping[str, int] = TEXTS) -> dict[str, Any]:
    """What a form says of a person: ``<prefix>name-<part>``, ``<prefix>email``, and so on."""
    person: dict[str, Any] = {
        "attendee_name_parts": read.name_parts(f"{prefix}name", scheme),
        "attendee_email": read.email(f"{prefix}email"),
        **{name: read.maybe(f"{prefix}{name}", most) for name, most in texts.items()},
    }
    if "street" in texts:
        person["country"] = country(read, f"{prefix}country")
    return person


def shown_person(position: OrderPosition, scheme: str) -> dict[str, Any]:
    """A ticket's person as the form shows it."""
    parts = position.attendee_name_parts or {}
    shown = {f"name-{part}": parts.get(part, "") for part in SCHEMES[scheme].parts}
    if position.attendee_name and not any(shown.values()):
        whole = "full_name" if "full_name" in SCHEMES[scheme].parts else "family_name"
        shown[f"name-{whole}"] = position.attendee_name
    shown |= {"email": position.attendee_email or "", "country": position.country or ""}
    return shown | {name: getattr(position, name) or "" for name in TEXTS}


def row_count(given: Mapping[str, str]) -> int:
    """How many tickets a form has rows for."""
    return next((number for number in range(MOST_TICKETS) if f"p-{number}-product" not in given), MOST_TICKETS)


def read_order(
    given: Mapping[str, str], *, products: Mapping[str, Choice], dates: Mapping[int, Any], scheme: str, zone: str
) -> tuple[dict[str, Any], list[Wish]]:
    """An order in a form: arguments of `NewOrder`, and its tickets. Raises `InvalidInput`."""
    read = Fields(given, zone)
    values = {
        "status": "p" if read.flag("paid") else "n",
        "email": read.email("email"),
        "invoice_name_parts": read.name_parts("invoice", "full"),
        "invoice_company": read.maybe("invoice_company", 500),
    }
    wishes = []
    for number in range(row_count(given)):
        row = f"p-{number}-"
        key = given.get(f"{row}product", "")
        choice = products.get(key)
        if choice is None:
            read.wrong(f"{row}product", Sentence("Choose what is sold."))
            continue
        position = NewPosition(
            item_id=choice.item_id,
            variation_id=choice.variation_id,
            subevent_id=read.one_of(f"{row}subevent", dates, required=True) if dates else None,
            price=read.money(f"{row}price"),
            person=read_person(read, row, scheme, texts={"company": 500}),
        )
        wishes.append(Wish(position, read.text(f"{row}seat", 300), read.text(f"{row}voucher", 255)))
    if not wishes and not read.errors:
        raise InvalidInput({"non_field_errors": [Sentence("An order has at least one ticket.")]})
    read.check()
    return values, wishes


def read_order_values(given: Mapping[str, str]) -> dict[str, Any]:
    """What an order says beside its tickets, in a form. Raises `InvalidInput`."""
    read = Fields(given)
    values = {
        "email": read.email("email"),
        "checkin_attention": read.flag("checkin_attention"),
        "invoice_name_parts": read.name_parts("invoice", "full") or None,
        "invoice_company": read.maybe("invoice_company", 500),
    }
    read.check()
    return values


def shown_order(order: Order) -> dict[str, Any]:
    """What an order says beside its tickets, as the form shows it."""
    return {
        "email": order.email or "",
        "checkin_attention": order.checkin_attention,
        "invoice-full_name": order.invoice_name or "",
        "invoice_company": order.invoice_company or "",
    }


def total(prices: list[Decimal]) -> Decimal:
    """The sum of some prices."""
    return sum(prices, Decimal(0))
