"""What stands around the list of leads: its figures, filters, sorting and addresses."""

from dataclasses import replace
from typing import Any

from babel.dates import format_datetime, format_skeleton
from flask import url_for
from flask_babel import gettext, ngettext

from portal.core import clock
from portal.core.actors import ExhibitorScope
from portal.leads import queries
from portal.leads.queries import Choice, Figures, LeadFilter
from portal.tickets.fields import FieldReader, Sight
from portal.web.filters import current_locale


def reader(sight: Sight) -> FieldReader:
    """The shown fields in the page's language."""
    return FieldReader(sight.shown, str(current_locale()))


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
    merged: dict[str, Any] = {name: value for name, value in (params | changes).items() if value}
    return url_for("leads.index", **merged)


def rows(scope: ExhibitorScope, sight: Sight, wanted: LeadFilter, page: int) -> dict[str, Any]:
    """A page of the list, and the filters that it stands under."""
    if not sight.settings.lead_notes:
        wanted = replace(wanted, note=False)
    if "attendee_name" not in sight.shown.ids and wanted.sort.startswith("name"):
        wanted = replace(wanted, sort="newest")
    leads = queries.lead_page(
        exhibitor_id=scope.exhibitor_id,
        timezone=scope.timezone,
        reader=reader(sight),
        shown=sight.shown,
        wanted=wanted,
        page=page,
    )
    params = asked(wanted)
    figures = queries.figures(exhibitor_id=scope.exhibitor_id, timezone=scope.timezone)
    tags = queries.tag_choices(exhibitor_id=scope.exhibitor_id, offered=sight.settings.lead_tags)
    devices = queries.device_choices(exhibitor_id=scope.exhibitor_id)
    return {
        "leads": leads,
        "wanted": wanted,
        "kept": {name: value for name, value in params.items() if name != "q"},
        "figures": figures,
        "here": address(asked(wanted, leads.page)),
        "detail_params": asked(wanted, leads.page),
        "page_url": lambda number: address(asked(wanted, number)),
        "with_notes": sight.settings.lead_notes,
        "tag_choices": tags,
        "menus": _menus(figures, params, tags, devices),
        "many_devices": len(devices) > 1,
        "note_href": address(params, note="" if wanted.note else "1"),
        "clear_href": address({name: value for name, value in params.items() if name == "sort"}),
        "columns": _columns(sight, wanted, params),
        "detail": False,
    }


def summary(scope: ExhibitorScope, figures: Figures) -> dict[str, Any]:
    """What stands above the list and stays there while it is searched."""
    locale, now = current_locale(), clock.now()
    points = [(format_datetime(hour, "ccc H", locale=locale), count) for hour, count in figures.hours]
    running = [
        label
        for (label, _), (hour, _) in zip(points, figures.hours, strict=True)
        if 0 <= (now - hour).total_seconds() < 3600
    ]
    return {"points": points, "running": running, "may_scan": scope.allow_lead_scanning}


def _columns(sight: Sight, wanted: LeadFilter, params: dict[str, str]) -> list[dict[str, Any]]:
    def head(label: str, first: str, second: str, ascending: str) -> dict[str, Any]:
        sort = second if wanted.sort == first else first
        column: dict[str, Any] = {"label": label, "href": address(params, sort="" if sort == "newest" else sort)}
        if wanted.sort in (first, second):
            column["sorted"] = "ascending" if wanted.sort == ascending else "descending"
        return column

    by_name = "attendee_name" in sight.shown.ids
    columns = [
        head(gettext("Name"), "name", "name-desc", "name") if by_name else {"label": gettext("Attendee")},
        head(gettext("Scanned"), "newest", "oldest", "oldest"),
        head(gettext("Rating"), "rating-desc", "rating", "rating"),
        {"label": gettext("Tags")},
    ]
    return [*columns, {"label": gettext("Note")}] if sight.settings.lead_notes else columns


def stars(rating: int) -> str:
    """A rating in words."""
    return str(ngettext("%(num)s star", "%(num)s stars", rating))


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
