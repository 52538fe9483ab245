"""What selling asks of the rooms above, which this one may not import: vouchers, seats, leads. Doors bring them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from portal.core.errors import InvalidList
from portal.core.money import CENT


@dataclass
class Problems:
    """What is wrong with which ticket of a request, by its place there and by field."""

    found: dict[int, dict[str, list[str]]] = field(default_factory=dict)

    def add(self, place: int, name: str, message: str) -> None:
        """Say what is wrong."""
        self.found.setdefault(place, {}).setdefault(name, []).append(message)

    def check(self, count: int) -> None:
        """Raise `InvalidList`, with an entry for each of ``count`` tickets, where something was wrong."""
        if self.found:
            raise InvalidList([self.found.get(place, {}) for place in range(count)])


@dataclass(frozen=True, slots=True)
class VoucherUse:
    """A ticket that uses a voucher."""

    place: int
    voucher_id: int
    item_id: int
    variation_id: int | None
    subevent_id: int | None
    seat_id: int | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a voucher gives: another price, and the seat that it holds."""

    price_mode: str
    value: Decimal | None
    seat_id: int | None

    def price(self, price: Decimal) -> Decimal:
        """What is paid in place of ``price``; never less than nothing."""
        if self.value is None or self.price_mode == "none":
            return price
        if self.price_mode == "set":
            return self.value
        left = price - self.value if self.price_mode == "subtract" else price * (100 - self.value) / 100
        return max(Decimal(0), left).quantize(CENT)


@dataclass(frozen=True, slots=True)
class SeatTake:
    """A ticket that takes a seat, with the voucher that may hold it for it."""

    place: int
    seat_id: int
    item_id: int
    subevent_id: int | None
    voucher_id: int | None


class Rooms(Protocol):
    """The rooms above. Rows are locked in the order vouchers, seats, and each kind by id."""

    def check_vouchers(self, event_id: int, uses: Sequence[VoucherUse], problems: Problems) -> dict[int, Terms]:
        """Lock vouchers; what may not be used so is a problem on ``voucher``. The terms by voucher."""

    def count_vouchers(self, event_id: int, voucher_ids: Sequence[int], *, back: bool = False) -> None:
        """Count a use of each, as often as it is named, or give it back."""

    def take_seats(self, event_id: int, takes: Sequence[SeatTake], problems: Problems) -> None:
        """Lock seats; one that somebody else holds by then, or that is blocked, is a problem on ``seat``."""

    def people_changed(self, event_id: int, position_ids: Sequence[int]) -> None:
        """What these tickets say of their people is another now."""

    def seats_changed(self, event_id: int, seat_ids: Sequence[int]) -> None:
        """Who holds these seats is another now, and no row that holds one says so."""
