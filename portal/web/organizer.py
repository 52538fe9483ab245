"""What features give to the organizer's pages: places in the side bar, an event's figures, columns of its list."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from babel.dates import format_datetime
from flask import Flask, current_app, g, render_template, request, url_for
from flask_babel import gettext
from flask_babel.speaklater import LazyString

from portal.core import clock
from portal.core.actors import EventScope, OrganizerScope, SignIn
from portal.web.access import signed_in
from portal.web.filters import current_locale, localised

#: Any of these opens the figures of orders and check-ins.
SEES_ORDERS = frozenset(("can_view_orders", "can_checkin_orders"))
#: So many events stand in the switcher; all others are a click further.
SWITCHER = 12


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A place in the side bar.

    ``level`` says in which frame it stands: of an ``event`` (its endpoint takes ``organizer`` and ``event``), of an
    ``organizer`` (its endpoint takes ``organizer``), or of ``all``. Who has none of ``any_of`` does not see it;
    ``shown`` asks something else about who is signed in.
    """

    label: LazyString
    icon: str
    endpoint: str
    any_of: frozenset[str] = frozenset()
    level: Literal["event", "organizer", "all"] = "event"
    shown: Callable[[SignIn], bool] | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with its name: ``of`` is the whole it is a part of, ``note`` a few words below, ``series`` its line."""

    label: str
    value: int
    of: int | None = None
    note: str | None = None
    series: Sequence[int] = ()
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns over time. ``ticks`` stand below the columns, ``part`` names those that are not over yet."""

    title: str
    points: Sequence[tuple[str, int]]
    label_head: str
    value_label: str
    ticks: Sequence[str] = ()
    part: Sequence[str] = ()
    kind: Literal["columns"] = "columns"


@dataclass(frozen=True, slots=True)
class Split:
    """One bar in parts of (label, count, shade)."""

    title: str
    parts: Sequence[tuple[str, int, str]]
    kind: Literal["split"] = "split"


@dataclass(frozen=True, slots=True)
class DateColumn:
    """A figure of each date of a series: by the subevent's id, what is counted and the whole it is a part of."""

    label: str
    values: Mapping[int, tuple[int, int | None]]


@dataclass(frozen=True, slots=True)
class Board:
    """What a feature shows on an event's home."""

    tiles: Sequence[Tile] = ()
    pictures: Sequence[Columns | Split] = ()
    dates: Sequence[DateColumn] = ()


@dataclass(frozen=True, slots=True)
class EventCount:
    """A column of the list of events: one grouped query for the ids of a page. ``any_of`` says who sees it."""

    label: LazyString
    counts: Callable[[Sequence[int]], Mapping[int, int]]
    any_of: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EventChoice:
    """An event to change to."""

    organizer_slug: str
    event_slug: str
    name: Mapping[str, str]
    locale: str


@dataclass(frozen=True, slots=True)
class Features:
    """What the app gathered from all features, in the order of the pages."""

    nav: Sequence[NavEntry]
    boards: Sequence[Callable[[EventScope], Board | None]]
    counts: Sequence[EventCount]
    choices: Callable[[SignIn, int], Sequence[EventChoice]]


def init_app(app: Flask, features: Features) -> None:
    """Give the organizer's pages what the features have for them."""
    app.extensions["portal_organizer"] = features


def features() -> Features:
    """What `init_app` was given."""
    return cast(Features, current_app.extensions["portal_organizer"])


def board(scope: EventScope) -> Board:
    """What all features show of an event to this member."""
    boards = [found for make in features().boards if (found := make(scope)) is not None]
    return Board(
        tiles=[tile for found in boards for tile in found.tiles],
        pictures=[picture for found in boards for picture in found.pictures],
        dates=[column for found in boards for column in found.dates],
    )


def page(template: str, **context: Any) -> str:
    """Render an organizer's page in its frame: of the event at hand, of the organizer, or of all events."""
    sign_in = cast(SignIn, signed_in())
    scope: EventScope | OrganizerScope | None = g.get("scope") or g.get("organizer_scope")
    who = {
        "name": sign_in.name,
        "detail": gettext("Administrator") if sign_in.is_admin else None,
        "href": url_for("account.index"),
    }
    frame = {
        "who": who,
        "sign_out_url": url_for("accounts.logout"),
        "scope": scope,
        "place": _place(sign_in, scope),
        "nav": _nav(sign_in, scope),
    }
    return render_template(template, **{**frame, **context})


Scope = EventScope | OrganizerScope | None


def _place(sign_in: SignIn, scope: Scope) -> dict[str, Any]:
    if scope is None:
        return {"name": gettext("Organizer"), "detail": gettext("All events"), "href": url_for("organizer.index")}
    if isinstance(scope, OrganizerScope):
        return {"name": scope.organizer_name, "detail": gettext("All events"), "href": url_for("organizer.index")}
    choices = [
        {
            "label": localised(choice.name, choice.locale),
            "href": url_for("organizer.home", organizer=choice.organizer_slug, event=choice.event_slug),
            "active": (choice.organizer_slug, choice.event_slug) == (scope.organizer_slug, scope.event_slug),
        }
        for choice in features().choices(sign_in, SWITCHER)
    ]
    choices.append(
        {
            "label": gettext("Organizer: %(name)s", name=scope.organizer_name),
            "href": url_for("organizer.overview", organizer=scope.organizer_slug),
        }
    )
    choices.append({"label": gettext("All events"), "href": url_for("organizer.index")})
    return {"name": localised(scope.event_name, scope.locale), "detail": scope.organizer_name, "choices": choices}


def _nav(sign_in: SignIn, scope: Scope) -> list[dict[str, Any]]:
    """The side bar: the entry of this very page is active, else the first of its blueprint."""
    level, where = "all", dict[str, Any]()
    if isinstance(scope, EventScope):
        level, where = "event", {"organizer": scope.organizer_slug, "event": scope.event_slug}
    elif scope is not None:
        level, where = "organizer", {"organizer": scope.organizer_slug}
    entries = [entry for entry in features().nav if entry.level == level and _opens(entry, sign_in, scope)]
    section = f"{request.blueprint}."
    active = next((entry for entry in entries if entry.endpoint == request.endpoint), None) or next(
        (entry for entry in entries if entry.endpoint.startswith(section)), None
    )
    return [
        {"label": entry.label, "icon": entry.icon, "href": url_for(entry.endpoint, **where), "active": entry is active}
        for entry in entries
    ]


def _opens(entry: NavEntry, sign_in: SignIn, scope: Scope) -> bool:
    if entry.any_of and not (scope is not None and entry.any_of & scope.permissions):
        return False
    return entry.shown is None or entry.shown(sign_in)


def spaced_ticks(labels: Sequence[str], most: int = 6) -> list[str]:
    """A label below every so many columns, counted from the newest: they have room on a phone."""
    step = max(1, -(-len(labels) // most))
    return [label if (len(labels) - 1 - index) % step == 0 else "" for index, label in enumerate(labels)]


def hour_columns(title: str, hours: Sequence[tuple[dt.datetime, int]], value_label: str) -> Columns:
    """Columns by hour of one or two days; below them the hours, and each day's name where it begins."""
    locale = current_locale()
    several = len({hour.date() for hour, _ in hours}) > 1
    labels, ticks, last_tick = [], [], -99
    room = max(1, -(-len(hours) // 7))
    for index, (hour, _) in enumerate(hours):
        begins = several and (index == 0 or hours[index - 1][0].date() != hour.date())
        labels.append(format_datetime(hour, "ccc HH:mm" if several else "HH:mm", locale=locale))
        tick = ""
        if begins:
            tick = format_datetime(hour, "ccc", locale=locale)
        elif index - last_tick >= room and not _begins_soon(hours, index, room):
            tick = format_datetime(hour, "HH:mm", locale=locale)
        last_tick = index if tick else last_tick
        ticks.append(tick)
    now = clock.now()
    part = [label for label, (hour, _) in zip(labels, hours, strict=True) if hour <= now < hour + dt.timedelta(hours=1)]
    points = [(label, count) for label, (_, count) in zip(labels, hours, strict=True)]
    return Columns(title, points, gettext("Hour"), value_label, ticks=ticks, part=part)


def _begins_soon(hours: Sequence[tuple[dt.datetime, int]], index: int, room: int) -> bool:
    """Whether another day's name needs the room."""
    return any(hour.date() != hours[index][0].date() for hour, _ in hours[index + 1 : index + room])
