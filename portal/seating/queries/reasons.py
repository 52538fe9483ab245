"""Why seats are blocked, as far as somebody said so."""

from collections.abc import Sequence

import sqlalchemy as sa

from portal.core.models import AuditEntry
from portal.core.statements import one_of_ids, rows
from portal.seating.models import SeatChange
from portal.seating.queries import SEATS

_s = SEATS.c
_log: sa.Table = AuditEntry.metadata.tables["audit_log"]
_last = SeatChange.metadata.tables["seat_changes"].alias("last")

_MADE_BLOCKED = sa.select(
    _s.id,
    sa.select(_last.c.made_by)
    .where(_last.c.seat_id == _s.id)
    .order_by(_last.c.audit_id.desc())
    .limit(1)
    .correlate(SEATS)
    .scalar_subquery(),
).where(one_of_ids(_s.id, "seats"), _s.blocked)
_REASONS = sa.select(_log.c.id, _log.c.data["reason"]).where(one_of_ids(_log.c.id, "changes"))


def reasons(seat_ids: Sequence[int]) -> dict[int, str]:
    """The reasons of those seats that are blocked; two statements, none where there is no seat."""
    if not seat_ids:
        return {}
    made_by = {seat: change for seat, change in rows(_MADE_BLOCKED, {"seats": seat_ids}) if change is not None}
    if not made_by:
        return {}
    given = {change: reason for change, reason in rows(_REASONS, {"changes": list(set(made_by.values()))})}
    return {seat: given[change] for seat, change in made_by.items() if given.get(change)}
