"""Pages for organizers: the leads of all exhibitors, their figures over time, and an export."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.leads import overview
from portal.leads.overview import EventLeadFilter, Scanner
from portal.tickets.fields import FieldReader, ShownFields
from portal.tickets.sight import sight_of
from portal.web import organizer as pages
from portal.web.access import event_member, event_scope
from portal.web.downloads import csv_download, xlsx_download
from portal.web.filters import current_locale
from portal.web.lists import here, page_part, page_url, words
from portal.web.organizer import hour_columns, spaced_ticks

blueprint = Blueprint("organizer_leads", __name__, url_prefix="/organizer/<organizer>/<event>/leads")

#: So many exhibitors stand in the picture of who scans most.
MOST = 8


def _wanted(scanners: list[Scanner]) -> EventLeadFilter:
    """The filter in this request; what it cannot mean does not count."""
    asked = request.args.get("exhibitor", "")
    try:
        day = dt.date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        day = None
    if day is not None and not dt.date(1970, 1, 2) <= day <= dt.date(9000, 1, 1):
        day = None
    return EventLeadFilter(
        q=words(), exhibitor_id=next((each.id for each in scanners if str(each.id) == asked), None), day=day
    )


@blueprint.get("/")
@event_member("can_view_orders")
def index(organizer: str, event: str) -> ResponseReturnValue:
    """The list with its search and figures; for htmx the list alone."""
    scope = event_scope()
    zone = ZoneInfo(scope.timezone)
    scanners = overview.scanners(scope.event_id)
    wanted = _wanted(scanners)
    part = page_part(overview.count(scope.event_id, wanted, zone))
    context: dict[str, Any] = {
        "scope": scope,
        "wanted": wanted,
        "part": part,
        "leads": overview.page(scope.event_id, wanted, zone, limit=part.size, offset=part.offset),
        "page_url": page_url,
        "here": here,
        "clear_url": url_for("organizer_leads.index", organizer=organizer, event=event),
        "export_url": _export_url,
    }
    if request.headers.get("HX-Target") == "event-leads":
        return render_template("leads/organizer/_list.html", **context)
    figures = overview.figures(scope.event_id, zone, wanted.exhibitor_id)
    busiest = sorted((each for each in scanners if each.count), key=lambda each: -each.count)[:MOST]
    context |= {
        "figures": figures,
        "total": sum(each.count for each in scanners),
        "scanning": sum(each.count > 0 for each in scanners),
        "exhibitors": len(scanners),
        "choices": [(each.id, f"{each.name} ({each.count})") for each in scanners],
        "hours": hour_columns(gettext("Leads an hour"), figures.hours, gettext("Leads")),
        "days": _days(figures.days),
        "busiest": [(each.name, each.count, here(exhibitor=each.id)) for each in busiest],
        "day_items": [
            {"label": label, "count": count, "href": here(day=day.isoformat()), "active": day == wanted.day}
            for (label, count), (day, _) in zip(_days(figures.days)["points"], figures.days, strict=True)
        ],
        "day_chosen": _day(wanted.day) if wanted.day else "",
    }
    return pages.page("leads/organizer/index.html", **context)


def _day(day: dt.date) -> str:
    return format_skeleton("MMMEd", day, locale=current_locale())


def _days(days: list[tuple[dt.date, int]]) -> dict[str, Any]:
    points = [(_day(day), count) for day, count in days]
    return {"points": points, "ticks": spaced_ticks([label for label, _ in points])}


def _export_url(form: str, delimiter: str | None = None) -> str:
    kept = {name: request.args[name] for name in ("q", "exhibitor", "day") if request.args.get(name)}
    values: dict[str, Any] = {**(request.view_args or {}), **kept, "form": form, "delimiter": delimiter}
    return url_for("organizer_leads.export", **values)


@blueprint.get("/export")
@event_member("can_view_orders")
def export(organizer: str, event: str) -> ResponseReturnValue:
    """The leads that match, as CSV or XLSX, as far as the REST API shows them too."""
    scope = event_scope()
    zone = ZoneInfo(scope.timezone)
    wanted = _wanted(overview.scanners(scope.event_id))
    shown = sight_of(scope.event_id).shown
    reader = FieldReader(shown, str(current_locale()))
    head = _head(shown, reader)
    rows = overview.export_rows(scope.event_id, wanted, zone, shown=shown, reader=reader)
    name = f"{scope.event_slug}-leads"
    if request.args.get("form") == "xlsx":
        return xlsx_download(f"{name}.xlsx", head, rows, zone=zone, title=gettext("Leads"))
    delimiter = ";" if request.args.get("delimiter") == ";" else ","
    return csv_download(f"{name}.csv", head, rows, delimiter=delimiter)


def _head(shown: ShownFields, reader: FieldReader) -> list[str]:
    names = {
        "exhibitor": gettext("Exhibitor"),
        "booth": gettext("Booth"),
        "order": gettext("Order"),
        "positionid": gettext("Position"),
        "rating": gettext("Rating"),
        "tags": gettext("Tags"),
        "notes": gettext("Note"),
        "device_name": gettext("Device"),
        "device_uuid": gettext("Device id"),
        "scanned": gettext("Scanned"),
        "first_upload": gettext("Uploaded"),
    }
    fields = [reader.labels[name] for name in shown.ids]
    return [*(names[name] for name in overview.BEFORE), *fields, *(names[name] for name in overview.AFTER)]
