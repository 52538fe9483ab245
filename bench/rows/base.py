"""What a row of the benchmark is: a name, the requests it sends, and the goal it is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.data import TOKEN

EVENT = "/api/v1/organizers/bigevents/events/sampleconf"
AUTH = {"Authorization": f"Token {TOKEN}"}
JSON = AUTH | {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Request:
    """One request. ``vary`` is the value in it that differs between the requests of a row: an id, most often.

    ``variant`` tells requests of a row apart that do different things: each is recorded for the floor.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    vary: Any = None
    variant: int = 0


@dataclass(frozen=True)
class Row:
    """A line of the result. ``goal`` is requests a second on PostgreSQL at 4 clients, None where there is none."""

    name: str
    requests: Callable[[], Sequence[Request]]
    goal: float | None = None
    #: Each request can be sent once only: the portal and the floor get different ones.
    once: bool = False
    #: It changes nothing, though it is sent as if: neither it nor the floor may begin to write.
    reads: bool = False
    #: Its body is kept ready, no statement reads it: the floor sends the same bytes.
    kept: bool = False
    #: How many send at once.
    clients: int = 4
    #: One request takes long: turns last at least so many seconds, or they would count by luck, and few warm a server.
    slow: int = 0
