"""The log of check-in: what happened at the gates, filtered, a page at a time or as a file."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.checkin.queries import gates, log
from portal.checkin.queries.log import LogFilter, LogRow, Mark
from portal.checkin.queries.search import SHORTEST, found_ids
from portal.checkin.views import blueprint, sees_figures, where
from portal.checkin.views.lists import item_boxes
from portal.checkin.views.words import REASONS
from portal.core import clock
from portal.core.actors import DeviceScope, EventScope
from portal.core.moments import as_utc, in_zone, read_moment
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.downloads import csv_download, xlsx_download
from portal.web.filters import localised
from portal.web.lists import here, words
from portal.web.params import parse_id

#: So many tickets with a matching name, order or code are looked for in the log.
MOST_TICKETS = 500
_LARGEST = 2**53
_UTC = ZoneInfo("UTC")


@blueprint.get("/log")
@event_member()
def show_log(organizer: str, event: str) -> ResponseReturnValue:
    """What happened at the gates, the newest first; for htmx the list alone."""
    scope = event_scope()
    sees_figures(scope)
    wanted, given = _wanted(scope)
    rows, more = log.page(event_id=scope.event_id, wanted=wanted, before=_mark(request.args.get("before", "")))
    context: dict[str, Any] = {
        "scope": scope,
        "rows": rows,
        "given": given,
        "results": result_words(),
        "q": words(),
        "too_short": 0 < len(words()) < SHORTEST,
        "shortest": SHORTEST,
        "older": here(before=_token(rows[-1].mark)) if more else None,
        "newest": here(before=None) if request.args.get("before") else None,
        "narrowed": any(given.values()) or bool(words()),
        "one_list": wanted.list_id,
    }
    if request.headers.get("HX-Target") == "log":
        return render_template("checkin/_log.html", **context)
    context["files"] = [(kind.upper(), _file_url(scope, kind)) for kind in ("csv", "xlsx")]
    context["lists"] = gates.list_choices(scope.event_id)
    context["items"] = item_boxes(scope)
    context["devices"] = [*gates.device_choices(scope.event_id), (log.BY_HAND, gettext("By hand"))]
    return pages.page("checkin/log.html", **context)


@blueprint.get("/log.<any(csv, xlsx):kind>")
@event_member()
def export_log(organizer: str, event: str, kind: str) -> ResponseReturnValue:
    """All rows that the filters leave, as a file."""
    scope = event_scope()
    sees_figures(scope)
    wanted, _ = _wanted(scope)
    zone = ZoneInfo(scope.timezone)
    head = [
        gettext("Time"), gettext("Result"), gettext("List"), gettext("Gate"), gettext("Order"), gettext("Name"),
        gettext("Company"), gettext("Product"), gettext("Variation"), gettext("Ticket"), gettext("Overridden"),
        gettext("Entered"), gettext("Entered through"), gettext("Reason"),
    ]  # fmt: skip
    rows = _cells(scope, log.everything(event_id=scope.event_id, wanted=wanted), zone)
    name = f"{scope.event_slug}-checkin-{clock.now().astimezone(zone):%Y-%m-%d-%H%M}.{kind}"
    if kind == "csv":
        return csv_download(name, head, rows)
    return xlsx_download(name, head, rows, zone=zone, title=gettext("Check-in"))


def _file_url(scope: EventScope, kind: str) -> str:
    """Where the same rows are to be had as a file."""
    kept = {name: value for name, value in request.args.items() if value and name not in ("before", "page")}
    return f"{url_for('gate.export_log', kind=kind, **where(scope))}?{urlencode(kept)}"


def result_words() -> dict[str, str]:
    """Results in words, as the log and its filter name them."""
    return {
        "in": gettext("Let in"),
        "again": gettext("Let in again"),
        "exit": gettext("Left"),
        "refused": gettext("Refused, whatever the reason"),
        **{reason: gettext("Refused: %(reason)s", reason=said) for reason, said in REASONS.items()},
        "undone": gettext("Taken back"),
    }


def _cells(scope: EventScope, rows: Iterator[LogRow], zone: dt.tzinfo) -> Iterator[Sequence[object]]:
    names = result_words()
    for row in rows:
        yield (
            in_zone(row.mark.datetime, zone), names.get(row.result, row.result), row.list_name, row.gate, row.order,
            row.name, row.company, localised(row.item, scope.locale), localised(row.variation, scope.locale),
            row.secret, row.forced, in_zone(row.entered, zone) if row.entered else None,
            row.through, row.why,
        )  # fmt: skip


def _wanted(scope: EventScope) -> tuple[LogFilter, dict[str, str]]:
    """The filter of this request, and what was given for it; what it cannot mean does not count."""
    args = request.args
    lists = dict(gates.list_choices(scope.event_id))
    list_id, device_id, item_id = (_number(args.get(name, "")) for name in ("list", "device", "item"))
    result = args.get("result", "")
    zone = ZoneInfo(scope.timezone)
    since, until = (_moment(args.get(name, ""), zone) for name in ("since", "until"))
    query = words()
    positions = None
    if len(query) >= SHORTEST:
        positions = found_ids(_any_gate(scope), query, MOST_TICKETS)
    wanted = LogFilter(
        list_id=list_id if list_id in lists else None,
        device_id=device_id,
        item_id=item_id,
        result=result if result in log.RESULTS else "",
        since=since,
        until=until,
        positions=positions,
    )
    given = {
        "list": str(wanted.list_id or ""),
        "device": str(device_id or ""),
        "item": str(item_id or ""),
        "result": wanted.result,
        "since": args.get("since", "") if since else "",
        "until": args.get("until", "") if until else "",
    }
    return wanted, given


def _number(given: str) -> int | None:
    number = parse_id(given)
    return number if number and abs(number) <= _LARGEST else None


def _moment(given: str, zone: ZoneInfo) -> dt.datetime | None:
    """A time of the event's clocks."""
    try:
        return as_utc(dt.datetime.fromisoformat(given).replace(tzinfo=None), zone)
    except ValueError:
        return None


def _any_gate(scope: EventScope) -> DeviceScope:
    """Who searches in all tickets of the event."""
    return DeviceScope(
        actor=actor(), device_id=0, organizer_slug=scope.organizer_slug, event_id=scope.event_id,
        event_slug=scope.event_slug, locale=scope.locale, timezone=scope.timezone, list_id=0, subevent_id=None,
        all_products=True, all_items=True, include_pending=True, allow_search=True, show_info=True, api_version=None,
    )  # fmt: skip


def _token(mark: Mark) -> str:
    return f"{mark.datetime.isoformat()}~{mark.source}~{mark.id}"


def _mark(given: str) -> Mark | None:
    """The place that an address carries; None for one that is none."""
    try:
        moment, source, number = given.split("~")
        time = read_moment(moment, _UTC)
        id_ = int(number)
    except ValueError:
        return None
    if source not in ("checkin", "refusal", "undone") or not 0 <= id_ <= _LARGEST:
        return None
    return Mark(time, source, id_)  # type: ignore[arg-type]
