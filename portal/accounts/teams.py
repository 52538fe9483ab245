"""Reads about teams: what a person may grant at an organizer, and the teams as pages show them."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import (
    PERMISSIONS,
    Team,
    TeamInvitation,
    TeamToken,
    User,
    team_events,
    team_members,
)
from portal.core import clock
from portal.core.actors import Actor
from portal.core.database import db

#: Permissions that hold for an organizer, whatever the events of the team.
FOR_ORGANIZERS = frozenset(("can_change_organizer_settings", "can_change_teams", "can_create_events"))
#: Seeing an event at all: what each member of a team may.
MEMBERSHIP = "membership"

MANAGES = "can_change_teams"
_PERMISSION_COLUMNS = tuple(getattr(Team, name) for name in PERMISSIONS)
#: What belongs to events stands above accounts: of its table a team needs this much.
_events = sa.table("events", sa.column("id"), sa.column("organizer_id"))


@dataclass(frozen=True, slots=True)
class TeamValues:
    """What a team is set to. ``events`` do not count for a team of all events."""

    name: str
    permissions: frozenset[str]
    all_events: bool
    events: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody's teams at an organizer allow: each permission for these events, or for all of them (None)."""

    everything: bool = False
    held: Mapping[str, frozenset[int] | None] = field(default_factory=dict)

    def may(self, permission: str) -> bool:
        """Whether they have it for any event."""
        return self.everything or permission in self.held

    def lacking(self, values: TeamValues) -> list[str]:
        """The permissions of a team that they have not got themselves, or not for all of its events."""
        if self.everything:
            return []
        return [name for name in (*PERMISSIONS, MEMBERSHIP) if self._lacks(name, values)]

    def _lacks(self, name: str, values: TeamValues) -> bool:
        if name != MEMBERSHIP and name not in values.permissions:
            return False
        if name == MEMBERSHIP and not values.all_events and not values.events:
            return False
        if name not in self.held:
            return True
        events = self.held[name]
        if name in FOR_ORGANIZERS or events is None:
            return False
        return values.all_events or not values.events <= events


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team in a list."""

    id: int
    values: TeamValues
    members: int
    tokens: int
    invitations: int


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a team."""

    id: int
    email: str
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that waits to be accepted."""

    id: int
    email: str
    invited_by: str
    created: dt.datetime
    expires: dt.datetime
    expired: bool


@dataclass(frozen=True, slots=True)
class Token:
    """A team's token, as far as it can be shown again."""

    id: int
    name: str
    created: dt.datetime
    last_used: dt.datetime | None


def rights_of(actor: Actor, organizer_id: int) -> Rights:
    """What an actor may grant at an organizer: everything for the system and administrators."""
    if actor.kind == "system":
        return Rights(everything=True)
    if actor.kind != "user":
        return Rights()
    person = db.session.execute(sa.select(User.is_admin, User.is_active).where(User.id == actor.id)).one_or_none()
    if person is None or not person.is_active:
        return Rights()
    if person.is_admin:
        return Rights(everything=True)
    rows = db.session.execute(
        sa.select(Team.id, Team.all_events, *_PERMISSION_COLUMNS)
        .join(team_members, team_members.c.team_id == Team.id)
        .where(team_members.c.user_id == actor.id, Team.organizer_id == organizer_id)
    ).all()
    listed = events_of([row.id for row in rows if not row.all_events])
    held: dict[str, frozenset[int] | None] = {}
    for row in rows:
        events = None if row.all_events else listed[row.id]
        for name in (MEMBERSHIP, *(name for name in PERMISSIONS if getattr(row, name))):
            before = held.get(name, frozenset())
            held[name] = None if before is None or events is None else before | events
    return Rights(held=held)


def events_of(team_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """The events of teams that hold for some."""
    found: dict[int, set[int]] = {team_id: set() for team_id in team_ids}
    if found:
        rows = db.session.execute(sa.select(team_events).where(team_events.c.team_id.in_(found)))
        for team_id, event_id in rows:
            found[team_id].add(event_id)
    return {team_id: frozenset(events) for team_id, events in found.items()}


def known_events(organizer_id: int, ids: Collection[int]) -> frozenset[int]:
    """Which of ``ids`` are events of the organizer."""
    statement = sa.select(_events.c.id).where(_events.c.organizer_id == organizer_id, _events.c.id.in_(ids))
    return frozenset(db.session.scalars(statement)) if ids else frozenset()


def values_of(row: Any, events: Mapping[int, frozenset[int]]) -> TeamValues:
    """The values of a team's row."""
    return TeamValues(
        name=row.name,
        permissions=frozenset(name for name in PERMISSIONS if getattr(row, name)),
        all_events=row.all_events,
        events=events.get(row.id, frozenset()),
    )


def _count(table: Any, *conditions: Any) -> Any:
    return sa.select(sa.func.count()).select_from(table).where(*conditions).correlate(Team).scalar_subquery()


def team_count(organizer_id: int) -> int:
    """How many teams an organizer has."""
    statement = sa.select(sa.func.count()).select_from(Team).where(Team.organizer_id == organizer_id)
    return db.session.execute(statement).scalar_one()


def team_page(organizer_id: int, *, limit: int, offset: int = 0) -> list[TeamRow]:
    """Some teams of an organizer by their names, with what they hold."""
    return _team_rows(Team.organizer_id == organizer_id, limit=limit, offset=offset)


def team_of(organizer_id: int, team_id: int) -> TeamRow | None:
    """One team of an organizer."""
    return next(iter(_team_rows(Team.organizer_id == organizer_id, Team.id == team_id, limit=1)), None)


def _team_rows(*conditions: sa.ColumnElement[bool], limit: int, offset: int = 0) -> list[TeamRow]:
    statement = (
        sa.select(
            Team.id,
            Team.name,
            Team.all_events,
            *_PERMISSION_COLUMNS,
            _count(team_members, team_members.c.team_id == Team.id).label("members"),
            _count(TeamToken, TeamToken.team_id == Team.id, TeamToken.active).label("tokens"),
            _count(TeamInvitation, TeamInvitation.team_id == Team.id).label("invitations"),
        )
        .where(*conditions)
        .order_by(sa.func.lower(Team.name), Team.id)
        .limit(limit)
        .offset(offset)
    )
    rows = db.session.execute(statement).all()
    events = events_of([row.id for row in rows if not row.all_events])
    return [TeamRow(row.id, values_of(row, events), row.members, row.tokens, row.invitations) for row in rows]


def member_page(team_id: int, *, limit: int, offset: int = 0) -> list[Member]:
    """Some members of a team, by name."""
    statement = (
        sa.select(User.id, User.email, User.name, User.is_active)
        .join(team_members, team_members.c.user_id == User.id)
        .where(team_members.c.team_id == team_id)
        .order_by(sa.func.lower(User.name), User.id)
        .limit(limit)
        .offset(offset)
    )
    return [Member(*row) for row in db.session.execute(statement)]


def member_of(team_id: int, user_id: int) -> Member | None:
    """One member of a team."""
    statement = (
        sa.select(User.id, User.email, User.name, User.is_active)
        .join(team_members, team_members.c.user_id == User.id)
        .where(team_members.c.team_id == team_id, User.id == user_id)
    )
    row = db.session.execute(statement).one_or_none()
    return None if row is None else Member(*row)


def invitations_of(team_id: int, *, limit: int) -> list[Invitation]:
    """A team's invitations, the newest first."""
    now = clock.now()
    statement = (
        sa.select(
            TeamInvitation.id,
            TeamInvitation.email,
            TeamInvitation.invited_by,
            TeamInvitation.created,
            TeamInvitation.expires,
        )
        .where(TeamInvitation.team_id == team_id)
        .order_by(TeamInvitation.id.desc())
        .limit(limit)
    )
    return [Invitation(*row, expired=row.expires <= now) for row in db.session.execute(statement)]


def tokens_of(team_id: int, *, limit: int) -> list[Token]:
    """A team's tokens that have not been revoked, the newest first."""
    statement = (
        sa.select(TeamToken.id, TeamToken.name, TeamToken.created, TeamToken.last_used)
        .where(TeamToken.team_id == team_id, TeamToken.active)
        .order_by(TeamToken.id.desc())
        .limit(limit)
    )
    return [Token(*row) for row in db.session.execute(statement)]


def people_of(organizer_id: int, *, limit: int) -> Sequence[tuple[int, str]]:
    """Members of any team of an organizer, by name: whom its log can be narrowed down to."""
    label = sa.func.coalesce(sa.func.nullif(User.name, ""), User.email)
    statement = (
        sa.select(User.id, label)
        .where(
            sa.exists()
            .where(team_members.c.user_id == User.id, team_members.c.team_id == Team.id)
            .where(Team.organizer_id == organizer_id)
        )
        .order_by(sa.func.lower(label), User.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in db.session.execute(statement)]
