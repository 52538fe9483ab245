"""Where in a scope seats are, and what people call them."""

from collections.abc import Sequence

import sqlalchemy as sa

from portal.core.actors import EventScope
from portal.core.errors import NotFound
from portal.core.statements import one_of_ids, run
from portal.seating.queries import SEATS, Place, has_subevent

_LABELS = sa.select(SEATS.c.id, SEATS.c.zone_name, SEATS.c.row_name, SEATS.c.seat_number).where(
    one_of_ids(SEATS.c.id, "seats")
)


def place_of(scope: EventScope, subevent_id: int | None) -> Place:
    """The event or its subevent. `NotFound` where a series is asked without a date, or with another's."""
    if scope.has_subevents != (subevent_id is not None):
        raise NotFound("Seats of a series belong to one of its dates.")
    if subevent_id is not None and not has_subevent(scope.event_id, subevent_id):
        raise NotFound("This date does not exist, or it belongs to another event.")
    return Place(scope.event_id, subevent_id)


def label(zone: str, row: str, number: str) -> str:
    """A seat as a person writes it, and as a list of seats may name it: ``Balcony/3/12``."""
    return "/".join(part for part in (zone, row, number) if part)


def labels(seat_ids: Sequence[int]) -> dict[int, str]:
    """What seats are called; those that are no more are left out."""
    if not seat_ids:
        return {}
    return {id_: label(*names) for id_, *names in run(_LABELS, {"seats": list(seat_ids)})}
