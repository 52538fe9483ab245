"""Blocking and freeing seats, one or many: each change is in the audit log, with what it did to each seat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.errors import InvalidInput, NotFound
from portal.core.locks import hold
from portal.core.sentences import Sentence
from portal.core.statements import one_of_ids, one_of_texts, run
from portal.seating.models import SeatChange
from portal.seating.queries import SEATS, Place, Selection, in_place

#: What a request of the API may name, and what a person may choose on the map: a whole hall.
MOST_AT_ONCE, MOST_CHOSEN = 10_000, 100_000
#: What a reason may be long.
REASON = 300
#: How many unknown seats an error names.
_NAMED = 20

_s = SEATS.c
SEAT_CHANGES: sa.Table = SeatChange.metadata.tables["seat_changes"]
_blocked: sa.BindParameter[bool] = sa.bindparam("new_blocked", type_=sa.Boolean())
_values = {"blocked": _blocked, "modified": sa.bindparam("new_modified", type_=_s.modified.type)}

_CHANGE_ONE = {
    series: sa.update(SEATS)
    .where(*in_place(series), _s.id == sa.bindparam("seat"), _s.blocked != _blocked)
    .values(_values)
    for series in (False, True)
}
_FIND_IDS = {
    series: sa.select(_s.id, _s.id).where(*in_place(series), one_of_ids(_s.id, "seats")).order_by(_s.id)
    for series in (False, True)
}
_FIND_GUIDS = {
    series: sa.select(_s.seat_guid, _s.id).where(*in_place(series), one_of_texts(_s.seat_guid, "seats")).order_by(_s.id)
    for series in (False, True)
}
_CHANGE_MANY = (
    sa.update(SEATS).where(one_of_ids(_s.id, "seats"), _s.blocked != _blocked).values(_values).returning(_s.id)
)


def _note(made_by: Any) -> sa.Insert:
    """What the change ``audit`` did to seats, for all at once."""
    change = sa.bindparam("audit", type_=_changes.audit_id.type)
    rows = sa.select(change, _s.id, sa.not_(_blocked), _blocked, made_by).where(one_of_ids(_s.id, "seats"))
    return SEAT_CHANGES.insert().from_select(["audit_id", "seat_id", "before", "after", "made_by"], rows)


_changes = SEAT_CHANGES.c
_NOTE = _note(sa.bindparam("audit", type_=_changes.audit_id.type))
_earlier = SEAT_CHANGES.alias("earlier")
_NOTE_UNDONE = _note(
    sa.select(_earlier.c.made_by)
    .where(_earlier.c.seat_id == _s.id, _earlier.c.audit_id < sa.bindparam("undoes", type_=_changes.audit_id.type))
    .order_by(_earlier.c.audit_id.desc())
    .limit(1)
    .correlate(SEATS)
    .scalar_subquery()
)


def hold_seats(event_id: int) -> None:
    """Be the only one who changes many seats of an event, until the transaction ends.

    Two that lock the same rows in different orders would wait for each other for ever.
    """
    hold("seats", event_id)


@dataclass(frozen=True, slots=True)
class Change:
    """What a change did. ``id`` is its entry's in the audit log; there is none where nothing changed."""

    id: int | None
    blocked: bool
    changed: list[int]
    unchanged: list[int]


def change_seats(
    *,
    actor: Actor,
    scope: EventScope,
    subevent_id: int | None,
    seat_ids: Sequence[int],
    blocked: bool,
    reason: str = "",
) -> Change:
    """Block or free seats of an event or of one of its subevents, all or none; see `bulk_set_blocked`."""
    if scope.has_subevents != (subevent_id is not None):
        raise NotFound("Seats of a series belong to one of its dates.")
    if not seat_ids:
        raise InvalidInput({"ids": [Sentence("Choose at least one seat.")]})
    if len(set(seat_ids)) > MOST_CHOSEN:
        raise InvalidInput(
            {"ids": [Sentence("At most %(most)s seats can be changed at once.", most=f"{MOST_CHOSEN:,}")]}
        )
    reason = " ".join(reason.split())
    if len(reason) > REASON or "\x00" in reason:
        raise InvalidInput({"reason": [Sentence("At most %(most)s characters are allowed.", most=REASON)]})
    return _change_many(
        actor, scope.organizer_id, Place(scope.event_id, subevent_id), blocked, ids=seat_ids, reason=reason
    )


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

    Raises `InvalidInput` that names seats which are not of this place. Two calls for an event wait for each other.
    """
    return _change_many(actor, organizer_id, place, blocked, ids=ids, guids=guids).changed


def _change_many(
    actor: Actor,
    organizer_id: int,
    place: Place,
    blocked: bool,
    *,
    ids: Sequence[int] | None = None,
    guids: Sequence[str] | None = None,
    reason: str = "",
) -> Change:
    name, given = ("ids", ids) if guids is None else ("seat_guids", guids)
    wanted = list(dict.fromkeys(given or ()))
    selection = Selection(place)
    find = (_FIND_IDS if guids is None else _FIND_GUIDS)[selection.kind.series]
    hold_seats(place.event_id)
    rows = run(find, selection.parameters | {"seats": wanted}).all()
    if len(rows) < len(wanted):
        known = {row[0] for row in rows}
        unknown = [seat for seat in wanted if seat not in known]
        raise InvalidInput(
            {name: [Sentence("Seat %(seat)s does not exist.", seat=str(seat)[:190]) for seat in unknown[:_NAMED]]}
        )
    return write(actor, organizer_id, place, blocked, [row[1] for row in rows], reason=reason)


def write(
    actor: Actor,
    organizer_id: int,
    place: Place,
    blocked: bool,
    seats: list[int],
    *,
    reason: str = "",
    undoes: int | None = None,
) -> Change:
    """Block or free seats of a place that nobody else changes many of; those that are so already stay untouched."""
    found = run(_CHANGE_MANY, {"seats": seats, "new_blocked": blocked, "new_modified": clock.now()}).scalars()
    changed = sorted(found)
    untouched = set(seats).difference(changed)
    unchanged = [seat for seat in seats if seat in untouched]
    if not changed:
        return Change(None, blocked, changed, unchanged)
    id_ = _record(actor, organizer_id, place, blocked, changed, unchanged, reason=reason, undoes=undoes)
    return Change(id_, blocked, changed, unchanged)


def _record(
    actor: Actor,
    organizer_id: int,
    place: Place,
    blocked: bool,
    changed: list[int],
    unchanged: list[int],
    *,
    reason: str = "",
    undoes: int | None = None,
) -> int:
    """``ids`` are the seats that changed, ``unchanged`` those named as well that were so already."""
    data: dict[str, Any] = {"ids": changed, "subevent": place.subevent_id}
    if unchanged:
        data["unchanged"] = unchanged
    if reason:
        data["reason"] = reason
    object_id = undoes if undoes else changed[0] if len(changed) == 1 else None
    change = audit.record(
        actor=actor,
        action="seat.blocked" if blocked else "seat.unblocked",
        organizer_id=organizer_id,
        event_id=place.event_id,
        object_kind="seat_change" if undoes else "seat",
        object_id=object_id,
        data=data,
    )
    values = {"audit": change, "seats": changed, "new_blocked": blocked}
    run(_NOTE_UNDONE if undoes else _NOTE, values | ({"undoes": undoes} if undoes else {}))
    return change
