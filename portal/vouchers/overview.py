"""Reads about vouchers for organizers' pages: a page of the list with names, one voucher, who used it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.i18n import localise
from portal.events import catalog
from portal.tickets.models import Order, OrderPosition
from portal.vouchers import queries
from portal.vouchers.models import Voucher

_links = sa.table("exhibitor_vouchers", sa.column("voucher_id"), sa.column("exhibitor_id"))
_exhibitors = sa.table("exhibitors", sa.column("id"), sa.column("name"))
USES = 100


@dataclass(frozen=True, slots=True)
class Use:
    """A ticket that was sold with a voucher."""

    order_id: int
    code: str
    status: str
    name: str | None
    canceled: bool


class Labels:
    """What vouchers are for, by name: in the reader's language where that is given, else in the event's."""

    def __init__(self, scope: EventScope, reader: str | None = None) -> None:
        self.products: dict[str, str] = {}
        self.variations: dict[int, str] = {}
        for item in catalog.products(scope.event_id):
            name = localise(item.name, reader, scope.locale)
            self.products[str(item.id)] = name
            for each in item.variations:
                self.variations[each.id] = localise(each.value, reader, scope.locale)
                self.products[f"{item.id}-{each.id}"] = f"{name} - {self.variations[each.id]}"
        dates = catalog.dates(scope.event_id) if scope.has_subevents else ()
        self.dates = {date.id: localise(date.name, reader, scope.locale) for date in dates}

    def of(self, voucher: Mapping[str, Any]) -> str:
        """What a voucher is for; empty for everything."""
        if voucher["item"] is None:
            return ""
        key = str(voucher["item"]) if voucher["variation"] is None else f"{voucher['item']}-{voucher['variation']}"
        return self.products.get(key, "")


def page(event_id: int, filters: Mapping[str, Any], *, limit: int, offset: int) -> list[dict[str, Any]]:
    """Some vouchers, the newest first, with the exhibitor that has each and the id of its seat."""
    found = queries.page(event_id, filters, ("-id",), limit=limit, offset=offset)
    ids = [voucher["id"] for voucher in found]
    owners = owners_of(ids)
    held = sa.select(Voucher.id, Voucher.seat_id).where(Voucher.id.in_(ids), Voucher.seat_id.is_not(None))
    seats = {id_: seat_id for id_, seat_id in db.session.execute(held)}
    return [
        voucher | {"exhibitor": owners.get(voucher["id"]), "seat_id": seats.get(voucher["id"])} for voucher in found
    ]


def owners_of(ids: Sequence[int]) -> dict[int, str]:
    """The names of the exhibitors that have these vouchers."""
    statement = (
        sa.select(_links.c.voucher_id, _exhibitors.c.name)
        .join(_exhibitors, _exhibitors.c.id == _links.c.exhibitor_id)
        .where(_links.c.voucher_id.in_(ids))
    )
    return {id_: name for id_, name in db.session.execute(statement)}


def one(event_id: int, voucher_id: int) -> Voucher | None:
    """A voucher of the event."""
    statement = sa.select(Voucher).where(Voucher.event_id == event_id, Voucher.id == voucher_id)
    return db.session.scalars(statement).one_or_none()


def uses_of(voucher_id: int) -> list[Use]:
    """The tickets that were sold with a voucher, the newest first."""
    statement = (
        sa.select(Order.id, Order.code, Order.status, OrderPosition.attendee_name, OrderPosition.canceled)
        .join(Order, Order.id == OrderPosition.order_id)
        .where(OrderPosition.voucher_id == voucher_id)
        .order_by(OrderPosition.id.desc())
        .limit(USES)
    )
    return [Use(*row) for row in db.session.execute(statement)]


def tags_of(event_id: int) -> list[tuple[str, int]]:
    """The tags of an event's vouchers with their counts, the most common first."""
    statement = (
        sa.select(Voucher.tag, sa.func.count())
        .where(Voucher.event_id == event_id, Voucher.tag != "")
        .group_by(Voucher.tag)
        .order_by(sa.func.count().desc(), Voucher.tag)
        .limit(30)
    )
    return [(tag, count) for tag, count in db.session.execute(statement)]
