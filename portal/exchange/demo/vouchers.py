"""Vouchers: the contract's own, those that exhibitors give away, and those of the organizer."""

import random
from dataclasses import dataclass, field

from portal.core.codes import ALPHABET
from portal.exchange.demo.catalog import BALCONY, EARLY_BIRD, REGULAR, STANDARD, STUDENT, VIP
from portal.exchange.demo.hall import Hall
from portal.exchange.demo.kit import Codes, Fair, Json, cents, stamp

CONTRACT_CODE = "43K6LKM37FBVR2YG"
CONTRACT_ID = 15
#: The voucher that the contract's example shows on the hall's first seat.
SEAT_VOUCHER_ID = 51

_COMMENTS = {
    "en": (
        "Free ticket",
        "For our best customers",
        "For speakers on our stage",
        "Booth staff",
        "Half price for partners",
    ),
    "de": (
        "Freikarte",
        "Für unsere Stammkunden",
        "Für Vortragende auf unserer Bühne",
        "Standpersonal",
        "Halber Preis für Partner",
    ),
}


@dataclass(slots=True)
class Voucher:
    """A voucher, how many tickets are to use it, and whose it is."""

    row: Json
    wanted: int = 0
    exhibitor: int | None = None
    comment: str = ""
    used: int = field(default=0)

    @property
    def id(self) -> int:
        """The id in the file."""
        return int(self.row["id"])

    def accepts(self, item: int, variation: int | None, placed: str) -> bool:
        """Whether a ticket bought at that time may use it."""
        return (
            self.row["item"] in (None, item)
            and self.row["variation"] in (None, variation)
            and (self.row["valid_until"] is None or placed <= self.row["valid_until"])
        )

    def price(self, before: int) -> int:
        """The price in cents that it makes of another."""
        value = cents(self.row["value"] or "0")
        match self.row["price_mode"]:
            case "set":
                return value
            case "subtract":
                return max(0, before - value)
            case "percent":
                return before * (10_000 - value) // 10_000
        return before


class VoucherBook:
    """All vouchers of the fair, in the order of their ids."""

    def __init__(self, rng: random.Random, hall: Hall, fair: Fair, locales: list[str | None]) -> None:
        """``locales``: an exhibitor's language each, None for one without vouchers; the first is the contract's."""
        self._rng = rng
        self._codes = Codes(rng, ALPHABET, 16, (CONTRACT_CODE,))
        self._ids = (number for number in range(1, 1000) if number not in (CONTRACT_ID, SEAT_VOUCHER_ID))
        self._fair = fair
        self.vouchers: list[Voucher] = []
        self._for_contract(hall)
        for number, locale in enumerate(locales):
            if number and locale:
                self._for_exhibitor(number, locale)
        self._for_campaigns(hall)
        self.vouchers.sort(key=lambda voucher: voucher.id)

    def _add(
        self,
        mode: str,
        value: str | None,
        usages: int,
        wanted: int,
        *,
        exhibitor: int | None = None,
        comment: str = "",
        **more: object,
    ) -> None:
        row: Json = {
            "id": more.pop("id", None) or next(self._ids),
            "code": more.pop("code", None) or self._codes.next(),
            "max_usages": usages,
            "redeemed": 0,
            "valid_until": None,
            "block_quota": False,
            "allow_ignore_quota": False,
            "price_mode": mode,
            "value": value,
            "item": STANDARD,
            "variation": None,
            "quota": None,
            "tag": "exhibitor",
            "comment": "",
            "seat": None,
            "subevent": None,
        }
        self.vouchers.append(Voucher(row | more, wanted, exhibitor, comment))

    def _for_contract(self, hall: Hall) -> None:
        self._add(
            "set",
            "12.00",
            1,
            0,
            exhibitor=0,
            comment="Free ticket",
            id=CONTRACT_ID,
            code=CONTRACT_CODE,
            tag="testvoucher",
        )
        self._add("set", "0.00", 12, 7, exhibitor=0, comment="Für unsere Testpersonen", block_quota=True)
        self._add("percent", "50.00", 20, 11, exhibitor=0, comment="Halber Preis für Partner", item=None)
        seat = hall.seats[0]["seat_guid"]
        self._add(
            "set",
            "0.00",
            1,
            0,
            exhibitor=0,
            comment="Platz für Dr Johnson",
            id=SEAT_VOUCHER_ID,
            seat=seat,
            block_quota=True,
        )

    def _for_exhibitor(self, exhibitor: int, locale: str) -> None:
        rng = self._rng
        kind = rng.randrange(5)
        usages, mode, value = (
            (rng.choice((5, 10, 20)), "set", "0.00"),
            (10, "subtract", "15.00"),
            (3, "set", "0.00"),
            (4, "set", "0.00"),
            (15, "percent", "50.00"),
        )[kind]
        wanted = rng.choice((0, usages // 3, usages // 2, usages - 1, usages))
        self._add(mode, value, usages, wanted, exhibitor=exhibitor, comment=_COMMENTS[locale][kind])

    def _for_campaigns(self, hall: Hall) -> None:
        """What the organizer gave out, and kept: seats of the house and of guests."""
        until = stamp(self._fair.at(1, 18))
        self._add("percent", "20.00", 200, 120, tag="newsletter", comment="Newsletter in spring", item=None)
        self._add("subtract", "10.00", 100, 45, tag="association", variation=REGULAR, valid_until=until)
        self._add(
            "set", "45.00", 50, 38, tag="early", variation=EARLY_BIRD, valid_until=stamp(self._fair.at(-60, 23, 59))
        )
        self._add("set", "0.00", 20, 14, tag="students", item=STUDENT, comment="Helpers at the doors")
        self._add("percent", "100.00", 10, 6, tag="guests", item=VIP, allow_ignore_quota=True, comment="City hall")
        self._add("none", None, 40, 22, tag="balcony", item=BALCONY)
        kept = [seat for row in hall.rows(VIP)[:2] for seat in row[6:10]] + [
            hall.rows(BALCONY)[0][number] for number in (10, 11)
        ]
        for seat in kept:
            self._add(
                "set",
                "0.00",
                1,
                0,
                tag="house seats",
                item=seat["product"],
                seat=seat["seat_guid"],
                block_quota=True,
                valid_until=until,
            )

    def held_seats(self) -> set[str]:
        """Guids of the seats that vouchers hold."""
        return {voucher.row["seat"] for voucher in self.vouchers if voucher.row["seat"]}
