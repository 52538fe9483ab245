"""The rooms above tickets, as `portal.tickets.services.rooms` asks for them."""

from collections.abc import Sequence

from portal.leads.services import refresh_search_texts
from portal.seating.services.holding import seats_changed, take_seats
from portal.tickets.services.rooms import Problems, SeatTake, Terms, VoucherUse
from portal.vouchers.services.usage import check_vouchers, count_vouchers


class AllRooms:
    """Vouchers, seats and leads."""

    def check_vouchers(self, event_id: int, uses: Sequence[VoucherUse], problems: Problems) -> dict[int, Terms]:
        return check_vouchers(event_id, uses, problems)

    def count_vouchers(self, event_id: int, voucher_ids: Sequence[int], *, back: bool = False) -> None:
        count_vouchers(event_id, voucher_ids, back=back)

    def take_seats(self, event_id: int, takes: Sequence[SeatTake], problems: Problems) -> None:
        take_seats(event_id, takes, problems)

    def seats_changed(self, event_id: int, seat_ids: Sequence[int]) -> None:
        seats_changed(event_id, seat_ids)

    def people_changed(self, event_id: int, position_ids: Sequence[int]) -> None:
        refresh_search_texts(event_id=event_id, position_ids=position_ids)


ROOMS = AllRooms()
