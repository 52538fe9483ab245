"""How many exhibitors there are, for organizers' pages."""

from collections.abc import Sequence

import sqlalchemy as sa

from portal.core.database import db
from portal.exhibitors.models import Exhibitor


def exhibitors_by_event(event_ids: Sequence[int]) -> dict[int, int]:
    """Exhibitors of several events; one query."""
    statement = (
        sa.select(Exhibitor.event_id, sa.func.count())
        .where(Exhibitor.event_id.in_(event_ids))
        .group_by(Exhibitor.event_id)
    )
    return {event_id: count for event_id, count in db.session.execute(statement)}
