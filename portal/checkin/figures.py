"""Who came in, as figures for organizers: tickets and how many of them were checked in, entries by hour."""

import datetime as dt
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext

from portal.checkin.models import CheckinList
from portal.core import clock
from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.moments import within
from portal.core.periods import busy_hours, midnight, quarter
from portal.tickets.figures import Tickets, tickets_by_date
from portal.tickets.models import Checkin
from portal.web.filters import day as day_of
from portal.web.filters import number, percent
from portal.web.organizer import SEES_ORDERS, Board, DateColumn, Tile, hour_columns


def entries(event_id: int, zone: ZoneInfo) -> tuple[int, list[tuple[dt.datetime, int]]]:
    """Entries in the last hour, and by hour on the last day up to today that had any; two queries.

    What a clock ahead of ours dated tomorrow or later waits for its day.
    """
    theirs = (
        Checkin.list_id.in_(sa.select(CheckinList.id).where(CheckinList.event_id == event_id)),
        Checkin.first.is_(True),
    )
    now = clock.now()
    recent = Checkin.datetime.between(now - dt.timedelta(hours=1), now)
    tomorrow = midnight(now.astimezone(zone).date() + dt.timedelta(days=1), zone)
    newest, last_hour = db.session.execute(
        sa.select(sa.func.max(Checkin.datetime), sa.func.count(sa.case((recent, 1)))).where(
            *theirs, Checkin.datetime < tomorrow
        )
    ).one()
    if newest is None:
        return 0, []
    bucket = quarter(Checkin.datetime)
    start = midnight(within(newest).astimezone(zone).date(), zone)
    counted = (
        sa.select(bucket, sa.func.count())
        .where(*theirs, Checkin.datetime >= start, Checkin.datetime < tomorrow)
        .group_by(bucket)
    )
    quarters = {found: count for found, count in db.session.execute(counted)}
    return last_hour, busy_hours(quarters, zone, 1)


def _lets_pending_in(event_id: int) -> bool:
    lists = sa.exists().where(CheckinList.event_id == event_id, CheckinList.include_pending)
    return bool(db.session.scalar(sa.select(lists)))


def board(scope: EventScope) -> Board | None:
    """Tickets, how many of them came, at which rate, and entries an hour."""
    if not scope.permissions & SEES_ORDERS:
        return None
    by_date = tickets_by_date(scope.event_id)
    sold = sum(by_date.values(), Tickets())
    pending = _lets_pending_in(scope.event_id)
    last_hour, hours = entries(scope.event_id, ZoneInfo(scope.timezone))
    title = gettext("Check-ins an hour")
    if hours:
        day = hours[-1][0]
        title = gettext("Check-ins an hour, %(day)s", day=day_of(day, day.tzinfo))
    paid = gettext("%(paid)s paid, %(pending)s pending", paid=number(sold.paid), pending=number(sold.pending))
    return Board(
        tiles=[
            Tile(gettext("Tickets"), sold.total, note=paid if sold.total else None),
            Tile(
                gettext("Checked in"),
                sold.came,
                of=_expected(sold, pending),
                note=_rate(sold.came, _expected(sold, pending), last_hour),
                series=[count for _, count in hours],
            ),
        ],
        pictures=[hour_columns(title, hours, gettext("Check-ins"))] if hours else [],
        dates=[
            DateColumn(gettext("Tickets"), {date: (all_.total, None) for date, all_ in by_date.items() if date}),
            DateColumn(
                gettext("Checked in"),
                {date: (all_.came, _expected(all_, pending)) for date, all_ in by_date.items() if date},
            ),
        ],
    )


def _expected(tickets: Tickets, pending: bool) -> int:
    """How many may come in: the paid ones, pending ones where a list lets them in, and whoever came all the same."""
    return tickets.total if pending else tickets.paid + tickets.pending_in


def _rate(came: int, expected: int, last_hour: int) -> str:
    if last_hour:
        return gettext("%(count)s in the last hour", count=number(last_hour))
    return gettext("%(share)s of all tickets", share=percent(came, expected)) if came else gettext("nobody yet")
