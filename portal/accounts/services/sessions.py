"""Signing in and out: passwords that are right, and the browsers that are signed in."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from portal.accounts import passwords, queries
from portal.accounts.models import Session, User
from portal.core import clock
from portal.core.actors import Actor, ExhibitorScope, SignIn
from portal.core.audit import record
from portal.core.codes import hash_token, make_token
from portal.core.database import db, reading, side_write
from portal.core.errors import DomainError

#: A user's session ends when it has not been used for so long.
USER_IDLE = dt.timedelta(days=14)
#: A code's session ends so long after the sign-in: a fair with its setting up and its aftermath.
CODE_LIFETIME = dt.timedelta(days=30)
#: “Last used” is written at most this often.
STAMP_EVERY = dt.timedelta(minutes=5)


class SignInRefused(DomainError):
    """Whatever was wrong with the e-mail, the password or the code: the answer is the same."""

    status = 422
    code = "sign_in_refused"


@dataclass(frozen=True, slots=True)
class Verified:
    """A user whose password was right a moment ago."""

    user_id: int
    password_hash: str
    new_hash: str | None


@dataclass(frozen=True, slots=True)
class Client:
    """The browser that signs in."""

    address: str = ""
    user_agent: str = ""


def authenticate(*, email: str, password: str) -> Verified | None:
    """The user of an e-mail address and a password; None for whatever is wrong, after the same time.

    Call it before the request writes: no transaction is open while the password is hashed.
    """
    with reading():
        found = queries.credentials(email)
    right = passwords.verify(found.password_hash if found else None, password)
    if found is None or found.password_hash is None or not right or not found.is_active:
        return None
    outdated = passwords.is_outdated(found.password_hash)
    return Verified(found.user_id, found.password_hash, passwords.hash_password(password) if outdated else None)


def start_session(*, verified: Verified, client: Client, replaces: int | None = None) -> SignIn:
    """Sign a browser in as a user whose password was just verified.

    Raises `SignInRefused` where the password has changed, or the user was deactivated, in between.
    """
    user = db.session.scalars(
        sa.select(User)
        .where(User.id == verified.user_id, User.password_hash == verified.password_hash, User.is_active)
        .with_for_update()
    ).one_or_none()
    if user is None:
        raise SignInRefused("This e-mail address and password do not belong together.")
    if verified.new_hash is not None:
        user.password_hash = verified.new_hash
    name = user.name or user.email
    actor = Actor("user", user.id, name, user.is_admin)
    row, token = _add_session(client, replaces, user_id=user.id, expires=clock.now() + USER_IDLE)
    record(
        actor=actor, action="user.signed_in", object_kind="user", object_id=user.id, data={"address": client.address}
    )
    return SignIn(
        token=token,
        session_id=row.id,
        actor=actor,
        name=name,
        locale=user.locale,
        user_id=user.id,
        is_admin=user.is_admin,
    )


def start_code_session(*, scope: ExhibitorScope, lookup: str, client: Client, replaces: int | None = None) -> SignIn:
    """Sign a browser in with an access code, whose row the caller has locked. ``lookup`` is the code itself.

    The session remembers a hash of it: another code in the same row ends the session.
    """
    row, token = _add_session(
        client,
        replaces,
        access_code_id=scope.access_code_id,
        expires=clock.now() + CODE_LIFETIME,
        data={"code": hash_token(lookup)},
    )
    record(
        actor=scope.actor,
        action="exhibitor.signed_in",
        organizer_id=scope.organizer_id,
        event_id=scope.event_id,
        object_kind="exhibitor",
        object_id=scope.exhibitor_id,
        data={"address": client.address, "kind": scope.code_kind},
    )
    return SignIn(
        token=token,
        session_id=row.id,
        actor=scope.actor,
        name=scope.exhibitor_name,
        locale=scope.locale,
        exhibitor=scope,
    )


def _add_session(client: Client, replaces: int | None, **values: Any) -> tuple[Session, str]:
    """A new row under a new token; the browser's previous one ends, and those that have expired are swept away."""
    expired = sa.select(Session.id).where(Session.expires <= clock.now()).limit(100).with_for_update(skip_locked=True)
    db.session.execute(sa.delete(Session).where(Session.id.in_(expired)))
    if replaces is not None:
        db.session.execute(sa.delete(Session).where(Session.id == replaces))
    token = make_token()
    row = Session(
        token_hash=hash_token(token), address=client.address[:64], user_agent=client.user_agent[:255], **values
    )
    db.session.add(row)
    db.session.flush()
    return row, token


def renew_session(*, sign_in: SignIn) -> SignIn:
    """Give a signed-in browser another token: whoever copied the one before is out."""
    token = make_token()
    db.session.execute(sa.update(Session).where(Session.id == sign_in.session_id).values(token_hash=hash_token(token)))
    return replace(sign_in, token=token)


def end_session(*, sign_in: SignIn) -> None:
    """Sign one browser out."""
    db.session.execute(sa.delete(Session).where(Session.id == sign_in.session_id))
    scope = sign_in.exhibitor
    record(
        actor=sign_in.actor,
        action=f"{sign_in.actor.kind}.signed_out",
        organizer_id=scope.organizer_id if scope else None,
        event_id=scope.event_id if scope else None,
        object_kind="exhibitor" if scope else "user",
        object_id=scope.exhibitor_id if scope else sign_in.user_id,
    )


def end_sessions(*, actor: Actor, user: User, keep: int | None = None) -> int:
    """Sign a user out everywhere (but in the session ``keep``); how many browsers that were."""
    statement = sa.delete(Session).where(Session.user_id == user.id)
    if keep is not None:
        statement = statement.where(Session.id != keep)
    ended = db.session.execute(statement.returning(Session.id)).all()
    if ended:
        record(
            actor=actor,
            action="user.sessions_ended",
            object_kind="user",
            object_id=user.id,
            data={"count": len(ended)},
        )
    return len(ended)


def end_one_session(*, actor: Actor, user_id: int, session_id: int) -> bool:
    """Sign one of a user's browsers out; whether it was still signed in."""
    statement = sa.delete(Session).where(Session.id == session_id, Session.user_id == user_id).returning(Session.id)
    if db.session.execute(statement).first() is None:
        return False
    record(actor=actor, action="user.sessions_ended", object_kind="user", object_id=user_id, data={"count": 1})
    return True


def stamp_session(session_id: int, *, slide: bool) -> None:
    """Write that a session is in use, and let a user's live on. In a transaction of its own."""
    now = clock.now()
    values: dict[str, Any] = {"last_used": now}
    if slide:
        values["expires"] = now + USER_IDLE
    with side_write() as connection:
        connection.execute(sa.update(Session).where(Session.id == session_id).values(values))
