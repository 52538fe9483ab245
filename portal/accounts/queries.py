"""Reads about users and the browsers they are signed in with."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from portal.accounts.models import Session, User
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
