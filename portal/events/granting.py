"""The organizers that a user may let an application into."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from portal.accounts.models import Team, team_members
from portal.core.actors import SignIn
from portal.core.database import db
from portal.events.models import Organizer

#: So many can be chosen from.
MOST = 200


@dataclass(frozen=True, slots=True)
class OrganizerChoice:
    """An organizer to choose."""

    id: int
    slug: str
    name: str


_COLUMNS = (Organizer.id, Organizer.slug, Organizer.name)


def grantable(sign_in: SignIn) -> list[OrganizerChoice]:
    """The organizers of a user's teams, by name; for an admin their own first, and then all others."""
    own = sa.exists().where(
        Team.organizer_id == Organizer.id,
        team_members.c.team_id == Team.id,
        team_members.c.user_id == sign_in.user_id,
    )
    statement = sa.select(*_COLUMNS).order_by(sa.desc(own), sa.func.lower(Organizer.name), Organizer.id).limit(MOST)
    if not sign_in.is_admin:
        statement = statement.where(own)
    return [OrganizerChoice(*row) for row in db.session.execute(statement)]


def organizer_names(ids: Collection[int]) -> dict[int, str]:
    """The names of organizers by their ids."""
    rows = db.session.execute(sa.select(Organizer.id, Organizer.name).where(Organizer.id.in_(ids)))
    return {organizer_id: name for organizer_id, name in rows}
