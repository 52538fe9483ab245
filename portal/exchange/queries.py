"""Reads that the commands need."""

import sqlalchemy as sa

from portal.core.database import db
from portal.events.models import Organizer


def has_organizers() -> bool:
    """Whether there is any organizer."""
    return db.session.scalar(sa.select(Organizer.id).limit(1)) is not None


def organizer_id(slug: str) -> int | None:
    """The organizer with a slug, whatever its case."""
    return db.session.scalar(sa.select(Organizer.id).where(sa.func.lower(Organizer.slug) == slug.lower()))
