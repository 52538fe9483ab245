"""Reads about reseller accounts, their members and the organizers that they made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Team, User, team_members
from portal.core.actors import ResellerScope, SignIn
from portal.core.database import db
from portal.core.text import search_text
from portal.events.models import Event, Organizer
from portal.resellers.models import Reseller, reseller_members, reseller_organizers

#: The fields of the contract, in its order.
FIELDS = ("id", "name", "public_name", "public_url", "support_email", "support_phone", "communication_language")
#: So many members of an account are shown.
MOST_MEMBERS = 200

_COLUMNS = tuple(getattr(Reseller, name) for name in FIELDS)


def _members(user_id: int) -> sa.ColumnElement[bool]:
    return sa.exists().where(reseller_members.c.reseller_id == Reseller.id, reseller_members.c.user_id == user_id)


# --------------------------------------------------------------------------------------------------- for programs


def last_change() -> datetime | None:
    """When any account, or who belongs to it, last changed: who left one must notice too. Accounts are few."""
    return db.session.scalar(sa.select(sa.func.max(Reseller.modified)))


def count_of(user_id: int) -> int:
    """How many accounts a user belongs to."""
    statement = sa.select(sa.func.count()).where(reseller_members.c.user_id == user_id)
    return db.session.scalar(statement) or 0


def page_of(user_id: int, *, limit: int, offset: int) -> list[dict[str, Any]]:
    """Some of a user's accounts, as the contract shows them."""
    statement = sa.select(*_COLUMNS).where(_members(user_id)).order_by(Reseller.id).limit(limit).offset(offset)
    return [dict(zip(FIELDS, row, strict=True)) for row in db.session.execute(statement)]


def one_of(user_id: int, reseller_id: int) -> dict[str, Any] | None:
    """One of a user's accounts, as the contract shows it; None where it does not exist for them."""
    statement = sa.select(*_COLUMNS).where(Reseller.id == reseller_id, _members(user_id))
    row = db.session.execute(statement).one_or_none()
    return None if row is None else dict(zip(FIELDS, row, strict=True))


# ----------------------------------------------------------------------------------------------------- for pages


@dataclass(frozen=True, slots=True)
class ResellerRow:
    """An account in a list."""

    id: int
    name: str
    public_name: str
    support_email: str
    members: int
    clients: int


@dataclass(frozen=True, slots=True)
class ClientRow:
    """An organizer that an account made, with its events."""

    id: int
    slug: str
    name: str
    events: int
    live: int
    newest: datetime | None


def reseller_scope(sign_in: SignIn, reseller_id: int) -> ResellerScope | None:
    """An account as a signed-in user may see it: as a member or an admin."""
    if sign_in.user_id is None:
        return None
    statement = sa.select(Reseller.id, Reseller.name).where(Reseller.id == reseller_id)
    if not sign_in.is_admin:
        statement = statement.where(_members(sign_in.user_id))
    row = db.session.execute(statement).one_or_none()
    return None if row is None else ResellerScope(sign_in.actor, sign_in.user_id, row.id, row.name)


def belongs_to_one(sign_in: SignIn) -> bool:
    """Whether a user is a member of any account."""
    if sign_in.user_id is None:
        return False
    statement = sa.select(sa.literal(1)).where(reseller_members.c.user_id == sign_in.user_id).limit(1)
    return db.session.scalar(statement) is not None


def reseller(reseller_id: int) -> Reseller | None:
    """An account."""
    return db.session.get(Reseller, reseller_id)


def accounts(*, user_id: int | None, words: str, limit: int | None = None, offset: int = 0) -> list[ResellerRow]:
    """Accounts by name, of a user or all, with how many members and clients each has."""
    members = sa.select(sa.func.count()).where(reseller_members.c.reseller_id == Reseller.id).scalar_subquery()
    clients = sa.select(sa.func.count()).where(reseller_organizers.c.reseller_id == Reseller.id).scalar_subquery()
    statement = (
        sa.select(Reseller.id, Reseller.name, Reseller.public_name, Reseller.support_email, members, clients)
        .where(*_wanted(user_id, words))
        .order_by(sa.func.lower(Reseller.name), Reseller.id)
        .limit(limit)
        .offset(offset)
    )
    return [ResellerRow(*row) for row in db.session.execute(statement)]


def account_count(*, user_id: int | None, words: str) -> int:
    """How many accounts `accounts` has."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Reseller).where(*_wanted(user_id, words))) or 0


def _wanted(user_id: int | None, words: str) -> list[sa.ColumnElement[bool]]:
    found = [] if user_id is None else [_members(user_id)]
    if words:
        found.append(
            sa.or_(
                Reseller.name.icontains(words, autoescape=True), Reseller.public_name.icontains(words, autoescape=True)
            )
        )
    return found


def members(reseller_id: int) -> Sequence[sa.Row[int, str, str]]:
    """The members of an account: id, name and e-mail."""
    statement = (
        sa.select(User.id, User.name, User.email)
        .join(reseller_members, reseller_members.c.user_id == User.id)
        .where(reseller_members.c.reseller_id == reseller_id)
        .order_by(sa.func.lower(User.email))
        .limit(MOST_MEMBERS)
    )
    return db.session.execute(statement).all()


def client_ids(reseller_id: int, words: str) -> list[int]:
    """The organizers that an account made, by name; ``words`` are looked for in names and slugs, without accents."""
    statement = (
        sa.select(Organizer.id, Organizer.name, Organizer.slug)
        .join(reseller_organizers, reseller_organizers.c.organizer_id == Organizer.id)
        .where(reseller_organizers.c.reseller_id == reseller_id)
        .order_by(sa.func.lower(Organizer.name), Organizer.id)
    )
    wanted = search_text(words).split()
    return [
        organizer_id
        for organizer_id, name, slug in db.session.execute(statement)
        if all(word in search_text(name, slug) for word in wanted)
    ]


def clients(ids: Sequence[int], now: datetime) -> list[ClientRow]:
    """Organizers with the number of their events, of those that are live and not over, and the newest one's start."""
    running = sa.and_(Event.live, sa.func.coalesce(Event.date_to, Event.date_from, type_=Event.date_from.type) >= now)
    figures = (
        sa.select(
            Event.organizer_id,
            sa.func.count().label("events"),
            sa.func.sum(sa.case((running, 1), else_=0)).label("live"),
            sa.func.max(Event.date_from).label("newest"),
        )
        .where(Event.organizer_id.in_(ids))
        .group_by(Event.organizer_id)
        .subquery()
    )
    statement = (
        sa.select(
            Organizer.id,
            Organizer.slug,
            Organizer.name,
            sa.func.coalesce(figures.c.events, 0),
            sa.func.coalesce(figures.c.live, 0),
            figures.c.newest,
        )
        .outerjoin(figures, figures.c.organizer_id == Organizer.id)
        .where(Organizer.id.in_(ids))
        .order_by(sa.func.lower(Organizer.name), Organizer.id)
    )
    return [ClientRow(*row) for row in db.session.execute(statement)]


def own_organizers(user_id: int, ids: Sequence[int]) -> frozenset[int]:
    """Those of some organizers whose pages a user may open: a member of one of their teams."""
    statement = (
        sa.select(Team.organizer_id)
        .join(team_members, team_members.c.team_id == Team.id)
        .where(team_members.c.user_id == user_id, Team.organizer_id.in_(ids))
        .distinct()
    )
    return frozenset(db.session.scalars(statement))
