"""What an organizer is called, and where answers to its mails go."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext

from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.core.mail import BadAddress, address
from portal.events.models import Organizer
from portal.events.organizers import MAX_NAME


@dataclass(frozen=True, slots=True)
class OrganizerFacts:
    """An organizer as its settings show it."""

    slug: str
    name: str
    email: str | None


def organizer_facts(organizer_id: int) -> OrganizerFacts:
    """What an organizer is set to."""
    columns = sa.select(Organizer.slug, Organizer.name, Organizer.email)
    return OrganizerFacts(*db.session.execute(columns.where(Organizer.id == organizer_id)).one())


def change_organizer(*, actor: Actor, organizer_id: int, name: str, email: str) -> None:
    """Set the name, and the address that answers to mails go to (empty for none). Raises `InvalidInput`."""
    given = _checked(name, email)
    row = db.session.scalars(
        sa.select(Organizer)
        .where(Organizer.id == organizer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("This organizer does not exist any more.")
    changed = {key: [getattr(row, key), value] for key, value in given.items() if getattr(row, key) != value}
    if not changed:
        return
    for key, value in given.items():
        setattr(row, key, value)
    db.session.flush()
    record(
        actor=actor,
        action="organizer.changed",
        organizer_id=organizer_id,
        object_kind="organizer",
        object_id=organizer_id,
        data={"changed": changed},
    )


def _checked(name: str, email: str) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    name, email = " ".join(name.replace("\0", "").split()), email.strip()
    if not name or len(name) > MAX_NAME:
        errors["name"] = [gettext("Enter a name of at most %(count)s characters.", count=MAX_NAME)]
    if email:
        try:
            address(email)
        except BadAddress:
            errors["email"] = [gettext("This is not an e-mail address. It looks like name@example.org.")]
    if errors:
        raise InvalidInput(errors)
    return {"name": name, "email": email or None}
