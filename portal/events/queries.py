"""Reads about events: what a caller may see of one, in a single indexed query."""

from datetime import datetime
from itertools import compress
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import PERMISSIONS, Team, TeamToken, team_events, team_members
from portal.core.actors import Actor, EventScope, SignIn
from portal.core.codes import hash_token
from portal.core.statements import rows as read_rows
from portal.events.models import Event, Organizer

_EVENT_COLUMNS = (
    Organizer.id.label("organizer_id"),
    Organizer.slug.label("organizer_slug"),
    Organizer.name.label("organizer_name"),
    Event.id.label("event_id"),
    Event.slug.label("event_slug"),
    Event.name.label("event_name"),
    Event.locale,
    Event.timezone,
    Event.currency,
    Event.has_subevents,
)
_EVENT_ID = 3
_PERMISSION_COLUMNS = tuple(getattr(Team, name) for name in PERMISSIONS)
_ALL = frozenset(PERMISSIONS)

_in_team = sa.or_(
    Team.all_events,
    sa.exists().where(team_events.c.team_id == Team.id, team_events.c.event_id == Event.id),
)

_TOKEN_SCOPE = (
    sa.select(TeamToken.id, TeamToken.name, TeamToken.last_used, *_EVENT_COLUMNS, *_PERMISSION_COLUMNS)
    .select_from(TeamToken)
    .join(Team, Team.id == TeamToken.team_id)
    .outerjoin(
        Organizer,
        sa.and_(Organizer.id == Team.organizer_id, sa.func.lower(Organizer.slug) == sa.bindparam("organizer")),
    )
    .outerjoin(
        Event,
        sa.and_(Event.organizer_id == Organizer.id, sa.func.lower(Event.slug) == sa.bindparam("event"), _in_team),
    )
    .where(TeamToken.token_hash == sa.bindparam("token_hash"), TeamToken.active)
)

_USER_SCOPE = (
    sa.select(*_EVENT_COLUMNS, *_PERMISSION_COLUMNS)
    .select_from(Organizer)
    .join(Event, Event.organizer_id == Organizer.id)
    .join(Team, sa.and_(Team.organizer_id == Organizer.id, _in_team))
    .join(team_members, team_members.c.team_id == Team.id)
    .where(
        team_members.c.user_id == sa.bindparam("user_id"),
        sa.func.lower(Organizer.slug) == sa.bindparam("organizer"),
        sa.func.lower(Event.slug) == sa.bindparam("event"),
    )
)

_ADMIN_SCOPE = (
    sa.select(*_EVENT_COLUMNS)
    .select_from(Organizer)
    .join(Event, Event.organizer_id == Organizer.id)
    .where(
        sa.func.lower(Organizer.slug) == sa.bindparam("organizer"),
        sa.func.lower(Event.slug) == sa.bindparam("event"),
    )
)


def token_scope(token: str, organizer: str, event: str) -> tuple[Actor, EventScope | None, datetime | None] | None:
    """A team token's actor, its scope in an event, and when it was last used; None for one unknown or revoked."""
    found = read_rows(
        _TOKEN_SCOPE,
        {"token_hash": hash_token(token), "organizer": organizer.lower(), "event": event.lower()},
    )
    if not found:
        return None
    token_id, name, last_used, *place = found[0]
    actor = Actor("token", token_id, name)
    if place[_EVENT_ID] is None:
        return actor, None, last_used
    granted = frozenset(compress(PERMISSIONS, place[len(_EVENT_COLUMNS) :]))
    scope: list[Any] = [actor, *place[: len(_EVENT_COLUMNS)], granted]
    return actor, EventScope(*scope), last_used


def user_scope(sign_in: SignIn, organizer: str, event: str) -> EventScope | None:
    """What a signed-in user may do in an event by all teams together; everything for an admin."""
    where = {"organizer": organizer.lower(), "event": event.lower()}
    if sign_in.is_admin:
        found = read_rows(_ADMIN_SCOPE, where)
    else:
        found = read_rows(_USER_SCOPE, where | {"user_id": sign_in.user_id})
    if not found:
        return None
    place = found[0][: len(_EVENT_COLUMNS)]
    granted = (compress(PERMISSIONS, row[len(_EVENT_COLUMNS) :]) for row in found)
    scope: list[Any] = [sign_in.actor, *place, _ALL if sign_in.is_admin else frozenset().union(*granted)]
    return EventScope(*scope)
