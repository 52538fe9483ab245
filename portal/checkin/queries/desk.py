"""What the person at the gate sees beside a ticket: company, seat, and since when it is in, through which gate."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from portal.accounts.models import User
from portal.checkin.models import Device
from portal.core.statements import one_of_ids, run
from portal.seating.models import Seat
from portal.tickets.models import Checkin, OrderPosition


class Beside(NamedTuple):
    """Beside a ticket. ``entry`` is its first check-in on the list; ``gate`` who let it in, "" where nobody knows."""

    company: str
    seat: str
    entry: int | None
    entered: dt.datetime | None
    gate: str
    forced: bool


_BESIDE = (
    sa.select(
        OrderPosition.id,
        OrderPosition.company,
        Seat.zone_name,
        Seat.row_name,
        Seat.seat_number,
        Checkin.id,
        Checkin.datetime,
        Checkin.forced,
        Device.name,
        User.name,
        User.email,
    )
    .outerjoin(Seat, Seat.id == OrderPosition.seat_id)
    .outerjoin(
        Checkin,
        sa.and_(Checkin.position_id == OrderPosition.id, Checkin.list_id == sa.bindparam("list"), Checkin.first),
    )
    .outerjoin(Device, Device.id == Checkin.device_id)
    .outerjoin(User, User.id == Checkin.user_id)
    .where(one_of_ids(OrderPosition.id, "ids"))
)


def beside(ids: Sequence[int], list_id: int) -> dict[int, Beside]:
    """What stands beside tickets, by their ids; one query."""
    return {
        id_: Beside(
            company or "",
            " · ".join(part for part in (zone, row, number) if part),
            entry,
            entered,
            device or user or email or "",
            bool(forced),
        )
        for id_, company, zone, row, number, entry, entered, forced, device, user, email in run(
            _BESIDE, {"ids": ids, "list": list_id}
        )
    }
