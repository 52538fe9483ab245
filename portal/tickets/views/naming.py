"""What people call seats and vouchers, as ids."""

from collections.abc import Sequence

from portal.core.sentences import Sentence
from portal.seating.services.holding import NO_SEAT, find_seats
from portal.tickets.forms import Wish
from portal.tickets.services.rooms import Problems
from portal.tickets.services.selling import NewPosition
from portal.vouchers.queries import ids_by_code

NO_VOUCHER = Sentence("This event has no such voucher.")


def resolved(event_id: int, wishes: Sequence[Wish]) -> list[NewPosition]:
    """Tickets with the seats and vouchers that are named. Raises `InvalidList` where one is not there."""
    seats = find_seats(event_id, {(wish.position.subevent_id, wish.seat) for wish in wishes if wish.seat})
    vouchers = ids_by_code(event_id, {wish.voucher for wish in wishes if wish.voucher})
    problems = Problems()
    found = []
    for place, wish in enumerate(wishes):
        seat = seats.get((wish.position.subevent_id, wish.seat))
        voucher = vouchers.get(wish.voucher)
        if wish.seat and seat is None:
            problems.add(place, "seat", NO_SEAT)
        if wish.voucher and voucher is None:
            problems.add(place, "voucher", NO_VOUCHER)
        found.append(wish.with_ids(seat, voucher))
    problems.check(len(wishes))
    return found
