"""What every part of the demo shares: seeded dice, the fair's clock, readable codes and money."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

Json = dict[str, Any]

T = TypeVar("T")

ZONE_NAME = "Europe/Berlin"
ZONE = ZoneInfo(ZONE_NAME)

#: Letters of order codes and badge ids.
ORDER_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ3789"
SECRET_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"  # noqa: S105 - letters, no secret

#: Everything that "happens today" in the demo happens before this local hour.
LAST_HOUR = 15


def dice(part: str) -> random.Random:
    """The dice of one part of the demo: always the same throws, whatever the other parts do."""
    return random.Random(f"portal demo: {part}")  # noqa: S311 - made-up data, nothing to guess


@dataclass(frozen=True, slots=True)
class Fair:
    """The fair's calendar: it opened yesterday, and ends tomorrow."""

    today: date

    def at(self, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
        """Local time on a day counted from today."""
        return datetime.combine(self.today + timedelta(days=day), time(hour, minute, second), ZONE)

    @property
    def now(self) -> datetime:
        """The moment of the demo: nothing in it is later, apart from what is planned."""
        return self.at(0, LAST_HOUR)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(cents: int) -> str:
    """Cents as a decimal string."""
    return f"{cents // 100}.{cents % 100:02d}"


def cents(price: str) -> int:
    """A decimal string in cents."""
    whole, _, part = price.partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def uuid(rng: random.Random) -> str:
    """A random-looking UUID."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def weighted(rng: random.Random, choices: Sequence[tuple[T, float]]) -> T:
    """One of the choices, by weight."""
    return rng.choices([choice for choice, _ in choices], [weight for _, weight in choices])[0]


class Codes:
    """Random codes of one kind, each once."""

    def __init__(self, rng: random.Random, letters: str, length: int, taken: Sequence[str] = ()) -> None:
        self._rng = rng
        self._letters = letters
        self._length = length
        self._taken = set(taken)

    def next(self) -> str:
        """A code that was not there before."""
        while (code := "".join(self._rng.choices(self._letters, k=self._length))) in self._taken:
            continue
        self._taken.add(code)
        return code
