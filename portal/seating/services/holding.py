"""Seats that tickets and vouchers take: found by name, locked, and looked at whether somebody holds them."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from portal.core import clock
from portal.core.sentences import Sentence
from portal.core.statements import one_of_ids, one_of_texts, run
from portal.seating.queries import HOLDERS, SEATS
from portal.tickets.services.rooms import Problems, SeatTake
from portal.vouchers.models import Voucher

_s = SEATS.c
_event: sa.BindParameter[int] = sa.bindparam("event", type_=sa.BigInteger())
_LOCK = (
    sa.select(_s.id, _s.subevent_id, _s.product_id, _s.blocked)
    .where(_s.event_id == _event, one_of_ids(_s.id, "ids"))
    .order_by(_s.id)
    .with_for_update()
)
_HELD = [
    (table.name, sa.select(table.c.seat_id, table.c.id).where(one_of_ids(table.c.seat_id, "ids"), *holds))
    for table, holds in HOLDERS
]
_TOUCH = (
    sa.update(SEATS)
    .where(_s.event_id == _event, one_of_ids(_s.id, "ids"))
    .values(modified=sa.bindparam("now", type_=_s.modified.type))
)
_BY_GUID = sa.select(_s.id, _s.subevent_id, _s.seat_guid).where(
    _s.event_id == _event, one_of_texts(_s.seat_guid, "guids")
)


def _after_slash(column: Any) -> sa.Case[str]:
    return sa.case((column == "", ""), else_="/" + column)


#: What `portal.seating.queries.places.label` makes of a seat.
_label = sa.func.ltrim(_s.zone_name + _after_slash(_s.row_name) + _after_slash(_s.seat_number), "/")
_BY_NAME = sa.select(_s.id, _s.subevent_id, _label).where(_s.event_id == _event, one_of_texts(_label, "names"))

NO_SEAT = Sentence("There is no such seat.")
HELD = Sentence("Somebody else has this seat.")


def take_seats(event_id: int, takes: Sequence[SeatTake], problems: Problems) -> None:
    """Lock seats for tickets; one that cannot be taken is a problem on ``seat``.

    Of two that want one seat at once the later one waits for the lock, and then sees who has it.
    """
    ids = sorted({take.seat_id for take in takes})
    rows = {row.id: row for row in run(_LOCK, {"event": event_id, "ids": ids})}
    held = _holders(ids)
    for take in takes:
        row = rows.get(take.seat_id)
        wrong = NO_SEAT if row is None else _wrong(row, take, held)
        if wrong is not None:
            problems.add(take.place, "seat", wrong)
        else:
            held.setdefault(take.seat_id, set()).add(("this request", take.place))


def _holders(ids: Sequence[int]) -> dict[int, set[tuple[str, int]]]:
    """Who holds seats, by seat: the kind of holder and its id."""
    found: dict[int, set[tuple[str, int]]] = {}
    for kind, statement in _HELD:
        for seat_id, holder in run(statement, {"ids": list(ids), "now": clock.now()}):
            found.setdefault(seat_id, set()).add((kind, holder))
    return found


def _wrong(row: Any, take: SeatTake, held: dict[int, set[tuple[str, int]]]) -> Sentence | None:
    """Why a ticket cannot have a seat."""
    if row.subevent_id != take.subevent_id:
        return Sentence("This seat belongs to another date.")
    if row.product_id is not None and row.product_id != take.item_id:
        return Sentence("This seat belongs to another product.")
    if row.blocked:
        return Sentence("This seat is blocked.")
    own = (Voucher.__tablename__, take.voucher_id or 0)
    return HELD if held.get(take.seat_id, set()) - {own} else None


def lock_for_voucher(event_id: int, seat_id: int, subevent_id: int | None, voucher_id: int | None) -> Sentence | None:
    """Lock a seat that a voucher shall hold; why it cannot, or None. A blocked seat may be held all the same."""
    row = run(_LOCK, {"event": event_id, "ids": [seat_id]}).one_or_none()
    if row is None:
        return NO_SEAT
    if row.subevent_id != subevent_id:
        return Sentence("This seat belongs to another date.")
    others = _holders([seat_id]).get(seat_id, set()) - {(Voucher.__tablename__, voucher_id or 0)}
    return HELD if others else None


def seats_changed(event_id: int, seat_ids: Sequence[int]) -> None:
    """Maps draw these seats anew."""
    run(_TOUCH, {"event": event_id, "ids": list(seat_ids), "now": clock.now()})


def find_seats(event_id: int, names: Collection[tuple[int | None, str]]) -> dict[tuple[int | None, str], int]:
    """Seats by date and by what somebody calls them: the guid, or ``Zone/Row/Number`` where only one is called so."""
    wanted = {name for name in names if name[1]}
    if not wanted:
        return {}
    rows = run(_BY_GUID, {"event": event_id, "guids": [name for _, name in wanted]})
    found = {(row.subevent_id, row.seat_guid): row.id for row in rows}
    found = {name: id_ for name, id_ in found.items() if name in wanted}
    if left := wanted - found.keys():
        called: dict[tuple[int | None, str], list[int]] = {}
        rows = run(_BY_NAME, {"event": event_id, "names": [name for _, name in left]})
        for id_, subevent_id, name in rows:
            called.setdefault((subevent_id, name), []).append(id_)
        found |= {name: ids[0] for name, ids in called.items() if name in left and len(ids) == 1}
    return found
