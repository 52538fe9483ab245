"""What changes users: who they are, their passwords, whether they may sign in, and who administers the installation."""

from collections.abc import Sequence

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext

from portal.accounts import passwords, queries
from portal.accounts.models import Team, User, team_members
from portal.accounts.services.sessions import end_sessions
from portal.accounts.services.teams import LAST_MANAGER, lock_organizers, managers
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput, NotFound

MAX_NAME = 200


def check_password(password: str, field: str = "password") -> None:
    """Refuse what is too short or too long for a password."""
    if len(password) < passwords.MIN_LENGTH:
        few = gettext("A password needs at least %(count)s characters.", count=passwords.MIN_LENGTH)
        raise InvalidInput({field: [few]})
    if len(password) > passwords.MAX_LENGTH:
        many = gettext("A password has at most %(count)s characters.", count=passwords.MAX_LENGTH)
        raise InvalidInput({field: [many]})


def normal_address(email: str, field: str = "email") -> str:
    """An e-mail address in its one spelling; a house's own domains (``portal.local``) are fine."""
    try:
        found = validate_email(email.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise InvalidInput({field: [gettext("This is no e-mail address.")]}) from None
    if len(found.normalized) > 254:
        raise InvalidInput({field: [gettext("This e-mail address is too long.")]})
    return found.normalized.lower()


def normal_name(name: str, *, required: bool = True) -> str:
    """How somebody is called, in one line."""
    given = " ".join(name.replace("\0", "").split())
    if required and not given:
        raise InvalidInput({"name": [gettext("Enter your name: others see it beside what you do.")]})
    if len(given) > MAX_NAME:
        raise InvalidInput({"name": [gettext("A name has at most %(count)s characters.", count=MAX_NAME)]})
    return given


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
    hashed = None if password is None else passwords.hash_password(password)
    name = name.strip()[:MAX_NAME]
    return add_user(actor=actor, address=address, hashed=hashed, name=name, is_admin=is_admin, locale=locale)


def add_user(
    *,
    actor: Actor | None,
    address: str,
    hashed: str | None,
    name: str,
    is_admin: bool = False,
    locale: str | None = None,
) -> User:
    """A new user whose password is hashed already; without an actor it is their own doing. Raises `InvalidInput`."""
    if queries.user_by_email(address) is not None:
        raise InvalidInput({"email": [gettext("There is a user with this e-mail address already.")]})
    user = User(email=address, name=name, password_hash=hashed, is_admin=is_admin, locale=locale)
    db.session.add(user)
    db.session.flush()
    record(
        actor=actor or Actor("user", user.id, name or address),
        action="user.created",
        object_kind="user",
        object_id=user.id,
        data={"email": user.email, "name": user.name, "is_admin": is_admin},
    )
    return user


def set_password(*, actor: Actor, user: User, password: str) -> None:
    """Give a user another password; every browser they are signed in with has to sign in again."""
    check_password(password)
    store_password(actor=actor, user=user, hashed=passwords.hash_password(password))


def store_password(
    *, actor: Actor, user: User, hashed: str, keep: int | None = None, action: str = "user.password_changed"
) -> None:
    """The same with a password that is hashed already; the session ``keep`` goes on."""
    user.password_hash = hashed
    db.session.flush()
    end_sessions(actor=actor, user=user, keep=keep)
    record(actor=actor, action=action, object_kind="user", object_id=user.id)


def locked_user(user_id: int) -> User:
    """A user whose row is ours until the commit, as it is now. Raises `NotFound`."""
    user = db.session.scalars(
        sa.select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if user is None:
        raise NotFound("This user does not exist any more.")
    return user


def change_profile(*, actor: Actor, user_id: int, name: str, locale: str | None) -> None:
    """Set how a user is called and the language of their pages and mails."""
    user = locked_user(user_id)
    before = {"name": user.name, "locale": user.locale}
    after = {"name": normal_name(name), "locale": locale}
    changed = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    if not changed:
        return
    user.name, user.locale = normal_name(name), locale
    db.session.flush()
    record(actor=actor, action="user.changed", object_kind="user", object_id=user_id, data={"changed": changed})


def set_active(*, actor: Actor, user: User, active: bool) -> None:
    """Let a user sign in, or no longer; their sessions end at once and do not come back.

    Raises `Conflict` for the last person who may change an organizer's teams, and for the last administrator.
    """
    others = _other_admins(user.id)
    user = locked_user(user.id)
    if user.is_active == active:
        return
    if user.is_admin and not active and not others:
        raise Conflict("This is the last administrator. Make somebody else one first.", code="last_admin")
    organizers = _organizers_of(user.id) if not active else []
    lock_organizers(organizers)
    before = managers(organizers)
    user.is_active = active
    db.session.flush()
    after = managers(organizers)
    if any(before[each] and not after[each] for each in organizers):
        raise Conflict(
            "This is the last person who may change the teams of an organizer. Let somebody else do that first.",
            code=LAST_MANAGER,
        )
    if not active:
        end_sessions(actor=actor, user=user)
    record(
        actor=actor,
        action="user.activated" if active else "user.deactivated",
        object_kind="user",
        object_id=user.id,
        data={"email": user.email},
    )


def set_admin(*, actor: Actor, user_id: int, is_admin: bool) -> None:
    """Let a user administer the installation, or no longer. Raises `Conflict` for the last who can."""
    others = _other_admins(user_id)
    user = locked_user(user_id)
    if user.is_admin == is_admin:
        return
    if not is_admin and not others:
        raise Conflict("This is the last administrator. Make somebody else one first.", code="last_admin")
    user.is_admin = is_admin
    db.session.flush()
    action = "user.made_admin" if is_admin else "user.no_admin"
    record(actor=actor, action=action, object_kind="user", object_id=user_id, data={"email": user.email})


def _organizers_of(user_id: int) -> Sequence[int]:
    """The organizers in whose teams a user is, whatever those may do."""
    statement = (
        sa.select(Team.organizer_id)
        .distinct()
        .join(team_members, team_members.c.team_id == Team.id)
        .where(team_members.c.user_id == user_id)
        .order_by(Team.organizer_id)
    )
    return list(db.session.scalars(statement))


def _other_admins(user_id: int) -> int:
    """How many other administrators may sign in. They are locked, so that of two who go at once one is the last.

    The user is locked with them, in one order for everybody: two who end each other do not wait for each other.
    """
    admins = sa.or_(sa.and_(User.is_admin, User.is_active), User.id == user_id)
    rows = db.session.execute(sa.select(User.id, User.is_admin).where(admins).order_by(User.id).with_for_update())
    return len([row for row in rows if row.id != user_id])
