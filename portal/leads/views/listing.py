"""What stands around the list of leads: its figures, filters, sorting and addresses."""

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_skeleton
from flask import g, url_for
from flask_babel import gettext, ngettext

from portal.core import clock
from portal.core.actors import ExhibitorScope
from portal.leads import queries
from portal.leads.queries import counts
from portal.leads.queries.counts import Choice, Figures
from portal.leads.queries.filters import LeadFilter
from portal.leads.views.cells import Cells
from portal.tickets.fields import FieldReader
from portal.tickets.sight import Sight
from portal.web.filters import current_locale


def reader(sight: Sight) -> FieldReader:
    """The shown fields in the page's language."""
    return FieldReader(sight.shown, str(current_locale()))


def zone(scope: ExhibitorScope) -> ZoneInfo:
    """The zone that the event's days are of."""
    return ZoneInfo(scope.timezone)


def asked(wanted: LeadFilter, page: int = 1) -> dict[str, str]:
    """A filter as an address carries it: without what is not asked for."""
    given = {
        "q": wanted.q.strip(),
        "rating": wanted.rating,
        "tag": wanted.tag,
        "note": "1" if wanted.note else "",
        "device": wanted.device,
        "day": wanted.day.isoformat() if wanted.day else "",
        "sort": "" if wanted.sort == "newest" else wanted.sort,
        "page": str(page) if page > 1 else "",
    }
    return {name: value for name, value in given.items() if value}


def address(params: dict[str, str], **changes: str) -> str:
    """The list's address with some of its parts changed; an empty one goes."""
    merged = {name: value for name, value in (params | changes).items() if value}
    return f"{home()}?{urlencode(merged)}" if merged else home()


def home() -> str:
    """The address of the whole list; asked for once a request, since a page has a hundred links to it."""
    known: str = g.get("leads_home") or url_for("leads.index")
    g.leads_home = known
    return known


def rows(
    scope: ExhibitorScope,
    sight: Sight,
    wanted: LeadFilter,
    page: int,
    total: int | None = None,
    selected: Collection[int] = (),
) -> dict[str, Any]:
    """A page of the list; ``total`` is the number of all leads where it is known, ``selected`` what stays ticked."""
    leads = queries.lead_page(
        exhibitor_id=scope.exhibitor_id,
        timezone=scope.timezone,
        reader=reader(sight),
        shown=sight.shown,
        wanted=wanted,
        page=page,
        total=None if wanted.narrows else total,
    )
    params, here = asked(wanted), address(asked(wanted, leads.page))
    context: dict[str, Any] = {
        "leads": leads,
        "wanted": wanted,
        "here": here,
        "leads_url": home(),
        "detail_query": here.removeprefix(home()),
        "page_url": lambda number: address(asked(wanted, number)),
        "clear_href": address({name: value for name, value in params.items() if name == "sort"}),
        "columns": _columns(sight, wanted, params),
        "with_notes": sight.settings.lead_notes,
        "tags_exist": bool(sight.settings.lead_tags) or any(row.tags for row in leads.rows),
        "bulk_tags": list(dict.fromkeys((*sight.settings.lead_tags, *(tag for row in leads.rows for tag in row.tags)))),
        "selected": selected,
        "detail": False,
    }
    return context | {"cells": Cells(context)}


def possible(wanted: LeadFilter, sight: Sight) -> LeadFilter:
    """A filter without what the event does not show."""
    if not sight.settings.lead_notes:
        wanted = replace(wanted, note=False)
    if "attendee_name" not in sight.shown.ids and wanted.sort.startswith("name"):
        wanted = replace(wanted, sort="newest")
    return wanted


def summary(scope: ExhibitorScope, sight: Sight, wanted: LeadFilter, figures: Figures) -> dict[str, Any]:
    """What stands above the list and stays there while it is searched: figures, and what can be filtered by."""
    locale, now, params = current_locale(), clock.now(), asked(wanted)
    points = [(format_datetime(hour, "ccc H", locale=locale), count) for hour, count in figures.hours]
    running = [
        label
        for (label, _), (hour, _) in zip(points, figures.hours, strict=True)
        if 0 <= (now - hour).total_seconds() < 3600
    ]
    tags = counts.tag_choices(exhibitor_id=scope.exhibitor_id, offered=sight.settings.lead_tags)
    devices = counts.device_choices(exhibitor_id=scope.exhibitor_id)
    return {
        "figures": figures,
        "points": points,
        "running": running,
        "may_scan": scope.allow_lead_scanning,
        "kept": {name: value for name, value in params.items() if name != "q"},
        "menus": _menus(figures, params, tags, devices),
        "export_href": url_for("leads.export") + address(params, page="").removeprefix(home()),
        "note_href": address(params, note="" if wanted.note else "1"),
    }


def _columns(sight: Sight, wanted: LeadFilter, params: dict[str, str]) -> list[dict[str, Any]]:
    def head(label: str, first: str, second: str, ascending: str) -> dict[str, Any]:
        sort = second if wanted.sort == first else first
        column: dict[str, Any] = {"label": label, "href": address(params, sort="" if sort == "newest" else sort)}
        if wanted.sort in (first, second):
            column["sorted"] = "ascending" if wanted.sort == ascending else "descending"
        return column

    by_name = "attendee_name" in sight.shown.ids
    columns: list[dict[str, Any]] = [
        {"class": "select"},
        head(gettext("Name"), "name", "name-desc", "name") if by_name else {"label": gettext("Attendee")},
        head(gettext("Scanned"), "newest", "oldest", "oldest"),
        head(gettext("Rating"), "rating-desc", "rating", "rating"),
        {"label": gettext("Tags")},
    ]
    return [*columns, {"label": gettext("Note")}] if sight.settings.lead_notes else columns


def stars(rating: int) -> str:
    """A rating in words."""
    return str(ngettext("%(num)s star", "%(num)s stars", rating))


def pictures(scope: ExhibitorScope, sight: Sight, figures: Figures, asked_day: dt.date | None) -> dict[str, Any]:
    """What the page of figures draws; ``asked_day`` is the day whose hours are shown, else the last two with leads."""
    locale = current_locale()
    chosen = asked_day if asked_day in dict(figures.days) else None
    hours = figures.of_day(chosen) if chosen else figures.hours
    form = "HH:mm" if chosen else "ccc H"
    tags = counts.tag_choices(exhibitor_id=scope.exhibitor_id, offered=sight.settings.lead_tags)
    devices = counts.device_choices(exhibitor_id=scope.exhibitor_id)
    rated = {each.value: each.count for each in figures.ratings}
    ratings = [*((str(stars_), stars(stars_)) for stars_ in range(5, -1, -1)), ("none", gettext("Not rated"))]
    return {
        "figures": figures,
        "points": [(format_datetime(hour, form, locale=locale), count) for hour, count in hours],
        "days": [(format_skeleton("MMMEd", day, locale=locale), count) for day, count in _every_day(figures.days)],
        "day_chips": [
            {
                "label": format_skeleton("MMMEd", day, locale=locale),
                "count": count,
                "on": day == chosen,
                "href": url_for("leads.figures", day=None if day == chosen else day.isoformat(), _anchor="hours"),
            }
            for day, count in figures.days[-_MOST_DAYS:]
        ],
        "ratings": [
            (label, rated.get(value, 0), address({"rating": value}))
            for value, label in ratings
            if value not in ("0",) or rated.get(value)
        ],
        "tags": [
            (each.label, each.count, address({"tag": each.value}))
            for each in sorted(tags, key=lambda each: -each.count)[:_MOST_BARS]
        ],
        "devices": [
            (each.label, each.count, address({"device": each.value}))
            for each in sorted(devices, key=lambda each: -each.count)[:_MOST_BARS]
        ],
    }


#: More columns or bars than these nobody reads; the list and the exports have everything.
_MOST_DAYS = 60
_MOST_BARS = 20


def _every_day(days: list[tuple[dt.date, int]]) -> list[tuple[dt.date, int]]:
    """The days from the first to the last with leads, those between without any too, at most two months of them."""
    if not days:
        return []
    counts, last = dict(days), days[-1][0]
    first = max(days[0][0], last - dt.timedelta(days=_MOST_DAYS - 1))
    return [(day, counts.get(day, 0)) for day in (first + dt.timedelta(days=n) for n in range((last - first).days + 1))]


def _menus(figures: Figures, params: dict[str, str], tags: list[Choice], devices: list[Choice]) -> list[dict[str, Any]]:
    """The filters that offer several values, those that this exhibitor's leads have."""
    ratings = [
        (each.value, gettext("Not rated") if each.value == "none" else stars(int(each.value)), each.count)
        for each in figures.ratings
    ]
    locale = current_locale()
    days = [(day.isoformat(), format_skeleton("MMMEd", day, locale=locale), count) for day, count in figures.days]
    return [
        _menu(name, label, values, params)
        for name, label, values in (
            ("rating", gettext("Rating"), ratings),
            ("tag", gettext("Tag"), [(each.value, each.label, each.count) for each in tags]),
            ("device", gettext("Device"), [(each.value, each.label, each.count) for each in devices]),
            ("day", gettext("Day"), days),
        )
        if values or params.get(name)
    ]


def _menu(name: str, label: str, values: list[tuple[str, str, int]], params: dict[str, str]) -> dict[str, Any]:
    chosen = params.get(name, "")
    return {
        "name": name,
        "label": label,
        "chosen": next((text for value, text, _ in values if value == chosen), chosen),
        "clear": address(params, **{name: ""}),
        "items": [
            {"label": text, "count": count, "active": value == chosen, "href": address(params, **{name: value})}
            for value, text, count in values
        ],
    }
