"""What an event lets its exhibitors see of its attendees."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa

from portal.core.database import read_json
from portal.core.i18n import LocalisedString
from portal.core.statements import rows
from portal.events.models import Event
from portal.events.settings import EventSettings, read_settings
from portal.tickets.fields import LABELS, QUESTION_PREFIX, FieldReader, ShownFields, shown_fields


@dataclass(frozen=True, slots=True)
class Sight:
    """What an event lets its exhibitors see."""

    settings: EventSettings
    shown: ShownFields
    name: LocalisedString
    url: str | None
    date_from: datetime
    date_to: datetime | None
    _readers: dict[str, FieldReader] = field(default_factory=dict, compare=False, repr=False)

    def reader(self, locale: str) -> FieldReader:
        """What reads the fields in a language, made once."""
        known = self._readers.get(locale)
        if known is None:
            known = self._readers[locale] = FieldReader(self.shown, locale)
        return known


def sight_of(event_id: int) -> Sight:
    """One query, and those of `shown_fields` where questions or products are chosen."""
    ((settings, locale, locales, name, url, date_from, date_to),) = rows(_SIGHT, {"event": event_id})
    sight = _sight(settings, locale, locales, name, url, date_from, date_to)
    chosen = sight.settings.lead_fields
    if not any(each == "item" or each.startswith(QUESTION_PREFIX) for each in chosen):
        return sight
    shown = shown_fields(event_id=event_id, chosen=chosen, locale=locale, locales=sight.shown.locales)
    return replace(sight, shown=shown, _readers={})


@lru_cache(maxsize=512)
def _sight(
    settings: str | None, locale: str, locales: str, name: str, url: str | None, start: datetime, end: datetime | None
) -> Sight:
    """From what the database has, which seldom changes; fields that are read from other tables are not there yet."""
    read = read_settings(None if settings is None else read_json(settings))
    ids = tuple(each for each in read.lead_fields if each in LABELS)
    shown = ShownFields(ids, locale, tuple(dict.fromkeys((locale, *read_json(locales)))))
    return Sight(read, shown, read_json(name), url, start, end)


_SIGHT = sa.select(
    sa.cast(Event.settings, sa.Text),
    Event.locale,
    sa.cast(Event.locales, sa.Text),
    sa.cast(Event.name, sa.Text),
    Event.url,
    Event.date_from,
    Event.date_to,
).where(Event.id == sa.bindparam("event", type_=sa.BigInteger()))
