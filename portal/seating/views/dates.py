"""Which date of a series the pages of seats show."""

from flask import request

from portal.core.actors import EventScope
from portal.core.errors import NotFound
from portal.events.lists import DateRow, date_page
from portal.web.access import SAFE_METHODS
from portal.web.filters import localised, when
from portal.web.params import parse_id

MOST_DATES = 1000


def asked_date() -> int | None:
    """The date that this request names; none where it names none."""
    given = (request.args if request.method in SAFE_METHODS else request.values).get("subevent")
    if not given:
        return None
    subevent_id = parse_id(given)
    if subevent_id is None:
        raise NotFound("This date does not exist, or it belongs to another event.")
    return subevent_id


def choices(scope: EventScope) -> tuple[list[tuple[int, str]], int | None]:
    """The dates of a series to choose from, and the one that is on or comes next."""
    if not scope.has_subevents:
        return [], None
    dates: list[DateRow] = list(date_page(scope.event_id, limit=MOST_DATES, offset=0))
    coming = next((date.id for date in dates if date.state != "past"), dates[-1].id if dates else None)
    return [(date.id, f"{localised(date.name, scope.locale)}, {when(date.date_from)}") for date in dates], coming
