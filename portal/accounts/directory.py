"""The users of the installation, for its administrators."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from portal.accounts.models import Session, Team, User, team_members
from portal.core import clock
from portal.core.database import db
from portal.core.text import matches

#: So many teams of a user are shown.
MOST_TEAMS = 100

_organizers = sa.table("organizers", sa.column("id"), sa.column("name"), sa.column("slug"))


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user in the list."""

    id: int
    email: str
    name: str
    is_admin: bool
    is_active: bool
    created: datetime
    teams: int
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class TeamOf:
    """A team of a user."""

    id: int
    name: str
    organizer: str
    organizer_slug: str


def user_count(query: str, *, admins: bool = False) -> int:
    """How many users have all words of ``query`` in their name or address."""
    return int(db.session.execute(_narrowed(sa.select(sa.func.count()), query, admins)).scalar_one())


def user_page(query: str, *, limit: int, offset: int = 0, admins: bool = False) -> list[UserRow]:
    """Some of them, by address."""
    statement = _narrowed(_ROWS, query, admins).order_by(sa.func.lower(User.email)).limit(limit).offset(offset)
    return [UserRow(*row) for row in db.session.execute(statement)]


def user_of(user_id: int) -> UserRow | None:
    """One user."""
    row = db.session.execute(_ROWS.where(User.id == user_id)).one_or_none()
    return None if row is None else UserRow(*row)


def teams_of(user_id: int) -> list[TeamOf]:
    """The teams of a user, by organizer."""
    statement = (
        sa.select(Team.id, Team.name, _organizers.c.name, _organizers.c.slug)
        .join(team_members, team_members.c.team_id == Team.id)
        .join(_organizers, _organizers.c.id == Team.organizer_id)
        .where(team_members.c.user_id == user_id)
        .order_by(sa.func.lower(_organizers.c.name), sa.func.lower(Team.name))
        .limit(MOST_TEAMS)
    )
    return [TeamOf(*row) for row in db.session.execute(statement)]


def _narrowed(statement: sa.Select, query: str, admins: bool) -> sa.Select:  # type: ignore[type-arg]
    narrowed = statement.select_from(User).where(*matches(query, User.email, User.name))
    return narrowed.where(User.is_admin) if admins else narrowed


_now: sa.BindParameter[datetime] = sa.bindparam("now", callable_=clock.now, type_=Session.expires.type)
_ROWS = sa.select(
    User.id,
    User.email,
    User.name,
    User.is_admin,
    User.is_active,
    User.created,
    sa.select(sa.func.count()).select_from(team_members).where(team_members.c.user_id == User.id).scalar_subquery(),
    sa.select(sa.func.max(Session.last_used))
    .where(Session.user_id == User.id, Session.expires > _now)
    .scalar_subquery(),
).select_from(User)
