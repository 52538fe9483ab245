"""How many seats are free, sold or held, as figures for organizers."""

from collections import Counter

import sqlalchemy as sa
from flask_babel import gettext

from portal.core import clock
from portal.core.actors import EventScope
from portal.core.statements import run
from portal.seating.queries import SEATS
from portal.seating.queries.states import state_column
from portal.web.organizer import Board, DateColumn, Split


def _statement() -> sa.Select[int | None, str, int]:
    """Seats of an event by subevent and state."""
    state = state_column().label("state")
    return (
        sa.select(SEATS.c.subevent_id, state, sa.func.count())
        .where(SEATS.c.event_id == sa.bindparam("event", type_=sa.BigInteger()))
        .group_by(SEATS.c.subevent_id, state)
    )


_SEATS = _statement()


def seats_by_date(event_id: int) -> dict[int | None, Counter[str]]:
    """Seats by subevent (None where there is no series) and `STATES`; one query."""
    found: dict[int | None, Counter[str]] = {}
    for subevent_id, state, count in run(_SEATS, {"event": event_id, "now": clock.now()}):
        found.setdefault(subevent_id, Counter())[state] = count
    return found


def board(scope: EventScope) -> Board | None:
    """One bar of all seats; nothing for an event without any."""
    by_date = seats_by_date(scope.event_id)
    if not by_date:
        return None
    seats = sum(by_date.values(), Counter[str]())
    parts = [
        (gettext("Sold"), seats["sold"], "accent"),
        (gettext("In a cart"), seats["cart"], "waiting"),
        (gettext("For a voucher"), seats["voucher"], "note"),
        (gettext("Blocked"), seats["blocked"], "slate"),
        (gettext("Free"), seats["free"], "free"),
    ]
    free = {date: (counts["free"], counts.total()) for date, counts in by_date.items() if date is not None}
    return Board(pictures=[Split(gettext("Seats"), parts)], dates=[DateColumn(gettext("Free seats"), free)])
