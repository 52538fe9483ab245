"""What changes users: who they are, their passwords, and whether they may sign in."""

from email_validator import EmailNotValidError, validate_email

from portal.accounts import passwords, queries
from portal.accounts.models import User
from portal.accounts.services.sessions import end_sessions
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db
from portal.core.errors import InvalidInput


def check_password(password: str) -> None:
    """Refuse what is too short or too long for a password."""
    if len(password) < passwords.MIN_LENGTH:
        raise InvalidInput({"password": [f"A password needs at least {passwords.MIN_LENGTH} characters."]})
    if len(password) > passwords.MAX_LENGTH:
        raise InvalidInput({"password": [f"A password has at most {passwords.MAX_LENGTH} characters."]})


def normal_address(email: str) -> str:
    """An e-mail address in its one spelling; a house's own domains (``portal.local``) are fine."""
    try:
        found = validate_email(email.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise InvalidInput({"email": ["This is no e-mail address."]}) from None
    if len(found.normalized) > 254:
        raise InvalidInput({"email": ["This e-mail address is too long."]})
    return found.normalized.lower()


def create_user(
    *,
    actor: Actor,
    email: str,
    password: str | None = None,
    name: str = "",
    is_admin: bool = False,
    locale: str | None = None,
) -> User:
    """A new user. Without a password nobody can sign in as them until one is set."""
    address = normal_address(email)
    if password is not None:
        check_password(password)
    if queries.user_by_email(address) is not None:
        raise InvalidInput({"email": ["There is a user with this e-mail address already."]})
    user = User(
        email=address,
        name=name.strip()[:200],
        password_hash=None if password is None else passwords.hash_password(password),
        is_admin=is_admin,
        locale=locale,
    )
    db.session.add(user)
    db.session.flush()
    record(
        actor=actor,
        action="user.created",
        object_kind="user",
        object_id=user.id,
        data={"email": user.email, "name": user.name, "is_admin": is_admin},
    )
    return user


def set_password(*, actor: Actor, user: User, password: str) -> None:
    """Give a user another password; every browser they are signed in with has to sign in again."""
    check_password(password)
    user.password_hash = passwords.hash_password(password)
    db.session.flush()
    end_sessions(actor=actor, user=user)
    record(actor=actor, action="user.password_changed", object_kind="user", object_id=user.id)


def set_active(*, actor: Actor, user: User, active: bool) -> None:
    """Let a user sign in, or no longer; their sessions end at once and do not come back."""
    user.is_active = active
    db.session.flush()
    if not active:
        end_sessions(actor=actor, user=user)
    record(
        actor=actor,
        action="user.activated" if active else "user.deactivated",
        object_kind="user",
        object_id=user.id,
    )
