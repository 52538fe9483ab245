"""The forms of events, read and filled: what an event is, with its languages, its zone and its currency."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast
from zoneinfo import available_timezones

import babel.numbers
from babel import Locale

from portal.core.sentences import Sentence
from portal.events.models import Event
from portal.events.services.manage import OWN, EventValues
from portal.web.fields import Fields, local

#: Languages that an event may speak; what a bundle brought beside them stays.
LANGUAGES = (
    *("en", "de", "fr", "es", "it", "nl", "pl", "pt", "cs", "da", "fi", "sv", "nb", "hu", "ro", "el", "tr", "uk", "ru"),
    *("ar", "he", "zh", "ja", "ko"),
)
_REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_FIRST = ("EUR", "USD", "GBP", "CHF")


@cache
def zones() -> tuple[str, ...]:
    """The names of time zones, by place."""
    return ("UTC", *sorted(name for name in available_timezones() if name.split("/")[0] in _REGIONS))


@cache
def currencies() -> tuple[str, ...]:
    """The codes of currencies that are in use somewhere, the most common first."""
    used = {
        code
        for territory in Locale("en").territories
        for code in babel.numbers.get_territory_currencies(str(territory))
        if len(code) == 3
    }
    return (*_FIRST, *sorted(used - set(_FIRST)))


def language_choices(reader: Locale, *more: str) -> list[tuple[str, str]]:
    """Languages by code, with their names in the reader's language."""
    codes = dict.fromkeys((*LANGUAGES, *more))
    return [(code, _language(code, reader)) for code in codes]


def _language(code: str, reader: Locale) -> str:
    try:
        return Locale.parse(code.replace("-", "_")).get_display_name(reader) or code
    except (ValueError, LookupError):
        return code


def read_event(given: Mapping[str, str], chosen: Sequence[str], before: Event | None = None) -> EventValues:
    """An event's values in a form. ``chosen`` are the languages whose boxes are on. Raises `InvalidInput`."""
    zone = given.get("timezone", "").strip()
    known_zones = {*zones(), *((before.timezone,) if before else ())}
    read = Fields(given, zone if zone in known_zones else "UTC")
    timezone = read.choice("timezone", known_zones)
    known = {*LANGUAGES, *(before.locales if before else ()), *((before.locale,) if before else ())}
    locale = read.choice("locale", known)
    added = (locale,) if not before and locale else ()
    locales = [code for code in dict.fromkeys((*chosen, *added)) if code in known]
    languages = before.locales if before else [locale or "en"]
    if not locales:
        read.wrong("locales", Sentence("Choose at least one language."))
    name = read.localised("name", languages, 200)
    start = read.moment("date_from", required=True)
    values: dict[str, Any] = {
        "locale": locale,
        "locales": locales,
        "name": {**(dict(before.name) if before else {}), **dict.fromkeys(languages, ""), **name},
        "currency": read.choice("currency", {*currencies(), *((before.currency,) if before else ())}),
        "timezone": timezone,
        "date_to": read.moment("date_to", end=True),
        "has_subevents": read.flag("has_subevents"),
        "live": read.flag("live"),
        "url": read.maybe("url", 500),
    }
    if values["url"] and not values["url"].startswith(("http://", "https://")):
        read.wrong("url", Sentence("Write an address that begins with https://."))
    values["name"] = {language: text for language, text in values["name"].items() if text}
    read.check()
    return EventValues(date_from=cast(dt.datetime, start), **values)


def shown_event(event: Event) -> dict[str, Any]:
    """An event as its form shows it."""
    return {
        **{f"name-{language}": event.name.get(language, "") for language in event.locales},
        "locale": event.locale,
        "locales": event.locales,
        "currency": event.currency,
        "timezone": event.timezone,
        "date_from": local(event.date_from, event.timezone),
        "date_to": local(event.date_to, event.timezone),
        "has_subevents": event.has_subevents,
        "live": event.live,
        "url": event.url or "",
        **{name: event.settings.get(name) or "" for name in OWN},
    }
