"""What a mail to an account's address proves: another password for one who forgot it, another address.

The links are signed and name the account's state (address, password, whether it may sign in): the first use changes
that state, which makes the link, and every other one, void. Nothing about them is kept.
"""

import datetime as dt
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale, gettext
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.accounts import passwords, queries
from portal.accounts.models import User
from portal.accounts.services.users import check_password, locked_user, normal_address, store_password
from portal.core import clock, outbox
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db, reading
from portal.core.errors import InvalidInput, NotFound
from portal.core.mail import BadAddress, Mail, build, new_message_id, one_line, render, send
from portal.web.i18n import LOCALES
from portal.web.urls import url_under

RESET, CHANGE, CHANGED = "password_reset", "email_change", "email_changed"
RESET_LIFETIME = dt.timedelta(hours=1)
CHANGE_LIFETIME = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Account:
    """The account that a link is for."""

    user_id: int
    email: str
    new_email: str | None = None


_STATE = sa.select(User.id, User.email, User.password_hash, User.is_active, User.name, User.locale)


def _signer(kind: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["PORTAL"].secret_key, salt=kind)


def _state(user: Any) -> str:
    """A mark of what a use of a link changes; nobody can go back from it to the password's hash."""
    said = f"{user.id}\0{user.email}\0{user.password_hash}\0{user.is_active}"
    return sha256(said.encode()).hexdigest()[:32]


def _opened(kind: str, token: str, lifetime: dt.timedelta, *, lock: bool = False) -> tuple[Any, list[Any]] | None:
    """The user whose link this is, and what else it carries; None for one that is void."""
    try:
        user_id, state, *rest = _signer(kind).loads(token, max_age=int(lifetime.total_seconds()))
    except (BadSignature, ValueError, TypeError):
        return None
    statement = _STATE.where(User.id == user_id, User.is_active)
    row = db.session.execute(statement.with_for_update() if lock else statement).one_or_none()
    return (row, rest) if row is not None and _state(row) == state else None


def _void() -> NotFound:
    return NotFound("This link does not work any more: it was used, or it is too old. Ask for another one.")


# ----------------------------------------------------------------------------------------------- another password


def request_reset(*, email: str, base_url: str) -> None:
    """Ask for the mail. The same row is written whatever the address; the worker looks whether it is known."""
    outbox.put(RESET, {"email": email.strip().lower()[:254], "base_url": base_url})


def prepare_reset(job: outbox.Job) -> outbox.Work:
    """The mail with the link; None where nobody who may sign in has the address, or the request is too old."""
    if clock.now() - job.created > RESET_LIFETIME:
        return None
    row = db.session.execute(_STATE.where(sa.func.lower(User.email) == job.payload["email"])).one_or_none()
    if row is None or not row.is_active:
        return None
    token = _signer(RESET).dumps([row.id, _state(row)])
    link = url_under(job.payload["base_url"], "accounts.reset", token=token)
    with force_locale(_locale(row.locale)):
        return _mail(job, row.email, row.locale, "password_reset", gettext("Choose another password"), link=link)


def reset_account(token: str) -> Account | None:
    """Whose password a link sets; None for one that is void."""
    found = _opened(RESET, token, RESET_LIFETIME)
    return None if found is None else Account(found[0].id, found[0].email)


def reset_password(*, token: str, password: str) -> str:
    """Set the password by a link, once, and sign out everywhere; the account's address. Raises `NotFound`.

    Call it before the request writes: no transaction is open while the password is hashed.
    """
    with reading():
        known = reset_account(token)
    if known is None:
        raise _void()
    check_password(password)
    hashed = passwords.hash_password(password)
    if _opened(RESET, token, RESET_LIFETIME, lock=True) is None:
        raise _void()
    user = locked_user(known.user_id)
    actor = Actor("user", user.id, user.name or user.email, user.is_admin)
    store_password(actor=actor, user=user, hashed=hashed, action="user.password_reset")
    return user.email


# ------------------------------------------------------------------------------------------------ another address


def request_change(*, user_id: int, email: str, base_url: str) -> str:
    """Ask for a mail to a new address of one's own; the address. Whether it is somebody's already is not said."""
    address = normal_address(email)
    outbox.put(CHANGE, {"user": user_id, "email": address, "base_url": base_url})
    return address


def prepare_change(job: outbox.Job) -> outbox.Work:
    """The mail to the new address; None where it has an account already, or the account is gone."""
    row = db.session.execute(_STATE.where(User.id == job.payload["user"], User.is_active)).one_or_none()
    if row is None or queries.user_by_email(job.payload["email"]) is not None:
        return None
    token = _signer(CHANGE).dumps([row.id, _state(row), job.payload["email"]])
    link = url_under(job.payload["base_url"], "account.confirm_email", token=token)
    with force_locale(_locale(row.locale)):
        subject = gettext("Confirm your new e-mail address")
        return _mail(job, job.payload["email"], row.locale, "email_change", subject, link=link, old=row.email)


def change_account(token: str) -> Account | None:
    """Whose address a link changes, and into which; None for one that is void."""
    found = _opened(CHANGE, token, CHANGE_LIFETIME)
    return None if found is None else Account(found[0].id, found[0].email, found[1][0])


def confirm_change(*, actor: Actor, token: str) -> str:
    """Change the signed-in user's address by a link, and tell the old one; the new address.

    Raises `NotFound` for a link that is void or another account's, `InvalidInput` where the address is taken.
    """
    found = _opened(CHANGE, token, CHANGE_LIFETIME, lock=True)
    if found is None or found[0].id != actor.id:
        raise _void()
    user, address = locked_user(found[0].id), found[1][0]
    if queries.user_by_email(address) is not None:
        raise InvalidInput({"email": [gettext("This address cannot be used.")]})
    before, user.email = user.email, address
    db.session.flush()
    record(
        actor=actor,
        action="user.email_changed",
        object_kind="user",
        object_id=user.id,
        data={"email": [before, address]},
    )
    outbox.put(CHANGED, {"email": before, "locale": user.locale})
    return str(address)


def prepare_changed(job: outbox.Job) -> outbox.Work:
    """A word to the old address: whoever reads it knows if it was not them."""
    locale = job.payload["locale"]
    with force_locale(_locale(locale)):
        return _mail(job, job.payload["email"], locale, "email_changed", gettext("Your e-mail address was changed"))


def _locale(given: str | None) -> str:
    return given if given in LOCALES else "en"


def _mail(job: outbox.Job, to: str, locale: str | None, template: str, subject: str, **values: Any) -> outbox.Work:
    context = {"subject": subject, "locale": _locale(locale), "email": to, **values}
    mail = Mail(
        to=[to],
        subject=one_line(subject),
        text=render(f"email/{template}.txt", **context),
        html=render(f"email/{template}.html", **context),
        locale=_locale(locale),
        message_id=new_message_id(job.key),
    )
    try:
        return partial(send, build(mail))
    except BadAddress as error:
        raise outbox.Abandon(f"The address cannot be used: {error}.") from error
