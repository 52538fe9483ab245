"""Dumping the organizer's users, teams, resellers and applications."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import PERMISSIONS, Team, team_events, team_members
from portal.events.models import Event
from portal.exchange.dump.encoding import Entry, Table, put
from portal.exchange.load import kinds, resources
from portal.resellers.models import reseller_members, reseller_organizers

_USERS = Table(kinds.USER.table, resources.USER, kinds.USER.table.c.password_hash)
_TEAMS = Table(kinds.TEAM.table, resources.TEAM, *(kinds.TEAM.table.c[name] for name in PERMISSIONS))
_TOKENS = Table(
    kinds.TEAM_TOKEN.table,
    resources.TEAM_TOKEN,
    kinds.TEAM_TOKEN.table.c.team_id,
    kinds.TEAM_TOKEN.table.c.token_hash,
)
_RESELLERS = Table(kinds.RESELLER.table, resources.RESELLER)
_APPLICATIONS = Table(
    kinds.OAUTH_APPLICATION.table,
    resources.OAUTH_APPLICATION,
    *(kinds.OAUTH_APPLICATION.table.c[name] for name in ("owner_id", "client_id", "client_secret_hash")),
)


class People:
    """The people of one organizer: its teams' members, the resellers that they work for, and their applications."""

    def __init__(self, connection: sa.Connection, organizer_id: int) -> None:
        self._connection = connection
        self._organizer_id = organizer_id
        self._team_members = self._pairs(
            sa.select(team_members.c.team_id, team_members.c.user_id)
            .join(Team, Team.id == team_members.c.team_id)
            .where(Team.organizer_id == organizer_id)
        )
        crew = {user for users in self._team_members.values() for user in users}
        self._creators = set(
            connection.scalars(
                sa.select(reseller_organizers.c.reseller_id).where(reseller_organizers.c.organizer_id == organizer_id)
            )
        )
        everyone = self._pairs(sa.select(reseller_members.c.reseller_id, reseller_members.c.user_id))
        self._resellers = self._creators | {pk for pk, users in everyone.items() if crew & users}
        self._reseller_members = {pk: everyone.get(pk, set()) for pk in self._resellers}
        self._users = crew.union(*self._reseller_members.values())
        emails = sa.select(kinds.USER.table.c.id, kinds.USER.table.c.email).where(
            kinds.USER.table.c.id.in_(self._users)
        )
        self._emails: dict[int, str] = {row.id: row.email for row in connection.execute(emails)}

    def _pairs(self, statement: sa.Select[Any]) -> dict[int, set[int]]:
        pairs: dict[int, set[int]] = defaultdict(set)
        for left, right in self._connection.execute(statement):
            pairs[left].add(right)
        return pairs

    def _addresses(self, users: Iterable[int]) -> list[str]:
        return sorted(self._emails[user] for user in users)

    def users(self) -> list[Entry]:
        """Users with their password's hash."""
        found = _USERS.read(self._connection, _USERS.table.c.id.in_(self._users))
        return [put(entry, password_hash=hashed) for _, entry, (hashed,) in found]

    def teams(self) -> list[Entry]:
        """Teams with permissions, members, events and hashed tokens."""
        connection, teams = self._connection, _TEAMS.table
        own = sa.select(teams.c.id).where(teams.c.organizer_id == self._organizer_id)
        events: dict[int, list[str]] = defaultdict(list)
        for team_id, slug in connection.execute(
            sa.select(team_events.c.team_id, Event.slug)
            .join(Event, Event.id == team_events.c.event_id)
            .where(team_events.c.team_id.in_(own))
            .order_by(Event.slug)
        ):
            events[team_id].append(slug)
        tokens: dict[int, list[Entry]] = defaultdict(list)
        for _, entry, (team_id, hashed) in _TOKENS.read(connection, _TOKENS.table.c.team_id.in_(own)):
            tokens[team_id].append(put(entry, token_hash=hashed))
        return [
            put(
                entry,
                limit_events=events[pk],
                permissions=[name for name, granted in zip(PERMISSIONS, flags, strict=True) if granted],
                members=self._addresses(self._team_members.get(pk, ())),
                tokens=tokens[pk],
            )
            for pk, entry, flags in _TEAMS.read(connection, teams.c.organizer_id == self._organizer_id)
        ]

    def resellers(self) -> list[Entry]:
        """Resellers that created the organizer, or that somebody of its teams works for."""
        return [
            put(
                entry,
                members=self._addresses(self._reseller_members[pk]),
                created_organizer=True if pk in self._creators else None,
            )
            for pk, entry, _ in _RESELLERS.read(self._connection, _RESELLERS.table.c.id.in_(self._resellers))
        ]

    def applications(self) -> list[Entry]:
        """The users' applications with their hashed secrets."""
        found = _APPLICATIONS.read(self._connection, _APPLICATIONS.table.c.owner_id.in_(self._users))
        return [
            put(entry, owner=self._emails[owner], client_id=client_id, client_secret_hash=hashed)
            for _, entry, (owner, client_id, hashed) in found
        ]
