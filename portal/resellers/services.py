"""What changes reseller accounts: their data, their members, and the organizers that they make."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from portal.accounts.queries import user_by_email
from portal.core import clock
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.core.sentences import Sentence
from portal.events.models import Organizer
from portal.events.organizers import create_organizer
from portal.exhibitors.schemas import is_email, is_locale
from portal.resellers.models import Reseller, reseller_members, reseller_organizers

#: What an account's own members may change.
CONTACT = ("public_name", "public_url", "support_email", "support_phone", "communication_language")
ALL_FIELDS = ("name", *CONTACT)
_LONGEST = {"name": 190, "public_name": 190, "public_url": 500, "support_email": 254, "support_phone": 100}

NAME_MISSING = Sentence("Enter a name.")
NAME_TAKEN = Sentence("There is a reseller with this name already.")
TOO_LONG = Sentence("This is too long.")
NO_ADDRESS = Sentence("Enter an address that begins with https://.")
NO_EMAIL = Sentence("This is no e-mail address.")
NO_LANGUAGE = Sentence("This is no language.")
NO_USER = Sentence("There is no user with this e-mail address.")


def create_reseller(*, actor: Actor, values: Mapping[str, str]) -> Reseller:
    """A new account, without members. Raises `InvalidInput` by field."""
    reseller = Reseller(**_checked(values, ALL_FIELDS))
    db.session.add(reseller)
    _flush_name()
    _record(actor, "reseller.created", reseller.id, {"name": reseller.name})
    return reseller


def change_reseller(
    *, actor: Actor, reseller: Reseller, values: Mapping[str, str], fields: tuple[str, ...] = CONTACT
) -> None:
    """Give an account other data: of ``fields`` those that ``values`` names. Raises `InvalidInput` by field."""
    given = _checked(values, tuple(field for field in fields if field in values))
    changed = {field: value for field, value in given.items() if getattr(reseller, field) != value}
    if not changed:
        return
    for field, value in changed.items():
        setattr(reseller, field, value)
    _flush_name()
    _record(actor, "reseller.changed", reseller.id, {"name": reseller.name, "changed": sorted(changed)})


def _flush_name() -> None:
    """The database settles who of two gets a name."""
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise InvalidInput({"name": [NAME_TAKEN]}) from None


def _checked(values: Mapping[str, str], fields: tuple[str, ...]) -> dict[str, str]:
    given = {field: str(values.get(field, "")).replace("\0", "").strip() for field in fields}
    errors = {field: [problem] for field, value in given.items() if (problem := _problem(field, value))}
    if errors:
        raise InvalidInput(errors)
    if "communication_language" in given:
        given["communication_language"] = given["communication_language"] or "en"
    return given


def _problem(field: str, value: str) -> str | None:
    if field == "name" and not value:
        return NAME_MISSING
    if len(value) > _LONGEST.get(field, 16):
        return NO_LANGUAGE if field == "communication_language" else TOO_LONG
    if not value:
        return None
    if field == "public_url" and not _is_address(value):
        return NO_ADDRESS
    if field == "support_email" and not is_email(value):
        return NO_EMAIL
    if field == "communication_language" and not is_locale(value):
        return NO_LANGUAGE
    return None


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(char.isspace() for char in value)


# ------------------------------------------------------------------------------------------------------- members


def add_member(*, actor: Actor, reseller: Reseller, email: str) -> None:
    """Let a user act for an account. Raises `InvalidInput` on ``email`` where there is no such user."""
    user = None if "\0" in email else user_by_email(email)
    if user is None:
        raise InvalidInput({"email": [NO_USER]})
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    row = {"reseller_id": reseller.id, "user_id": user.id}
    added = db.session.execute(
        dialect.insert(reseller_members).values(**row).on_conflict_do_nothing().returning(reseller_members.c.user_id)
    )
    if added.scalar_one_or_none() is not None:
        _touch(reseller)
        _record(actor, "reseller.member_added", reseller.id, {"name": reseller.name, "email": user.email})


def remove_member(*, actor: Actor, reseller: Reseller, user_id: int, email: str) -> None:
    """Let a user act for an account no longer. The organizers that they made for it stay as they are."""
    table = reseller_members
    gone = (
        table.delete().where(table.c.reseller_id == reseller.id, table.c.user_id == user_id).returning(table.c.user_id)
    )
    if db.session.execute(gone).scalar_one_or_none() is not None:
        _touch(reseller)
        _record(actor, "reseller.member_removed", reseller.id, {"name": reseller.name, "email": email})


def _touch(reseller: Reseller) -> None:
    reseller.modified = clock.now()
    db.session.flush()


# ------------------------------------------------------------------------------------------------------- clients


def create_client(*, actor: Actor, reseller_id: int, user_id: int, name: str, slug: str) -> Organizer:
    """A new organizer of an account, with a team of the user that may do everything in it.

    Raises `InvalidInput` on ``name`` and ``slug``.
    """
    organizer = create_organizer(actor=actor, name=name, slug=slug, members=[user_id])
    db.session.execute(sa.insert(reseller_organizers).values(reseller_id=reseller_id, organizer_id=organizer.id))
    _record(actor, "reseller.client_created", reseller_id, {"name": organizer.name}, organizer.id)
    return organizer


def _record(
    actor: Actor, action: str, reseller_id: int, data: dict[str, object], organizer_id: int | None = None
) -> None:
    record(
        actor=actor,
        action=action,
        organizer_id=organizer_id,
        object_kind="reseller",
        object_id=reseller_id,
        data=data,
    )
