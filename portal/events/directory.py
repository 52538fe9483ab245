"""The organizers of the installation, for its administrators."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal.accounts.models import Team
from portal.core.database import db
from portal.core.text import matches
from portal.events.models import Event, Organizer


@dataclass(frozen=True, slots=True)
class OrganizerRow:
    """An organizer in the list."""

    slug: str
    name: str
    email: str | None
    events: int
    teams: int


def organizer_count(query: str) -> int:
    """How many organizers have all words of ``query`` in their name or slug."""
    found = sa.select(sa.func.count()).select_from(Organizer).where(*matches(query, Organizer.name, Organizer.slug))
    return db.session.execute(found).scalar_one()


def organizer_page(query: str, *, limit: int, offset: int = 0) -> list[OrganizerRow]:
    """Some of them, by name."""
    events = sa.select(sa.func.count()).select_from(Event).where(Event.organizer_id == Organizer.id)
    teams = sa.select(sa.func.count()).select_from(Team).where(Team.organizer_id == Organizer.id)
    statement = (
        sa.select(Organizer.slug, Organizer.name, Organizer.email, events.scalar_subquery(), teams.scalar_subquery())
        .where(*matches(query, Organizer.name, Organizer.slug))
        .order_by(sa.func.lower(Organizer.name), Organizer.id)
        .limit(limit)
        .offset(offset)
    )
    return [OrganizerRow(*row) for row in db.session.execute(statement)]
