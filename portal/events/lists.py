"""Reads for lists: the events that a user may see, and the dates of a series."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from portal.accounts.models import PERMISSIONS, Team, team_events, team_members
from portal.core import clock
from portal.core.actors import SignIn
from portal.core.database import db
from portal.core.statements import run
from portal.core.text import fold
from portal.events.models import Event, Organizer, SubEvent
from portal.web.organizer import EventChoice

State = Literal["running", "coming", "past"]
STATES: tuple[State, ...] = ("running", "coming", "past")
#: How long something lasts that has no end.
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event in a list, with what this user may do in it."""

    id: int
    organizer_slug: str
    organizer_name: str
    slug: str
    name: Mapping[str, str]
    locale: str
    timezone: str
    live: bool
    has_subevents: bool
    date_from: dt.datetime
    date_to: dt.datetime | None
    state: State
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class EmptyOrganizer:
    """An organizer without an event that the user may see."""

    slug: str
    name: str
    creates: bool


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What an event's home says of it beside its figures."""

    live: bool
    url: str | None
    date_from: dt.datetime
    date_to: dt.datetime | None
    state: State


@dataclass(frozen=True, slots=True)
class DateRow:
    """One date of a series."""

    id: int
    name: Mapping[str, str]
    date_from: dt.datetime
    date_to: dt.datetime | None
    active: bool
    state: State


def state_of(start: dt.datetime, end: dt.datetime | None, now: dt.datetime) -> State:
    """Whether something runs, is to come, or is over."""
    if start > now:
        return "coming"
    return "running" if (end or start + ONE_DAY) >= now else "past"


# A series lasts from its first date to its last.
_dates: sa.ColumnElement[bool] = sa.and_(Event.has_subevents, SubEvent.event_id == Event.id, SubEvent.active)
_start = sa.func.coalesce(
    sa.select(sa.func.min(SubEvent.date_from)).where(_dates).correlate(Event).scalar_subquery(),
    Event.date_from,
    type_=Event.date_from.type,
)
_end = sa.func.coalesce(
    sa.select(sa.func.max(sa.func.coalesce(SubEvent.date_to, SubEvent.date_from)))
    .where(_dates)
    .correlate(Event)
    .scalar_subquery(),
    Event.date_to,
    type_=Event.date_from.type,
)


_now: sa.BindParameter[dt.datetime] = sa.bindparam("now", type_=Event.date_from.type)
_yesterday: sa.BindParameter[dt.datetime] = sa.bindparam("yesterday", type_=Event.date_from.type)


def _rights() -> sa.Subquery:
    """The events of a user with what all teams together allow there."""
    granted = (sa.func.max(sa.case((getattr(Team, name), 1), else_=0)).label(name) for name in PERMISSIONS)
    return (
        sa.select(Event.id.label("event_id"), *granted)
        .select_from(team_members)
        .join(Team, Team.id == team_members.c.team_id)
        .join(Event, Event.organizer_id == Team.organizer_id)
        .where(
            team_members.c.user_id == sa.bindparam("user_id"),
            sa.or_(
                Team.all_events,
                sa.exists().where(team_events.c.team_id == Team.id, team_events.c.event_id == Event.id),
            ),
        )
        .group_by(Event.id)
        .subquery("rights")
    )


_RIGHTS = _rights()


def _visible(admin: bool, *columns: Any) -> sa.Select[*tuple[Any, ...]]:
    """The events that a user may see with the permissions there; all of them for an admin, who may everything."""
    if admin:
        return sa.select(*columns).select_from(Event).join(Organizer, Organizer.id == Event.organizer_id)
    rights = _rights()
    return (
        sa.select(*columns, *(rights.c[name] for name in PERMISSIONS))
        .select_from(Event)
        .join(Organizer, Organizer.id == Event.organizer_id)
        .join(rights, rights.c.event_id == Event.id)
    )


def _order() -> tuple[sa.ColumnElement[Any], ...]:
    """By organizer; there running first, then what comes next, then what is over, the latest first."""
    over = sa.case((_end >= _now, False), (sa.and_(_end.is_(None), _start > _yesterday), False), else_=True)
    rank = sa.case((_start > _now, 1), (over, 2), else_=0)
    begins = sa.case((rank < 2, _start)).asc(), _start.desc()
    return sa.func.lower(Organizer.name), Organizer.id.asc(), rank, *begins, Event.id.asc()


_COLUMNS = (
    Event.id,
    Organizer.slug.label("organizer_slug"),
    Organizer.name.label("organizer_name"),
    Event.slug,
    Event.name,
    Event.locale,
    Event.timezone,
    Event.live,
    Event.has_subevents,
    _start.label("date_from"),
    _end.label("date_to"),
)
_NAMES = tuple(column.key for column in _COLUMNS)


@cache
def _counting(admin: bool) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(_visible(admin, Event.id).subquery())


@cache
def _searching(admin: bool) -> sa.Select[Any]:
    return _visible(admin, Event.id, Event.slug, Event.name, Organizer.name.label("organizer"))


@cache
def _listing(admin: bool, narrowed: bool) -> sa.Select[Any]:
    statement = _visible(admin, *_COLUMNS)
    if narrowed:
        statement = statement.where(Event.id.in_(sa.bindparam("ids", expanding=True)))
    return statement.order_by(*_order()).limit(sa.bindparam("limit")).offset(sa.bindparam("offset"))


def visible_count(sign_in: SignIn) -> int:
    """How many events a user may see."""
    return int(run(_counting(sign_in.is_admin), {"user_id": sign_in.user_id}).scalar_one())


def usual_zone(sign_in: SignIn) -> str | None:
    """The zone of most of the events that a user may see: for pages that belong to none of them."""
    most = _visible(False, Event.timezone).with_only_columns(Event.timezone).group_by(Event.timezone)
    most = most.order_by(sa.func.count().desc(), Event.timezone).limit(1)
    return run(most, {"user_id": sign_in.user_id}).scalar_one_or_none()


def matching(sign_in: SignIn, query: str) -> list[int]:
    """The ids of a user's events whose names (in any language), slug or organizer hold all words of ``query``."""
    words = fold(query).split()[:10]
    found = []
    for row in run(_searching(sign_in.is_admin), {"user_id": sign_in.user_id}):
        text = fold(f"{row.slug} {row.organizer} {' '.join(map(str, row.name.values()))}")
        if all(word in text for word in words):
            found.append(row.id)
    return found


def of_organizer(sign_in: SignIn, organizer_id: int) -> list[int]:
    """The ids of an organizer's events that a user may see."""
    statement = _visible(sign_in.is_admin, Event.id).where(Event.organizer_id == organizer_id)
    return list(run(statement, {"user_id": sign_in.user_id}).scalars())


def without_events(sign_in: SignIn, limit: int = 50) -> list[EmptyOrganizer]:
    """Organizers of a user that have no event for them yet, and whether they may make one there."""
    none: Any = sa.select(Organizer.slug, Organizer.name).order_by(sa.func.lower(Organizer.name)).limit(limit)
    if sign_in.is_admin:
        none = none.add_columns(sa.literal(1)).where(~sa.exists().where(Event.organizer_id == Organizer.id))
    else:
        creates = sa.func.max(sa.case((Team.can_create_events, 1), else_=0))
        seen = sa.select(Event.organizer_id).join(_RIGHTS, _RIGHTS.c.event_id == Event.id)
        none = none.add_columns(creates).join(Team, Team.organizer_id == Organizer.id)
        none = none.join(team_members, team_members.c.team_id == Team.id)
        none = none.where(team_members.c.user_id == sa.bindparam("user_id"), Organizer.id.not_in(seen))
        none = none.group_by(Organizer.id)
    return [EmptyOrganizer(slug, name, bool(may)) for slug, name, may in run(none, {"user_id": sign_in.user_id})]


def visible_page(sign_in: SignIn, *, limit: int, offset: int = 0, ids: Sequence[int] | None = None) -> list[EventRow]:
    """Some of a user's events, by organizer, running ones first; one query. ``ids`` narrows them down."""
    now, everything = clock.now(), frozenset(PERMISSIONS)
    parameters: dict[str, Any] = {
        "user_id": sign_in.user_id,
        "now": now,
        "yesterday": now - ONE_DAY,
        "limit": limit,
        "offset": offset,
    }
    if ids is not None:
        parameters["ids"] = ids
    return [
        EventRow(
            **{name: getattr(row, name) for name in _NAMES},
            state=state_of(row.date_from, row.date_to, now),
            permissions=everything if sign_in.is_admin else _allowed(row),
        )
        for row in run(_listing(sign_in.is_admin, ids is not None), parameters)
    ]


def _allowed(row: Any) -> frozenset[str]:
    return frozenset(name for name in PERMISSIONS if getattr(row, name))


def choices(sign_in: SignIn, limit: int) -> list[EventChoice]:
    """The first of a user's events, for the switcher."""
    return [
        EventChoice(row.organizer_slug, row.slug, row.name, row.locale) for row in visible_page(sign_in, limit=limit)
    ]


def event_facts(event_id: int) -> EventFacts:
    """When an event is, and whether it is public."""
    row = db.session.execute(sa.select(Event.live, Event.url, _start, _end).where(Event.id == event_id)).one()
    return EventFacts(*row, state_of(row[2], row[3], clock.now()))


# ------------------------------------------------------------------------------------------------ dates of a series


def date_counts(event_id: int) -> tuple[int, int]:
    """How many dates a series has, and how many of them are over."""
    over = sa.func.coalesce(SubEvent.date_to, SubEvent.date_from, type_=SubEvent.date_from.type) < clock.now()
    row = db.session.execute(
        sa.select(sa.func.count(), sa.func.count(sa.case((over, 1)))).where(SubEvent.event_id == event_id)
    ).one()
    return row[0], row[1]


def date_page(event_id: int, *, limit: int, offset: int) -> list[DateRow]:
    """Some dates of a series, in their order."""
    now = clock.now()
    statement = (
        sa.select(SubEvent.id, SubEvent.name, SubEvent.date_from, SubEvent.date_to, SubEvent.active)
        .where(SubEvent.event_id == event_id)
        .order_by(SubEvent.date_from, SubEvent.id)
        .limit(limit)
        .offset(offset)
    )
    return [DateRow(*row, state_of(row.date_from, row.date_to, now)) for row in db.session.execute(statement)]
