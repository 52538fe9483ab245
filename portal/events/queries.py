"""Reads about events: what a caller may see of one, in a single indexed query."""

from datetime import datetime
from itertools import compress
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal.accounts.models import PERMISSIONS, OAuthApplication, Team, TeamToken, User, team_events, team_members
from portal.accounts.oauth.models import OAuthGrant, OAuthToken, oauth_grant_organizers
from portal.core import clock
from portal.core.actors import Actor, ApplicationScope, EventScope, OrganizerScope, SignIn
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

_APPLICATION_COLUMNS = (
    OAuthGrant.id.label("grant_id"),
    OAuthGrant.all_organizers,
    OAuthGrant.last_used,
    OAuthToken.scopes,
    User.id.label("user_id"),
    sa.func.coalesce(sa.func.nullif(User.name, ""), User.email).label("user_name"),
    User.is_admin,
    OAuthApplication.id.label("application_id"),
    OAuthApplication.name.label("application_name"),
)
_BEARER = (
    sa.select(*_APPLICATION_COLUMNS)
    .select_from(OAuthToken)
    .join(OAuthGrant, OAuthGrant.id == OAuthToken.grant_id)
    .join(User, User.id == OAuthGrant.user_id)
    .join(OAuthApplication, OAuthApplication.id == OAuthGrant.application_id)
    .where(
        OAuthToken.token_hash == sa.bindparam("token_hash"),
        OAuthToken.kind == "access",
        OAuthToken.expires > sa.bindparam("now"),
        User.is_active,
        OAuthApplication.active,
    )
)
_HOLDER = len(_APPLICATION_COLUMNS)
_TEAM = _HOLDER + len(_EVENT_COLUMNS) + 1
_named = sa.exists().where(
    oauth_grant_organizers.c.grant_id == OAuthGrant.id, oauth_grant_organizers.c.organizer_id == Organizer.id
)
_BEARER_SCOPE = (
    _BEARER.add_columns(*_EVENT_COLUMNS, _named.label("named"), Team.id.label("team_id"), *_PERMISSION_COLUMNS)
    .outerjoin(
        Organizer,
        sa.and_(sa.func.lower(Organizer.slug) == sa.bindparam("organizer"), sa.or_(OAuthGrant.all_organizers, _named)),
    )
    .outerjoin(Event, sa.and_(Event.organizer_id == Organizer.id, sa.func.lower(Event.slug) == sa.bindparam("event")))
    .outerjoin(
        Team,
        sa.and_(
            Team.organizer_id == Organizer.id,
            _in_team,
            sa.exists().where(team_members.c.team_id == Team.id, team_members.c.user_id == User.id),
        ),
    )
)


_ORGANIZER = sa.select(Organizer.id, Organizer.slug, Organizer.name).where(
    sa.func.lower(Organizer.slug) == sa.bindparam("organizer")
)
_MEMBER = (
    sa.select(Organizer.id, Organizer.slug, Organizer.name, *_PERMISSION_COLUMNS)
    .select_from(Organizer)
    .join(Team, Team.organizer_id == Organizer.id)
    .join(team_members, team_members.c.team_id == Team.id)
    .where(
        team_members.c.user_id == sa.bindparam("user_id"), sa.func.lower(Organizer.slug) == sa.bindparam("organizer")
    )
)


def _scope(row: Any, actor: Actor, permissions: frozenset[str]) -> EventScope:
    scope: list[Any] = [actor, *(getattr(row, column.key) for column in _EVENT_COLUMNS), permissions]
    return EventScope(*scope)


def _granted(row: Any) -> frozenset[str]:
    return frozenset(name for name in PERMISSIONS if getattr(row, name))


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


class _Holder(NamedTuple):
    """The row of an access token: `_APPLICATION_COLUMNS`."""

    grant_id: int
    all_organizers: bool
    last_used: datetime | None
    scopes: str
    user_id: int
    user_name: str
    is_admin: bool
    application_id: int
    application_name: str

    def scope(self) -> ApplicationScope:
        """Who acts, and within what."""
        label = f"{self.user_name} ({self.application_name})"
        actor = Actor("application", self.application_id, label, bool(self.is_admin))
        scopes = frozenset(self.scopes.split())
        return ApplicationScope(actor, self.grant_id, self.user_id, scopes, bool(self.all_organizers))


def application_scope(token: str) -> tuple[ApplicationScope, datetime | None] | None:
    """Who acts with an access token, and when their grant was last used; None for one that is not valid."""
    found = read_rows(_BEARER, {"token_hash": hash_token(token), "now": clock.now()})
    if not found:
        return None
    holder = _Holder(*found[0])
    return holder.scope(), holder.last_used


def bearer_scope(
    token: str, organizer: str, event: str
) -> tuple[ApplicationScope, EventScope | None, datetime | None] | None:
    """`application_scope`, with the scope in an event: what its user's teams allow where the user granted it.

    An admin's token has an admin's permissions only at organizers that the admin named when granting.
    """
    where = {"organizer": organizer.lower(), "event": event.lower()}
    rows = read_rows(_BEARER_SCOPE, where | {"token_hash": hash_token(token), "now": clock.now()})
    if not rows:
        return None
    holder = _Holder(*rows[0][:_HOLDER])
    application = holder.scope()
    place = rows[0][_HOLDER:_TEAM]
    named = place[len(_EVENT_COLUMNS)]
    teams = [row[_TEAM + 1 :] for row in rows if row[_TEAM] is not None]
    granted: frozenset[str] | None = None
    if place[_EVENT_ID] is not None:
        if holder.is_admin and named:
            granted = _ALL
        elif teams:
            granted = frozenset(name for team in teams for name in compress(PERMISSIONS, team))
    if granted is None:
        return application, None, holder.last_used
    scope: list[Any] = [application.actor, *place[: len(_EVENT_COLUMNS)], granted]
    return application, EventScope(*scope), holder.last_used


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


def organizer_scope(sign_in: SignIn, organizer: str) -> OrganizerScope | None:
    """What a signed-in user may do at an organizer by all teams together; everything for an admin, None for others."""
    where: dict[str, Any] = {"organizer": organizer.lower()}
    if sign_in.is_admin:
        found = read_rows(_ORGANIZER, where)
        granted = _ALL
    else:
        found = read_rows(_MEMBER, where | {"user_id": sign_in.user_id})
        granted = frozenset[str]().union(*(compress(PERMISSIONS, row[3:]) for row in found))
    if not found:
        return None
    id_, slug, name = found[0][:3]
    return OrganizerScope(sign_in.actor, id_, slug, name, granted)


_ACCENT = sa.select(Event.settings["accent"].as_string()).where(Event.id == sa.bindparam("event"))


def accent(event_id: int) -> str | None:
    """The colour that an event has set, as it set it."""
    found = read_rows(_ACCENT, {"event": event_id})
    return found[0][0] if found else None
