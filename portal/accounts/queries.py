"""Reads about users and the browsers they are signed in with."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from portal.accounts.models import Session, Team, TeamToken, User
from portal.core import clock
from portal.core.codes import hash_token
from portal.core.database import db
from portal.core.statements import rows


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a password is checked against."""

    user_id: int
    password_hash: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that has not ended, with its user where it is a user's."""

    id: int
    access_code_id: int | None
    code_hash: str | None
    last_used: datetime
    user_id: int | None
    email: str
    name: str
    locale: str | None
    is_admin: bool


_CREDENTIALS = sa.select(User.id, User.password_hash, User.is_active).where(
    sa.func.lower(User.email) == sa.bindparam("email")
)

_SESSION = (
    sa.select(
        Session.id,
        Session.access_code_id,
        Session.data,
        Session.last_used,
        Session.user_id,
        User.email,
        User.name,
        User.locale,
        User.is_admin,
    )
    .select_from(Session)
    .outerjoin(User, User.id == Session.user_id)
    .where(
        Session.token_hash == sa.bindparam("token_hash"),
        Session.expires > sa.bindparam("now"),
        sa.or_(Session.user_id.is_(None), User.is_active),
    )
)


def credentials(email: str) -> Credentials | None:
    """The account of an e-mail address, in any case; None where there is none."""
    row = db.session.execute(_CREDENTIALS, {"email": email.strip().lower()}).one_or_none()
    return None if row is None else Credentials(row.id, row.password_hash, row.is_active)


def live_session(token: str) -> LiveSession | None:
    """The session of a browser's token; None once it has ended, or its user may no longer sign in."""
    found = rows(_SESSION, {"token_hash": hash_token(token), "now": clock.now()})
    if not found:
        return None
    id_, access_code_id, data, last_used, user_id, email, name, locale, is_admin = found[0]
    return LiveSession(
        id=id_,
        access_code_id=access_code_id,
        code_hash=data.get("code"),
        last_used=last_used,
        user_id=user_id,
        email=email or "",
        name=name or email or "",
        locale=locale,
        is_admin=bool(is_admin),
    )


def user_by_email(email: str) -> User | None:
    """The user of an e-mail address, in any case."""
    return db.session.scalars(sa.select(User).where(sa.func.lower(User.email) == email.strip().lower())).one_or_none()


# ------------------------------------------------------------------------------------------------- the own account


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """A user's account as its owner sees it."""

    id: int
    email: str
    name: str
    locale: str | None
    is_admin: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser that is signed in."""

    id: int
    created: datetime
    last_used: datetime
    address: str
    user_agent: str


def account(user_id: int) -> OwnAccount:
    """The account of a user who is signed in."""
    columns = (User.id, User.email, User.name, User.locale, User.is_admin, User.created)
    return OwnAccount(*db.session.execute(sa.select(*columns).where(User.id == user_id)).one())


def session_count(user_id: int) -> int:
    """How many browsers a user is signed in with."""
    counted = sa.select(sa.func.count()).select_from(Session)
    return db.session.execute(counted.where(Session.user_id == user_id, Session.expires > clock.now())).scalar_one()


def session_page(user_id: int, *, present: int, limit: int, offset: int = 0) -> list[OpenSession]:
    """Some of a user's browsers: ``present`` first, then those used last."""
    columns = (Session.id, Session.created, Session.last_used, Session.address, Session.user_agent)
    statement = (
        sa.select(*columns)
        .where(Session.user_id == user_id, Session.expires > clock.now())
        .order_by(Session.id != present, Session.last_used.desc(), Session.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [OpenSession(*row) for row in db.session.execute(statement)]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A team's token as an operator sees it."""

    id: int
    team_id: int
    team: str
    name: str
    active: bool
    last_used: datetime | None


def all_users(*, everybody: bool) -> Iterator[User]:
    """Who can sign in, or everybody there is, by e-mail address; read piece by piece."""
    statement = sa.select(User).order_by(User.email)
    if not everybody:
        statement = statement.where(User.is_active)
    yield from db.session.scalars(statement.execution_options(yield_per=500))


def tokens_of(organizer_id: int, *, everything: bool) -> list[TokenRow]:
    """The tokens of an organizer's teams, or only those that work, by team and name."""
    statement = (
        sa.select(TeamToken.id, Team.id, Team.name, TeamToken.name, TeamToken.active, TeamToken.last_used)
        .join(Team, Team.id == TeamToken.team_id)
        .where(Team.organizer_id == organizer_id)
        .order_by(Team.name, TeamToken.name, TeamToken.id)
    )
    if not everything:
        statement = statement.where(TeamToken.active)
    return [TokenRow(*row) for row in db.session.execute(statement)]
