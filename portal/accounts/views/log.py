"""Page of an organizer's audit log, with filters, and the same as files."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.accounts.teams import people_of
from portal.core.actors import OrganizerScope, SignIn
from portal.core.audit import ADMINISTRATOR
from portal.core.history import as_seen
from portal.core.moments import kept
from portal.core.text import fold
from portal.events import lists
from portal.events.log import LogEntry, LogFilter, event_total, log_entries, log_page, things
from portal.web import organizer as pages
from portal.web.access import organizer_member, organizer_scope, signed_in
from portal.web.downloads import csv_download, json_download, xlsx_download
from portal.web.filters import localised, zone_of
from portal.web.history import actor as actor_name
from portal.web.history import sentence
from portal.web.lists import here, words
from portal.web.params import parse_id

blueprint = Blueprint("log", __name__, url_prefix="/organizer/<organizer>/-/log")

may_read = organizer_member("can_change_teams", "can_change_organizer_settings")

SIZE = 50
#: What is about attendees: its details are for those who may see orders.
PEOPLE = frozenset(("order", "position", "order_position", "checkin", "lead", "leads", "person"))
#: So many people and events can be chosen, and so many entries stand in a file.
MOST_CHOICES = 200
MOST_ENTRIES = 50_000
KINDS = ("user", "token", "application", "exhibitor", "device", "system", "anonymous")


@dataclass(frozen=True, slots=True)
class Asked:
    """What this request looks for, and how it is said in the form."""

    filter: LogFilter
    values: dict[str, str]
    events: dict[int, lists.EventRow]
    permissions: frozenset[str]
    zone: str

    def _permissions(self, entry: LogEntry) -> frozenset[str]:
        """What the reader may do where it happened."""
        row = self.events.get(entry.event_id or 0)
        return self.permissions if row is None else row.permissions

    def seen(self, entry: LogEntry) -> LogEntry:
        """An entry as this reader may see it."""
        return replace(entry, change=as_seen(entry.change, self._permissions(entry)))

    def details(self, entry: LogEntry) -> dict[str, Any]:
        """What an entry changed, as far as this reader may see it."""
        change = self.seen(entry).change
        hidden = "can_view_orders" not in self._permissions(entry) and change.action.partition(".")[0] in PEOPLE
        return {} if hidden else {name: value for name, value in change.data.items() if name != ADMINISTRATOR}

    def keep(self) -> Callable[[LogEntry], bool] | None:
        """Whether all words stand in what the page shows of an entry, or in what it changed."""
        wanted = fold(self.values["q"]).split()[:10]
        if not wanted:
            return None

        def keep(entry: LogEntry) -> bool:
            change = self.seen(entry).change
            details = json.dumps(self.details(entry), ensure_ascii=False)
            text = fold(f"{change.actor_label} {actor_name(change)} {sentence(change)} {details}")
            return all(word in text for word in wanted)

        return keep


@blueprint.get("/")
@may_read
def index(organizer: str) -> ResponseReturnValue:
    """The newest entries that match, and a way to the older ones."""
    scope = organizer_scope()
    asked = _asked(scope)
    before = parse_id(request.args.get("before", ""))
    found = log_page(asked.filter, before=before, limit=SIZE, keep=asked.keep())
    return pages.page(
        "accounts/log.html",
        entries=[(asked.seen(entry), _event_name(asked, entry)) for entry in found.entries],
        found=found,
        zone=asked.zone,
        before=before,
        values=asked.values,
        narrowed=any(asked.values.values()),
        events=[(row.slug, localised(row.name, row.locale)) for row in asked.events.values()][:MOST_CHOICES],
        people=_people(scope),
        kinds=_kinds(replace(asked.filter, thing="", actor_kind="", actor_id=None), asked.values["kind"]),
        here=here,
        administrator=ADMINISTRATOR,
    )


def _asked(scope: OrganizerScope) -> Asked:
    """The filter in this request; what it cannot mean does not count."""
    sign_in = cast(SignIn, signed_in())
    ids = lists.of_organizer(sign_in, scope.organizer_id)
    rows = lists.visible_page(sign_in, limit=max(len(ids), 1), ids=ids) if ids else []
    values = {name: request.args.get(name, "").strip()[:100] for name in ("event", "who", "kind", "since", "until")}
    event = next((row for row in rows if row.slug == values["event"]), None)
    zone = _zone([event] if event else rows)
    actor_kind, _, actor = values["who"].partition("-")
    since, until = _day(values["since"], zone), _day(values["until"], zone)
    wanted = LogFilter(
        organizer_id=scope.organizer_id,
        visible=None if len(ids) == event_total(scope.organizer_id) else frozenset(ids),
        event_id=event.id if event else None,
        actor_kind=actor_kind if actor_kind in KINDS else "",
        actor_id=parse_id(actor) if actor and actor_kind in KINDS else None,
        thing=values["kind"] if values["kind"].replace("_", "").isalpha() else "",
        since=since,
        until=until + dt.timedelta(days=1) if until else None,
    )
    values["q"] = words()
    return Asked(wanted, values, {row.id: row for row in rows}, scope.permissions, zone)


def _zone(rows: Sequence[lists.EventRow]) -> str:
    """The zone of all times of a list: that of most of its events, the first of them where several are as many."""
    zones = Counter(row.timezone for row in rows).most_common(1)
    return zones[0][0] if zones else "UTC"


def _day(given: str, zone: str) -> dt.datetime | None:
    try:
        return kept(dt.datetime.combine(dt.date.fromisoformat(given), dt.time(), zone_of(zone))) if given else None
    except ValueError:
        return None


def _event_name(asked: Asked, entry: LogEntry) -> str:
    row = asked.events.get(entry.event_id or 0)
    return localised(row.name, row.locale) if row is not None else ""


def _people(scope: OrganizerScope) -> list[tuple[str, str]]:
    """Who can be chosen: members by name, and everybody else by kind."""
    kinds = [
        ("user", gettext("Any member")),
        ("token", gettext("Programs with a token")),
        ("application", gettext("Applications")),
        ("exhibitor", gettext("Exhibitors")),
        ("device", gettext("Check-in devices")),
        ("system", gettext("The system")),
    ]
    people = people_of(scope.organizer_id, limit=MOST_CHOICES)
    return kinds + [(f"user-{user_id}", name) for user_id, name in people]


def _kinds(wanted: LogFilter, chosen: str) -> list[tuple[str, str]]:
    """What was lately done something to, by its name where that is known."""
    names = {
        "access": gettext("Access"),
        "access_code": gettext("Access codes"),
        "application": gettext("Applications"),
        "bundle": gettext("Bundles"),
        "checkin": gettext("Check-ins"),
        "checkin_list": gettext("Check-in lists"),
        "code_mailing": gettext("Mailings"),
        "date": gettext("Dates"),
        "device": gettext("Devices"),
        "event": gettext("Event"),
        "exhibitor": gettext("Exhibitors"),
        "exhibitor_tag": gettext("Tags of exhibitors"),
        "invitation": gettext("Invitations"),
        "lead": gettext("Leads"),
        "leads": gettext("Leads, several at once"),
        "order": gettext("Orders"),
        "organizer": gettext("Organizer"),
        "person": gettext("Erased data"),
        "position": gettext("Tickets"),
        "product": gettext("Products"),
        "question": gettext("Questions"),
        "reseller": gettext("Resellers"),
        "seat": gettext("Seats"),
        "seating_plan": gettext("Seating plans"),
        "team": gettext("Teams"),
        "token": gettext("Tokens"),
        "user": gettext("Users"),
        "voucher": gettext("Vouchers"),
    }
    there = {*things(wanted), *([chosen] if chosen in names else [])}
    return sorted(
        ((thing, names.get(thing, thing.replace("_", " ").capitalize())) for thing in there), key=lambda each: each[1]
    )


# ----------------------------------------------------------------------------------------------------------- files


def _head() -> list[str]:
    return [
        gettext("Time"),
        gettext("Who"),
        gettext("Kind of actor"),
        gettext("Administrator"),
        gettext("Event"),
        gettext("Action"),
        gettext("What happened"),
        gettext("Thing"),
        gettext("Number"),
        gettext("Details"),
    ]


def _rows(asked: Asked) -> Iterator[list[Any]]:
    for entry in log_entries(asked.filter, most=MOST_ENTRIES, keep=asked.keep()):
        change, details = asked.seen(entry).change, asked.details(entry)
        yield [
            change.datetime,
            actor_name(change),
            change.actor_kind,
            bool(change.data.get(ADMINISTRATOR)),
            _event_name(asked, entry),
            change.action,
            sentence(change),
            change.object_kind,
            change.object_id,
            json.dumps(details, ensure_ascii=False) if details else "",
        ]


@blueprint.get("/export.<any(csv, xlsx, json):filetype>")
@may_read
def export(organizer: str, filetype: str) -> ResponseReturnValue:
    """All entries that match, the newest first, as a file."""
    scope = organizer_scope()
    asked = _asked(scope)
    name = f"log-{scope.organizer_slug}.{filetype}"
    if filetype == "csv":
        return csv_download(name, _head(), _rows(asked))
    if filetype == "xlsx":
        return xlsx_download(name, _head(), _rows(asked), zone=zone_of(asked.zone), title=gettext("Log"))
    return json_download(
        name, [_as_json(asked, entry) for entry in log_entries(asked.filter, most=MOST_ENTRIES, keep=asked.keep())]
    )


def _as_json(asked: Asked, entry: LogEntry) -> dict[str, Any]:
    change = asked.seen(entry).change
    row = asked.events.get(entry.event_id or 0)
    return {
        "id": entry.id,
        "datetime": change.datetime,
        "actor": {"kind": change.actor_kind, "label": change.actor_label},
        "administrator": bool(change.data.get(ADMINISTRATOR)),
        "event": row.slug if row else None,
        "action": change.action,
        "object": {"kind": change.object_kind, "id": change.object_id},
        "text": sentence(change),
        "data": asked.details(entry),
    }
