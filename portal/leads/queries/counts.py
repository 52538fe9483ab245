"""Figures of one exhibitor's leads, and what its lists can be filtered by."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.core import clock, statements
from portal.leads.models import Lead
from portal.leads.queries.filters import day_bounds, device_of, each_tag, on_postgresql

QUARTER = 900


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to filter by, as it is shown, and how many leads have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers above the list. ``hours`` are the last two days with leads, each from its first to its last hour."""

    total: int
    today: int
    last_hour: int
    rated: int
    ratings: list[Choice]
    days: list[tuple[dt.date, int]]
    hours: list[tuple[dt.datetime, int]]
    by_hour: Mapping[dt.datetime, int]

    def of_day(self, day: dt.date) -> list[tuple[dt.datetime, int]]:
        """A day from its first to its last hour with leads; nothing for a day without any."""
        return _whole_day(day, self.by_hour)


_EXHIBITOR: sa.BindParameter[int] = sa.bindparam("exhibitor", type_=sa.BigInteger())


def _moment(name: str) -> sa.BindParameter[dt.datetime]:
    return sa.bindparam(name, type_=Lead.scanned.type)


_BY_RATING = (
    sa.select(
        Lead.rating,
        sa.func.count(),
        sa.func.count(sa.case((sa.and_(Lead.scanned >= _moment("today"), Lead.scanned < _moment("tomorrow")), 1))),
        sa.func.count(sa.case((Lead.scanned.between(_moment("hour_ago"), _moment("now")), 1))),
    )
    .where(Lead.exhibitor_id == _EXHIBITOR)
    .group_by(Lead.rating)
)


def figures(*, exhibitor_id: int, timezone: str) -> Figures:
    """Two queries: ratings with what is recent, and the leads by quarter of an hour."""
    zone, now = ZoneInfo(timezone), clock.now()
    today, tomorrow = day_bounds(now.astimezone(zone).date(), timezone)
    hour_ago = now - dt.timedelta(hours=1)
    rows = statements.rows(
        _BY_RATING,
        {"exhibitor": exhibitor_id, "today": today, "tomorrow": tomorrow, "hour_ago": hour_ago, "now": now},
    )
    by_hour = _by_hour(exhibitor_id, zone)
    days: dict[dt.date, int] = {}
    for hour, count in by_hour.items():
        days[hour.date()] = days.get(hour.date(), 0) + count
    return Figures(
        total=sum(row[1] for row in rows),
        today=sum(row[2] for row in rows),
        last_hour=sum(row[3] for row in rows),
        rated=sum(row[1] for row in rows if row[0] is not None),
        ratings=[
            Choice("none" if rating is None else str(rating), "", count)
            for rating, count, *_ in sorted(rows, key=lambda row: -1 if row[0] is None else row[0], reverse=True)
        ],
        days=sorted(days.items()),
        hours=[entry for day in sorted(days)[-2:] for entry in _whole_day(day, by_hour)],
        by_hour=by_hour,
    )


@lru_cache(maxsize=2)
def _by_quarter(postgresql: bool) -> sa.Select[*tuple[Any, ...]]:
    """Leads by quarter of an hour, which fits the hours of every zone."""
    seconds = sa.extract("epoch", Lead.scanned)
    quarter: sa.ColumnElement[int] = seconds // QUARTER
    if postgresql:
        quarter = sa.cast(sa.func.floor(seconds / QUARTER), sa.BigInteger)
    counted = sa.select(quarter.label("quarter"), sa.func.count()).where(Lead.exhibitor_id == _EXHIBITOR)
    return counted.group_by("quarter")


def _by_hour(exhibitor_id: int, zone: ZoneInfo) -> dict[dt.datetime, int]:
    """Leads by local hour."""
    found: dict[dt.datetime, int] = {}
    for number, count in statements.rows(_by_quarter(on_postgresql()), {"exhibitor": exhibitor_id}):
        local = dt.datetime.fromtimestamp(number * QUARTER, zone).replace(minute=0, second=0, microsecond=0)
        found[local] = found.get(local, 0) + count
    return found


def _whole_day(day: dt.date, by_hour: Mapping[dt.datetime, int]) -> list[tuple[dt.datetime, int]]:
    """Every hour from the day's first to its last lead."""
    hours = sorted(hour for hour in by_hour if hour.date() == day)
    if not hours:
        return []
    between = range(hours[0].hour, hours[-1].hour + 1)
    counts = {hour.hour: by_hour[hour] for hour in hours}
    return [(hours[0].replace(hour=number), counts.get(number, 0)) for number in between]


@lru_cache(maxsize=2)
def _by_tag(postgresql: bool) -> sa.Select[*tuple[Any, ...]]:
    tags = each_tag(postgresql)
    return (
        sa.select(tags.c.value, sa.func.count())
        .select_from(Lead)
        .join(tags, sa.true())
        .where(Lead.exhibitor_id == _EXHIBITOR)
        .group_by(tags.c.value)
    )


def tag_choices(*, exhibitor_id: int, offered: Sequence[str]) -> list[Choice]:
    """The event's tags in its order, then those that the exhibitor's leads have besides, with their counts."""
    counted = statements.rows(_by_tag(on_postgresql()), {"exhibitor": exhibitor_id})
    counts = {str(value): count for value, count in counted}
    names = dict.fromkeys((*offered, *sorted(counts)))
    return [Choice(name, name, counts.get(name, 0)) for name in names]


_BY_DEVICE = (
    sa.select(device_of().label("device"), sa.func.max(Lead.device_name), sa.func.count())
    .where(Lead.exhibitor_id == _EXHIBITOR, device_of() != "")
    .group_by("device")
)


def device_choices(*, exhibitor_id: int) -> list[Choice]:
    """The devices that scanned, by the name that each had last."""
    rows = statements.rows(_BY_DEVICE, {"exhibitor": exhibitor_id})
    return sorted((Choice(device, name or device, count) for device, name, count in rows), key=lambda each: each.label)
