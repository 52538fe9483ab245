"""Counting over time: the database counts quarters of an hour, which fit the hours and days of every zone."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.core.moments import in_zone, within

SECONDS = 900


class quarter(FunctionElement[int]):
    """The quarter of an hour of a datetime column, as a number since 1970: to group by."""

    name = "quarter"
    type = sa.BigInteger()
    inherit_cache = True


@compiles(quarter)
def _quarter_sqlite(element: quarter, compiler: Any, **kwargs: Any) -> str:
    # Without the fraction, which SQLite would round: 09:14:59.9999 would be in the next quarter.
    whole = f"substr({compiler.process(element.clauses, **kwargs)}, 1, 19)"
    return f"CAST(strftime('%s', {whole}) AS INTEGER) / {SECONDS}"


@compiles(quarter, "postgresql")
def _quarter_postgresql(element: quarter, compiler: Any, **kwargs: Any) -> str:
    return f"CAST(floor(date_part('epoch', {compiler.process(element.clauses, **kwargs)}) / {SECONDS}) AS bigint)"


def moment_of(number: int, zone: ZoneInfo) -> dt.datetime:
    """When a quarter begins, by a zone's clocks."""
    return in_zone(within(dt.datetime.fromtimestamp(number * SECONDS, dt.UTC)), zone)


def midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """When a day begins in a zone."""
    return dt.datetime.combine(day, dt.time(), zone)


def days_of(zone: ZoneInfo) -> Callable[[dt.datetime], dt.date]:
    """What gives a moment's day in a zone, at little cost for one that is on the day of the moment before it."""
    day, start, end = dt.date.min, dt.datetime.max.replace(tzinfo=dt.UTC), dt.datetime.min.replace(tzinfo=dt.UTC)

    def day_of(moment: dt.datetime) -> dt.date:
        nonlocal day, start, end
        if not start <= moment < end:
            day = in_zone(within(moment), zone).date()
            start, end = (midnight(each, zone).astimezone(dt.UTC) for each in (day, day + dt.timedelta(days=1)))
        return day

    return day_of


def by_day(quarters: Mapping[int, int], zone: ZoneInfo) -> dict[dt.date, int]:
    """Counts by the zone's days, those that have any."""
    found: dict[dt.date, int] = {}
    for number, count in quarters.items():
        day = moment_of(number, zone).date()
        found[day] = found.get(day, 0) + count
    return found


def last_days(quarters: Mapping[int, int], zone: ZoneInfo, until: dt.date, days: int) -> list[tuple[dt.date, int]]:
    """Counts of so many days up to and with ``until``, also where they are nothing."""
    found = by_day(quarters, zone)
    wanted = (until - dt.timedelta(days=back) for back in range(days - 1, -1, -1))
    return [(day, found.get(day, 0)) for day in wanted]


def busy_hours(quarters: Mapping[int, int], zone: ZoneInfo, days: int) -> list[tuple[dt.datetime, int]]:
    """Counts by hour of the last ``days`` days that have any: each day from its first hour to its last, no nights."""
    by_hour: dict[dt.datetime, int] = {}
    for number, count in quarters.items():
        moment = moment_of(number, zone)
        # Steps of a quarter keep the hour that a change of the clocks repeats apart from its twin.
        hour = (moment.astimezone(dt.UTC) - dt.timedelta(minutes=moment.minute)).astimezone(dt.UTC)
        by_hour[hour] = by_hour.get(hour, 0) + count
    by_date: dict[dt.date, list[dt.datetime]] = {}
    for hour in sorted(by_hour):
        by_date.setdefault(hour.astimezone(zone).date(), []).append(hour)
    shown = []
    for day in sorted(by_date)[-days:]:
        hour, last = by_date[day][0], by_date[day][-1]
        while hour <= last:
            shown.append((hour.astimezone(zone), by_hour.get(hour, 0)))
            hour += dt.timedelta(hours=1)
    return shown
