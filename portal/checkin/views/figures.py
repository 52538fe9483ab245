"""The figures of a list while people come in: a page whose lower part is fetched anew every few seconds."""

import datetime as dt
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.checkin.models import CheckinList
from portal.checkin.queries import flow, gates
from portal.checkin.queries.figures import Counts
from portal.checkin.queries.figures import figures as list_figures
from portal.checkin.queries.state import State, state_of
from portal.checkin.services import lists
from portal.checkin.views import LIST, blueprint, sees_figures
from portal.checkin.views.words import REASONS
from portal.core import clock
from portal.core.actors import EventScope
from portal.core.periods import busy_hours, by_day, midnight, moment_of
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import current_locale
from portal.web.filters import day as day_of
from portal.web.organizer import hour_columns

#: Entries of so many minutes say how fast people come in now.
RATE_MINUTES = 5
#: So many tickets that were let in twice are named.
TWICE = 50
#: So many days can be chosen, the last ones.
MOST_DAYS = 60


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
    here = gates.hand_gate(scope, row, row.subevent_id, actor(), str(current_locale()))
    state = state_of(here)
    counted = flow.flow(here, state)
    quarters, by_gate, by_item = Counter[int](), Counter[flow.Gate](), Counter[int]()
    for (number, gate, item), count in counted.items():
        quarters[number] += count
        by_gate[gate] += count
        by_item[item] += count
    products = _products(state, list_figures(here, state)[0], by_item)
    days = by_day(quarters, zone)
    chosen = _asked_day(days)
    day = chosen or _last_day(days, now.astimezone(zone).date())
    hours = busy_hours(
        {number: quarters[number] for number in quarters if moment_of(number, zone).date() == day}, zone, 1
    )
    refused = flow.refusals(row.id, midnight(day, zone), midnight(day + dt.timedelta(days=1), zone))
    recent = flow.entries_between(row.id, now - dt.timedelta(minutes=RATE_MINUTES), now)
    gone = flow.count_gone(here)
    came = counted.total()
    title = gettext("Entries an hour, %(day)s", day=day_of(day))
    return {
        "came": came,
        "expected": sum(count for _, count, _ in products),
        "inside": came - gone,
        "gone": gone,
        "rate": round(recent / RATE_MINUTES, 1),
        "hours": hour_columns(title, hours, gettext("Entries")) if hours else None,
        "day": day,
        "chosen": chosen,
        "days": [(each, count, each == day) for each, count in sorted(days.items())[-MOST_DAYS:]],
        "gates": _gate_rows(scope, by_gate),
        "products": products,
        "refused": [(str(words), refused[reason]) for reason, words in REASONS.items() if reason in refused],
        "refused_total": sum(refused.values()),
        "twice": flow.let_in_twice(row.id, TWICE),
        "silent": gates.silent_devices(row.id),
    }


def _asked_day(days: Container[dt.date]) -> dt.date | None:
    """The day that the address names, if it had entries."""
    try:
        day = dt.date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None
    return day if day in days else None


def _last_day(days: Iterable[dt.date], today: dt.date) -> dt.date:
    """The last day that had entries, else today. What a clock ahead of ours dated tomorrow or later is not the last."""
    return max((day for day in days if day <= today), default=today)


def _gate_rows(scope: EventScope, by_gate: Counter[flow.Gate]) -> Sequence[tuple[str, int]]:
    names = dict(gates.device_choices(scope.event_id))
    rows: Counter[str] = Counter()
    for gate, count in by_gate.items():
        if gate.device_id is not None:
            rows[names.get(gate.device_id, gettext("A device that is gone"))] += count
        else:
            rows[gettext("By hand") if gate.by_hand else gettext("Without a gate")] += count
    return rows.most_common()


def _products(state: State, tickets: Counts, entries: Counter[int]) -> list[tuple[str, int, int]]:
    """The list's products, in their order, with how many are expected and how many came."""
    expected = Counter[int]()
    for (item, _variation), count in tickets.items():
        expected[item] += count
    return [
        (product.name, expected[product.id], entries[product.id])
        for product in state.products
        if state.listed is None or product.id in state.listed
    ]
