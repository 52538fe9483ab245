"""Leads of all exhibitors as figures for organizers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext, ngettext

from portal.core import clock
from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.moments import within
from portal.core.names import compose
from portal.core.periods import busy_hours, by_day, midnight, quarter
from portal.exhibitors.figures import exhibitors_by_event
from portal.exhibitors.models import Exhibitor
from portal.leads.models import Lead
from portal.tickets.models import OrderPosition
from portal.web.filters import number
from portal.web.organizer import Board, Tile, hour_columns

#: The picture shows the last two days with leads, none older than this many days before the newest lead.
_BACK = 6


@dataclass(frozen=True, slots=True)
class LeadFigures:
    """Leads of one exhibitor or of all: how many, how many today, by hour on the last two days that had any."""

    total: int
    scanners: int
    today: int
    hours: list[tuple[dt.datetime, int]]


def count_by_exhibitor(exhibitor_ids: Sequence[int]) -> dict[int, int]:
    """Leads of several exhibitors; one query."""
    statement = (
        sa.select(Lead.exhibitor_id, sa.func.count())
        .where(Lead.exhibitor_id.in_(exhibitor_ids))
        .group_by(Lead.exhibitor_id)
    )
    return {exhibitor_id: count for exhibitor_id, count in db.session.execute(statement)}


def count_in_event(event_id: int) -> dict[int, int]:
    """Leads of all exhibitors of an event that have any; one query."""
    whose = sa.select(Exhibitor.id).where(Exhibitor.event_id == event_id)
    statement = sa.select(Lead.exhibitor_id, sa.func.count()).where(Lead.exhibitor_id.in_(whose))
    return {exhibitor_id: count for exhibitor_id, count in db.session.execute(statement.group_by(Lead.exhibitor_id))}


@dataclass(frozen=True, slots=True)
class LatestLead:
    """A lead as organizers see it: who, and when; not what the exhibitor noted."""

    scanned: dt.datetime
    name: str
    company: str | None
    rating: int | None
    device_name: str | None


def latest_leads(exhibitor_id: int, limit: int) -> list[LatestLead]:
    """The last that an exhibitor scanned."""
    statement = (
        sa.select(
            Lead.scanned,
            OrderPosition.attendee_name,
            OrderPosition.attendee_name_parts,
            OrderPosition.company,
            Lead.rating,
            Lead.device_name,
        )
        .join(OrderPosition, OrderPosition.id == Lead.position_id)
        .where(Lead.exhibitor_id == exhibitor_id)
        .order_by(Lead.scanned.desc(), Lead.id.desc())
        .limit(limit)
    )
    return [
        LatestLead(scanned, name or compose(parts), company, rating, device)
        for scanned, name, parts, company, rating, device in db.session.execute(statement)
    ]


def lead_figures(*, event_id: int, zone: ZoneInfo, exhibitor_id: int | None = None) -> LeadFigures:
    """Two queries, for one exhibitor of the event or for all of them."""
    whose = sa.select(Exhibitor.id).where(Exhibitor.event_id == event_id)
    if exhibitor_id is not None:
        whose = whose.where(Exhibitor.id == exhibitor_id)
    theirs = Lead.exhibitor_id.in_(whose)
    total, scanners, newest = db.session.execute(
        sa.select(sa.func.count(), sa.func.count(sa.distinct(Lead.exhibitor_id)), sa.func.max(Lead.scanned)).where(
            theirs
        )
    ).one()
    if newest is None:
        return LeadFigures(0, 0, 0, [])
    bucket = quarter(Lead.scanned)
    start = midnight(within(newest).astimezone(zone).date() - dt.timedelta(days=_BACK), zone)
    counted = sa.select(bucket, sa.func.count()).where(theirs, Lead.scanned >= start).group_by(bucket)
    quarters = {found: count for found, count in db.session.execute(counted)}
    today = by_day(quarters, zone).get(clock.now().astimezone(zone).date(), 0)
    return LeadFigures(total, scanners, today, busy_hours(quarters, zone, 2))


def board(scope: EventScope) -> Board:
    """Exhibitors for every member; what they scanned for those who may see orders."""
    exhibitors = exhibitors_by_event([scope.event_id]).get(scope.event_id, 0)
    href = url_for("organizer_exhibitors.index", organizer=scope.organizer_slug, event=scope.event_slug)
    if not scope.may("can_view_orders"):
        return Board(tiles=[Tile(gettext("Exhibitors"), exhibitors, href=href)])
    figures = lead_figures(event_id=scope.event_id, zone=ZoneInfo(scope.timezone))
    scanners = ngettext(
        "%(count)s has scanned", "%(count)s have scanned", figures.scanners, count=number(figures.scanners)
    )
    series = [count for _, count in figures.hours]
    leads = url_for("organizer_leads.index", organizer=scope.organizer_slug, event=scope.event_slug)
    today = gettext("%(count)s today", count=number(figures.today))
    return Board(
        tiles=[
            Tile(gettext("Exhibitors"), exhibitors, note=scanners if exhibitors else None, href=href),
            Tile(gettext("Leads"), figures.total, note=today if figures.total else None, series=series, href=leads),
        ],
        pictures=[hour_columns(gettext("Leads an hour"), figures.hours, gettext("Leads"))] if figures.hours else [],
    )
