"""Changes of seats: blocking and unblocking, one or many, each in the audit log."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal.core import audit, clock
from portal.core.actors import Actor
from portal.core.errors import InvalidInput, NotFound
from portal.core.statements import one_of_ids, one_of_texts, run
from portal.seating.queries import SEATS, Place, Selection, in_place

MOST_AT_ONCE = 10_000
#: How many unknown seats an error names.
_NAMED = 20

_s = SEATS.c
_blocked: sa.BindParameter[bool] = sa.bindparam("new_blocked", type_=sa.Boolean())
_values = {"blocked": _blocked, "modified": sa.bindparam("new_modified", type_=_s.modified.type)}

_CHANGE_ONE = {
    series: sa.update(SEATS)
    .where(*in_place(series), _s.id == sa.bindparam("seat"), _s.blocked != _blocked)
    .values(_values)
    for series in (False, True)
}
_LOCK_IDS = {
    series: sa.select(_s.id, _s.id, _s.blocked)
    .where(*in_place(series), one_of_ids(_s.id, "seats"))
    .order_by(_s.id)
    .with_for_update()
    for series in (False, True)
}
_LOCK_GUIDS = {
    series: sa.select(_s.seat_guid, _s.id, _s.blocked)
    .where(*in_place(series), one_of_texts(_s.seat_guid, "seats"))
    .order_by(_s.id)
    .with_for_update()
    for series in (False, True)
}
_CHANGE_MANY = sa.update(SEATS).where(one_of_ids(_s.id, "seats")).values(_values)


def set_blocked(*, actor: Actor, organizer_id: int, place: Place, seat_id: int, blocked: bool) -> dict[str, Any]:
    """Block or free a seat; the seat as it is then. One that is so already stays untouched."""
    selection = Selection(place)
    changed = run(
        _CHANGE_ONE[selection.kind.series],
        selection.parameters | {"seat": seat_id, "new_blocked": blocked, "new_modified": clock.now()},
    ).rowcount
    seat = selection.one(seat_id)
    if seat is None:
        raise NotFound("No Seat matches the given query.")
    if changed:
        _record(actor, organizer_id, place, blocked, [seat_id], [])
    return seat


def bulk_set_blocked(
    *,
    actor: Actor,
    organizer_id: int,
    place: Place,
    blocked: bool,
    ids: Sequence[int] | None = None,
    guids: Sequence[str] | None = None,
) -> list[int]:
    """Block or free seats named by ids or by guids, all or none; the ids of those that changed.

    Raises `InvalidInput` that names seats which are not of this place. Locks rows in the order of their ids, so that
    two calls on the same seats wait for each other and never deadlock.
    """
    name, given = ("ids", ids) if guids is None else ("seat_guids", guids)
    wanted = list(dict.fromkeys(given or ()))
    selection = Selection(place)
    lock = (_LOCK_IDS if guids is None else _LOCK_GUIDS)[selection.kind.series]
    rows = run(lock, selection.parameters | {"seats": wanted}).all()
    if len(rows) < len(wanted):
        known = {row[0] for row in rows}
        unknown = [seat for seat in wanted if seat not in known]
        raise InvalidInput({name: [f"Seat {str(seat)[:190]} does not exist." for seat in unknown[:_NAMED]]})
    changed = [row[1] for row in rows if row[2] is not blocked]
    if changed:
        run(_CHANGE_MANY, {"seats": changed, "new_blocked": blocked, "new_modified": clock.now()})
        _record(actor, organizer_id, place, blocked, changed, [row[1] for row in rows if row[2] is blocked])
    return changed


def _record(
    actor: Actor, organizer_id: int, place: Place, blocked: bool, changed: list[int], unchanged: list[int]
) -> None:
    """``ids`` are the seats that changed, ``unchanged`` those named as well that were so already."""
    data: dict[str, Any] = {"ids": changed, "subevent": place.subevent_id}
    if unchanged:
        data["unchanged"] = unchanged
    audit.record(
        actor=actor,
        action="seat.blocked" if blocked else "seat.unblocked",
        organizer_id=organizer_id,
        event_id=place.event_id,
        object_kind="seat",
        object_id=changed[0] if len(changed) == 1 else None,
        data=data,
    )
