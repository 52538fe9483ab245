"""How values read on a page: times in the event's zone, money, numbers and localised strings by the reader's locale."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import babel.dates
import babel.numbers
from babel import Locale
from flask import Flask, g, has_request_context
from flask_babel import get_locale, get_timezone, gettext
from markupsafe import Markup, escape

from portal.core import clock
from portal.core.i18n import LocalisedString, localise
from portal.core.sentences import Sentence

Zone = tzinfo | str | None

#: Within so many days a weekday names a day on its own.
NEAR = timedelta(days=6)


# ------------------------------------------------------------------------------------------------ pure functions


def zone_of(zone: Zone) -> tzinfo:
    """A zone by its name or as it is; UTC for none."""
    if zone is None or zone == "":
        return UTC
    return ZoneInfo(zone) if isinstance(zone, str) else zone


@lru_cache(maxsize=4096)
def _written(day: date, form: str, locale: Locale) -> str:
    """A day in words: a long list has few days, and babel takes its time for each."""
    if form in ("full", "ccc"):
        return babel.dates.format_date(day, form, locale=locale)
    return babel.dates.format_skeleton(form, day, locale=locale)


def format_when(value: datetime, zone: Zone, locale: Locale, now: datetime) -> str:
    """``Tue 14:05`` within six days of ``now``; with the date beyond them, with the year in another year."""
    local, here = value.astimezone(zone_of(zone)), now.astimezone(zone_of(zone))
    if abs(local.date() - here.date()) <= NEAR:
        return f"{_written(local.date(), 'ccc', locale)} {local:%H:%M}"
    return f"{format_day(local, zone, locale, now)} {local:%H:%M}"


def format_day(value: date, zone: Zone, locale: Locale, now: datetime) -> str:
    """``Tue, Jun 3`` (the locale's order), with the year instead of the weekday in another year."""
    day = value.astimezone(zone_of(zone)).date() if isinstance(value, datetime) else value
    same_year = day.year == now.astimezone(zone_of(zone)).year
    return _written(day, "MMMEd" if same_year else "yMMMd", locale)


def format_fulltime(value: datetime, zone: Zone, locale: Locale) -> str:
    """Everything: weekday, date, time to the second and the zone's short name."""
    local = value.astimezone(zone_of(zone))
    return f"{_written(local.date(), 'full', locale)}, {local:%H:%M:%S} {local.tzname()}"


def format_span(start: datetime, end: datetime | None, zone: Zone, locale: Locale) -> str:
    """``Jun 3 – 5, 2025``: the days from ``start`` to ``end`` in the locale's form."""
    first = start.astimezone(zone_of(zone)).date()
    last = end.astimezone(zone_of(zone)).date() if end else first
    return babel.dates.format_interval(first, last, "yMMMd", locale=locale)


def format_ago(value: datetime, locale: Locale, now: datetime) -> str:
    """``3 minutes ago``, ``in 2 hours``."""
    return babel.dates.format_timedelta(value - now, add_direction=True, locale=locale)


def format_money(value: Decimal | str | int | None, currency: str | None, locale: Locale) -> str:
    """``€12.00`` in the locale's form; two places without a currency; nothing for nothing."""
    if value is None or value == "":
        return ""
    amount = Decimal(value)
    if not currency:
        return babel.numbers.format_decimal(amount, format="#,##0.00", locale=locale)
    return babel.numbers.format_currency(amount, currency, locale=locale)


@lru_cache(maxsize=4096)
def format_number(value: Decimal | float | None, locale: Locale) -> str:
    """A number with the locale's grouping."""
    return "" if value is None else babel.numbers.format_decimal(value, locale=locale)


def format_percent(part: float, whole: float, locale: Locale) -> str:
    """``part`` of ``whole`` in whole percents; never 100 % or 0 % where something is missing or there."""
    if not whole:
        return babel.numbers.format_percent(0, locale=locale)
    ratio = part / whole
    if 0 < ratio < 1:
        ratio = min(max(round(ratio, 2), 0.01), 0.99)
    return babel.numbers.format_percent(ratio, locale=locale)


# --------------------------------------------------------------------------------------------- the templates' names


def current_locale() -> Locale:
    """The reader's locale; English outside of requests."""
    return get_locale() or Locale("en")


def current_zone() -> tzinfo:
    """The zone of the event at hand (``g.event_zone``), else the app's."""
    named: Zone = g.get("event_zone") if has_request_context() else None
    return zone_of(named) if named else get_timezone() or UTC


def when(value: datetime | None, zone: Zone = None) -> str:
    """Filter: the short form of a moment."""
    return "" if value is None else format_when(value, zone or current_zone(), current_locale(), clock.now())


def day(value: date | None, zone: Zone = None) -> str:
    """Filter: the short form of a day."""
    return "" if value is None else format_day(value, zone or current_zone(), current_locale(), clock.now())


def fulltime(value: datetime | None, zone: Zone = None) -> str:
    """Filter: the full form of a moment."""
    return "" if value is None else format_fulltime(value, zone or current_zone(), current_locale())


def span(start: datetime | None, end: datetime | None = None, zone: Zone = None) -> str:
    """Filter: the days of something that lasts."""
    return "" if start is None else format_span(start, end, zone or current_zone(), current_locale())


def ago(value: datetime | None) -> str:
    """Filter: how long ago."""
    return "" if value is None else format_ago(value, current_locale(), clock.now())


def localised(value: LocalisedString | str | None, *fallbacks: str | None) -> str:
    """Filter: a localised string for the reader, else in ``fallbacks``, else in any language."""
    return localise(value, str(current_locale()), *fallbacks)


def money(value: Decimal | str | int | None, currency: str | None = None) -> str:
    """Filter: an amount of money."""
    return format_money(value, currency, current_locale())


def number(value: Decimal | float | None) -> str:
    """Filter: a number."""
    return format_number(value, current_locale())


def percent(part: float, whole: float) -> str:
    """Filter: ``3|percent(4)`` is 75%."""
    return format_percent(part, whole, current_locale())


def isotime(value: date | None, zone: Zone = None) -> str:
    """Filter: for ``<time datetime>`` and for date and time fields of forms."""
    if isinstance(value, datetime):
        return value.astimezone(zone_of(zone or current_zone())).isoformat(timespec="seconds")
    return "" if value is None else value.isoformat()


def time_tag(value: datetime | None, zone: Zone = None) -> Markup:
    """A moment as ``<time>``: short to read, whole as a title and for machines."""
    if value is None:
        return Markup()
    where, locale = zone_of(zone or current_zone()), current_locale()
    local = value.astimezone(where)
    iso = local.isoformat(timespec="seconds")
    full = escape(format_fulltime(local, where, locale))
    short = escape(format_when(local, where, locale, clock.now()))
    return Markup(f'<time datetime="{iso}" title="{full}">{short}</time>')  # noqa: S704 - escaped


def messages(error: Any, name: str | None = None) -> list[str]:
    """Filter: an error as messages. A mapping is looked up by ``name``: a form hands all its errors to each field."""
    found = error.get(name) if hasattr(error, "get") else error
    if not found:
        return []
    return [said(found)] if isinstance(found, str) or not hasattr(found, "__iter__") else [said(each) for each in found]


def said(message: Any) -> str:
    """Filter: an English sentence of an operation in the reader's language; what has no translation as it is."""
    if isinstance(message, Sentence):
        return gettext(message.msgid, **message.values)
    return gettext(str(message)) if message else ""


def value_of(value: Any, name: str) -> Any:
    """Filter: a field's value. A mapping (a form, a dict) is looked up by ``name``; nothing becomes ``""``."""
    found = value.get(name) if hasattr(value, "get") else value
    return "" if found is None else found


def capital(text: Any) -> str:
    """Filter: a text with a great letter in front, the others as they are: German nouns keep theirs."""
    words = str(text)
    return words[:1].upper() + words[1:]


FILTERS = (
    when,
    day,
    fulltime,
    span,
    ago,
    localised,
    money,
    number,
    percent,
    isotime,
    messages,
    said,
    value_of,
    capital,
)


def init_app(app: Flask) -> None:
    """Give the filters, ``locale_tag()``, ``now()`` and ``time_tag()`` to every template."""
    for function in FILTERS:
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.globals["locale_tag"] = lambda: str(current_locale()).replace("_", "-")
    app.jinja_env.globals["now"] = clock.now
    app.jinja_env.globals["time_tag"] = time_tag
