"""Moments that come from outside: how one is read, which are kept, and what one is in a zone."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

#: What is kept has a day before and behind it in every zone.
EARLIEST, LATEST = dt.datetime(1900, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 30, tzinfo=dt.UTC)

_TIMED = re.compile(r"[0-9W-]+[T ][0-9][0-9:.,Z +-]*", re.ASCII)
#: In a form that was not encoded, the plus of an offset arrives as a space.
_LOST_PLUS = re.compile(r"(\S+[T ]\S+) ([0-9]{2}(?::?[0-9]{2})?)", re.ASCII)
_SPACE = re.compile(r" (?=[Z+-])")


def read_moment(text: str, zone: ZoneInfo) -> dt.datetime:
    """A date with a time, ISO 8601, as UTC; without a zone of its own it is ``zone``'s. Raises `ValueError`."""
    text = text.strip().upper()
    if not _TIMED.fullmatch(text):
        raise ValueError("no time")
    if lost := _LOST_PLUS.fullmatch(text):
        text = f"{lost[1]}+{lost[2]}"
    return as_utc(dt.datetime.fromisoformat(_SPACE.sub("", text)), zone)


def as_utc(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """A moment in UTC; without a zone of its own it is ``zone``'s. Raises `ValueError` where no calendar has it."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("out of range") from None


def kept(moment: dt.datetime) -> dt.datetime:
    """A moment that every page can show; `ValueError` for another one."""
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("too far away")
    return moment


def in_zone(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """What the clocks of a zone show; the moment as it is where the calendar ends and they show nothing."""
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError):
        return moment


def within(moment: dt.datetime) -> dt.datetime:
    """The nearest moment that is kept: to count by days and hours what an older version stored."""
    return min(max(moment, EARLIEST), LATEST)
