"""What was sold and who came, as figures for organizers: tickets by their orders' state, orders by day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from babel.dates import format_skeleton
from flask_babel import gettext
from sqlalchemy.orm import aliased

from portal.core import clock
from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.moments import within
from portal.core.periods import last_days, midnight, quarter
from portal.core.statements import run
from portal.events.models import Item
from portal.tickets.models import Checkin, Order, OrderPosition
from portal.web.filters import current_locale
from portal.web.organizer import SEES_ORDERS, Board, Columns, spaced_ticks

DAYS = 14


@dataclass(frozen=True, slots=True)
class Tickets:
    """Tickets of orders that count, paid and pending, and how many of each came in."""

    paid: int = 0
    pending: int = 0
    paid_in: int = 0
    pending_in: int = 0

    @property
    def total(self) -> int:
        """All that were sold."""
        return self.paid + self.pending

    @property
    def came(self) -> int:
        """All that were checked in, on any list."""
        return self.paid_in + self.pending_in

    def __add__(self, other: "Tickets") -> "Tickets":
        return Tickets(
            self.paid + other.paid,
            self.pending + other.pending,
            self.paid_in + other.paid_in,
            self.pending_in + other.pending_in,
        )


_events: sa.BindParameter[Sequence[int]] = sa.bindparam("events", expanding=True)

#: A ticket that was checked in has one first check-in on a list, and may have one on several.
#: The condition is spelled as its partial index is.
_came_in = (
    sa.exists().where(Checkin.position_id == OrderPosition.id, sa.text("checkins.first")).correlate(OrderPosition)
)


def _counting(*columns: Any) -> sa.Select[*tuple[Any, ...]]:
    """Tickets that count: positions of admission products; of all products where an event marks none."""
    other = aliased(Item)
    marked = sa.exists().where(other.event_id == Item.event_id, other.admission)
    items = sa.select(Item.id).where(Item.event_id.in_(_events), sa.or_(Item.admission, ~marked))
    return (
        sa.select(*columns)
        .select_from(OrderPosition)
        .join(Order, Order.id == OrderPosition.order_id)
        .where(
            OrderPosition.event_id.in_(_events),
            OrderPosition.item_id.in_(items),
            sa.not_(OrderPosition.canceled),
            Order.status.in_(("p", "n")),
            sa.not_(Order.testmode),
        )
    )


_SOLD = _counting(OrderPosition.event_id, sa.func.count()).group_by(OrderPosition.event_id)
_CAME = _SOLD.where(_came_in)

# Grouped by the bare column, SQLite would walk that column's index, and with it the tickets of all events.
_date = sa.func.coalesce(OrderPosition.subevent_id, 0).label("date")
_BY_DATE = _counting(_date, Order.status, sa.func.count(), sa.func.count(sa.case((_came_in, 1)))).group_by(
    _date, Order.status
)


def sold_by_event(event_ids: Sequence[int]) -> dict[int, int]:
    """Tickets of several events, paid and pending; one query."""
    return {event_id: count for event_id, count in run(_SOLD, {"events": event_ids})}


def came_by_event(event_ids: Sequence[int]) -> dict[int, int]:
    """Tickets of several events that were checked in; one query."""
    return {event_id: count for event_id, count in run(_CAME, {"events": event_ids})}


def tickets_by_date(event_id: int) -> dict[int | None, Tickets]:
    """Tickets of an event by subevent, None where there is no series; one query."""
    found: dict[int | None, Tickets] = {}
    for date_id, status, sold, came in run(_BY_DATE, {"events": [event_id]}):
        more = Tickets(paid=sold, paid_in=came) if status == "p" else Tickets(pending=sold, pending_in=came)
        found[date_id or None] = found.get(date_id or None, Tickets()) + more
    return found


def orders_by_day(event_id: int, zone: ZoneInfo) -> list[tuple[dt.date, int]]:
    """Orders of the last two weeks, without test orders and those that came to nothing.

    An event whose last order is older than that shows the two weeks up to it.
    """
    newest = db.session.scalar(sa.select(sa.func.max(Order.datetime)).where(Order.event_id == event_id))
    if newest is None:
        return []
    today = clock.now().astimezone(zone).date()
    last = min(within(newest).astimezone(zone).date(), today)
    until = today if (today - last).days < DAYS else last
    bucket = quarter(Order.datetime)
    statement = (
        sa.select(bucket, sa.func.count())
        .where(
            Order.event_id == event_id,
            Order.datetime >= midnight(until - dt.timedelta(days=DAYS - 1), zone),
            Order.status.in_(("p", "n")),
            sa.not_(Order.testmode),
        )
        .group_by(bucket)
    )
    quarters = {found: count for found, count in db.session.execute(statement)}
    return last_days(quarters, zone, until, DAYS) if quarters else []


def board(scope: EventScope) -> Board | None:
    """Orders a day."""
    if not scope.permissions & SEES_ORDERS:
        return None
    zone = ZoneInfo(scope.timezone)
    days = orders_by_day(scope.event_id, zone)
    if not days:
        return None
    labels = [format_skeleton("MMMd", day, locale=current_locale()) for day, _ in days]
    today = clock.now().astimezone(zone).date()
    return Board(
        pictures=[
            Columns(
                gettext("Orders a day"),
                [(label, count) for label, (_, count) in zip(labels, days, strict=True)],
                label_head=gettext("Day"),
                value_label=gettext("Orders"),
                ticks=spaced_ticks(labels),
                part=[label for label, (day, _) in zip(labels, days, strict=True) if day == today],
            )
        ]
    )
