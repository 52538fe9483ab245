"""The figures of a list while people come in: a page whose lower part is fetched anew every few seconds."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.checkin.models import CheckinList
from portal.checkin.queries import flow, gates
from portal.checkin.services import lists
from portal.checkin.views import LIST, blueprint, sees_figures
from portal.checkin.views.words import REASONS
from portal.core import clock
from portal.core.actors import EventScope
from portal.core.periods import busy_hours, midnight, moment_of
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.organizer import hour_columns

#: Entries of so many minutes say how fast people come in now.
RATE_MINUTES = 5
#: So many tickets that were let in twice are named.
TWICE = 50


@blueprint.get(f"{LIST}/figures")
@event_member()
def figures(organizer: str, event: str, list_id: int) -> ResponseReturnValue:
    """The figures of a list; for htmx the part that changes."""
    scope = event_scope()
    sees_figures(scope)
    row = lists.own_list(scope, list_id)
    context = _figures(scope, row)
    if request.headers.get("HX-Target") == "live":
        return render_template("checkin/_figures.html", scope=scope, row=row, **context)
    return pages.page("checkin/figures.html", row=row, **context)


def _figures(scope: EventScope, row: CheckinList) -> dict[str, Any]:
    zone, now = ZoneInfo(scope.timezone), clock.now()
    counted = flow.flow(row.id)
    tickets, entries = flow.by_product(gates.hand_gate(scope, row, row.subevent_id, actor()))
    quarters = Counter[int]()
    by_gate = Counter[flow.Gate]()
    for (number, gate), count in counted.items():
        quarters[number] += count
        by_gate[gate] += count
    hours = busy_hours(quarters, zone, 1)
    first, last = _day(quarters, zone, now)
    refused = flow.refusals(row.id, first, last)
    recent = flow.entries_since(row.id, now - dt.timedelta(minutes=RATE_MINUTES))
    gone = flow.count_gone(row.id)
    came = sum(by_gate.values())
    return {
        "came": came,
        "expected": sum(count for _, count, _ in _products(tickets, entries)),
        "inside": came - gone,
        "gone": gone,
        "rate": round(recent / RATE_MINUTES, 1),
        "hours": hour_columns(gettext("Entries an hour"), hours, gettext("Entries")) if hours else None,
        "day": first,
        "gates": _gate_rows(scope, by_gate),
        "products": _products(tickets, entries),
        "refused": [(str(words), refused[reason]) for reason, words in REASONS.items() if reason in refused],
        "refused_total": sum(refused.values()),
        "twice": flow.let_in_twice(row.id, TWICE),
        "silent": gates.silent_devices(row.id),
    }


def _day(quarters: Counter[int], zone: ZoneInfo, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """The last day that had entries, else today."""
    newest = moment_of(max(quarters), zone) if quarters else now.astimezone(zone)
    day = newest.date()
    return midnight(day, zone), midnight(day + dt.timedelta(days=1), zone)


def _gate_rows(scope: EventScope, by_gate: Counter[flow.Gate]) -> Sequence[tuple[str, int]]:
    names = dict(gates.device_choices(scope.event_id))
    rows: Counter[str] = Counter()
    for gate, count in by_gate.items():
        if gate.device_id is not None:
            rows[names.get(gate.device_id, gettext("A device that is gone"))] += count
        else:
            rows[gettext("By hand") if gate.by_hand else gettext("Without a gate")] += count
    return rows.most_common()


def _products(tickets: Counter[str], entries: Counter[str]) -> list[tuple[str, int, int]]:
    """Products with how many are expected and how many came."""
    return [(name, max(count, entries[name]), entries[name]) for name, count in tickets.items()]
