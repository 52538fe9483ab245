"""Counting over time gives the same hours and days on both databases, in every zone and over changes of the clocks."""

import datetime as dt
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask

from portal.core.database import db
from portal.core.periods import SECONDS, busy_hours, by_day, days_of, last_days, midnight, quarter
from portal.leads.models import Lead
from tests.fair import Fair

BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")


def quarters(*moments: str) -> dict[int, int]:
    """What the database would count for these moments in UTC."""
    counted: dict[int, int] = {}
    for moment in moments:
        number = int(dt.datetime.fromisoformat(f"{moment}+00:00").timestamp()) // SECONDS
        counted[number] = counted.get(number, 0) + 1
    return counted


def test_the_database_counts_quarters(app: Flask, fair: Fair) -> None:
    with app.app_context():
        bucket = quarter(Lead.scanned)
        found = {
            number: count for number, count in db.session.execute(sa.select(bucket, sa.func.count()).group_by(bucket))
        }
    times = (f"2026-11-20T09:{minute:02d}:00" for minute in range(0, 42, 7))
    assert found == quarters(*times)


def test_fractions_of_a_second_stay_in_their_quarter(app: Flask, fair: Fair) -> None:
    with app.app_context():
        last = dt.datetime(2026, 11, 20, 9, 14, 59, 999999, tzinfo=dt.UTC)
        db.session.execute(sa.update(Lead).values(scanned=last))
        db.session.commit()
        assert set(db.session.scalars(sa.select(quarter(Lead.scanned)))) == set(quarters("2026-11-20T09:00:00"))


def test_days_are_those_of_the_zone() -> None:
    counted = quarters("2026-11-19T22:59:00", "2026-11-19T23:00:00", "2026-11-20T10:00:00")
    assert by_day(counted, BERLIN) == {dt.date(2026, 11, 19): 1, dt.date(2026, 11, 20): 2}
    assert midnight(dt.date(2026, 11, 20), BERLIN) == dt.datetime(2026, 11, 19, 23, tzinfo=dt.UTC)
    assert last_days(counted, BERLIN, dt.date(2026, 11, 21), 3) == [
        (dt.date(2026, 11, 19), 1),
        (dt.date(2026, 11, 20), 2),
        (dt.date(2026, 11, 21), 0),
    ]


def test_hours_are_those_of_the_zone() -> None:
    hours = busy_hours(quarters("2026-11-20T04:14:00", "2026-11-20T04:15:00", "2026-11-20T06:20:00"), KATHMANDU, 1)
    assert [(hour.strftime("%H:%M"), count) for hour, count in hours] == [
        ("09:00", 1),
        ("10:00", 1),
        ("11:00", 0),
        ("12:00", 1),
    ]


def test_only_the_last_days_that_have_any_and_no_nights() -> None:
    counted = quarters("2026-11-18T10:00:00", "2026-11-20T10:00:00", "2026-11-22T08:00:00", "2026-11-22T09:30:00")
    hours = busy_hours(counted, BERLIN, 2)
    assert [hour.strftime("%d %H:%M") for hour, _ in hours] == ["20 11:00", "22 09:00", "22 10:00"]
    assert busy_hours({}, BERLIN, 2) == []


def test_the_hour_that_a_change_of_the_clocks_repeats_is_two_hours() -> None:
    counted = quarters("2026-10-24T23:30:00", "2026-10-25T00:30:00", "2026-10-25T01:30:00", "2026-10-25T02:30:00")
    hours = busy_hours(counted, BERLIN, 1)
    assert [(hour.strftime("%H:%M"), count) for hour, count in hours] == [
        ("01:00", 1),
        ("02:00", 1),
        ("02:00", 1),
        ("03:00", 1),
    ]


def test_days_of_moments_in_any_order() -> None:
    for zone in (BERLIN, KATHMANDU):
        day_of, moment = days_of(zone), dt.datetime(2025, 3, 28, 0, 5, tzinfo=dt.UTC)
        moments = [moment + dt.timedelta(minutes=35 * number) for number in range(150)]  # over a change of the clocks
        for each in (*moments, *reversed(moments), *moments[::7]):
            assert day_of(each) == each.astimezone(zone).date()
