"""Making an organizer, with the team that may do everything in it."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts.models import PERMISSIONS, Team, team_members
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.core.sentences import Sentence
from portal.events.models import Organizer
from portal.events.slugs import read_slug, taken

MAX_NAME = 200
FIRST_TEAM = "Administrators"

NAME_MISSING = Sentence("Enter a name.")
NAME_TOO_LONG = Sentence("A name has at most 200 characters.")


def create_organizer(*, actor: Actor, name: str, slug: str, members: Collection[int] = ()) -> Organizer:
    """A new organizer with a team that has all permissions; ``members`` are the ids of its users.

    Raises `InvalidInput` on ``name`` and ``slug``. The database settles who of two gets a slug, in any case.
    """
    errors: dict[str, list[str]] = {}
    name = name.replace("\0", "").strip()
    if not name or len(name) > MAX_NAME:
        errors["name"] = [NAME_TOO_LONG if name else NAME_MISSING]
    try:
        slug = read_slug(slug)
    except InvalidInput as error:
        errors |= error.fields
    if errors:
        raise InvalidInput(errors)
    organizer = _insert(name, slug)
    record(
        actor=actor,
        action="organizer.created",
        organizer_id=organizer.id,
        object_kind="organizer",
        object_id=organizer.id,
        data={"name": name, "slug": slug},
    )
    _first_team(actor, organizer, members)
    return organizer


def _insert(name: str, slug: str) -> Organizer:
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(Organizer).values(name=name, slug=slug).on_conflict_do_nothing().returning(Organizer.id)
    added = db.session.execute(statement).scalar_one_or_none()
    if added is None:
        raise taken()
    return db.session.get_one(Organizer, added)


def _first_team(actor: Actor, organizer: Organizer, members: Collection[int]) -> None:
    team = Team(organizer_id=organizer.id, name=FIRST_TEAM, all_events=True, **dict.fromkeys(PERMISSIONS, True))
    db.session.add(team)
    db.session.flush()
    users = sorted(set(members))
    if users:
        db.session.execute(sa.insert(team_members), [{"team_id": team.id, "user_id": user} for user in users])
    record(
        actor=actor,
        action="team.created",
        organizer_id=organizer.id,
        object_kind="team",
        object_id=team.id,
        data={"name": team.name, "all_events": True, "permissions": list(PERMISSIONS), "members": users},
    )
