"""Choosing many seats: by a list of guids and expressions, or by what they have in common."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import sqlalchemy as sa

from portal.core import clock
from portal.core.actors import EventScope
from portal.core.errors import InvalidInput
from portal.core.sentences import Sentence
from portal.core.statements import one_of_ids, run
from portal.seating.queries import SEATS, Place, in_place
from portal.seating.queries.places import label, place_of
from portal.seating.queries.states import STATES, state_column
from portal.seating.services.blocking import MOST_CHOSEN

MOST_LINES = 100_000
_LINE = 500
_RANGE = re.compile(r"(?P<prefix>.*?)(?P<first>\d{1,9})\s*[-–]\s*(?P<again>.*?)(?P<last>\d{1,9})")
_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>\d{1,9})")

_s = SEATS.c
_NAMES = {
    series: sa.select(_s.id, _s.seat_guid, _s.zone_name, _s.row_name, _s.seat_number)
    .where(*in_place(series))
    .order_by(_s.sorting_rank, _s.id)
    for series in (False, True)
}
_NAMES_OF = sa.select(_s.id, _s.zone_name, _s.row_name, _s.seat_number).where(
    _s.event_id == sa.bindparam("event"), one_of_ids(_s.id, "seats")
)


@dataclass(frozen=True, slots=True)
class Line:
    """What a line of a list names: seats, or what is wrong with it."""

    text: str
    seat_ids: list[int]
    problem: Sentence | None = None


class _Unknown(Exception):
    """What a part of an expression names does not exist."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def _no_row(row: str, zone: str) -> _Unknown:
    if zone:
        return _Unknown(Sentence("There is no row “%(row)s” in %(zone)s.", row=row, zone=zone))
    return _Unknown(Sentence("There is no row “%(row)s”.", row=row))


def _no_seat(seat: str, row: str, zone: str) -> _Unknown:
    if zone:
        return _Unknown(
            Sentence("There is no seat “%(seat)s” in row %(row)s in %(zone)s.", seat=seat, row=row, zone=zone)
        )
    return _Unknown(Sentence("There is no seat “%(seat)s” in row %(row)s.", seat=seat, row=row))


#: Seats by number, of one row; ids in a list, as a number may be there twice without a plan.
_Row = dict[str, list[int]]


@dataclass(slots=True)
class _Hall:
    """The seats of a place by guid, and by zone, row and number."""

    guids: dict[str, int] = field(default_factory=dict)
    zones: dict[str, dict[str, _Row]] = field(default_factory=dict)

    def read(self, text: str) -> list[int]:
        """The seats of a guid or an expression. Raises `_Unknown` with what is not there."""
        if text in self.guids:
            return [self.guids[text]]
        problem: _Unknown | None = None
        for zone, rest in _starts(text, self.zones):
            try:
                return self._rows(self.zones[zone], zone, rest)
            except _Unknown as error:
                problem = problem or error
        if "" in self.zones:
            try:
                return self._rows(self.zones[""], "", text)
            except _Unknown as error:
                problem = problem or error
        raise problem or _Unknown(Sentence("There is no seat and no zone “%(text)s”.", text=text))

    def _rows(self, rows: dict[str, _Row], zone: str, rest: str) -> list[int]:
        if not rest:
            return [seat for row in rows.values() for seat in _all(row)]
        problem: _Unknown | None = None
        for row, numbers in _starts(rest, rows):
            if not numbers:
                return list(_all(rows[row]))
            try:
                picked = _pick(numbers, rows[row], partial(_no_seat, row=row, zone=zone))
            except _Unknown as error:
                problem = problem or error
            else:
                return [seat for number in picked for seat in rows[row][number]]
        if problem is None and "/" not in rest:
            picked = _pick(rest, rows, partial(_no_row, zone=zone))
            return [seat for row in picked for seat in _all(rows[row])]
        raise problem or _no_row(rest.split("/")[0].strip(), zone)


def _all(row: _Row) -> Iterator[int]:
    for seats in row.values():
        yield from seats


def _starts(text: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """The names that ``text`` begins with, the longest first, each with what follows behind the slash."""
    found = []
    lowered = text.lower()
    for name in names:
        low = name.lower()
        if not low:
            continue
        if lowered == low:
            found.append((name, ""))
        elif lowered.startswith(low) and text[len(low) :].lstrip().startswith("/"):
            found.append((name, text[len(low) :].lstrip()[1:].strip()))
    return sorted(found, key=lambda pair: len(pair[0]), reverse=True)


def _pick(spec: str, names: Iterable[str], unknown: Callable[[str], _Unknown]) -> list[str]:
    """The names that ``1,5,7-9`` means, in their order. Raises `_Unknown` for a part that means none."""
    by_lower: dict[str, list[str]] = {}
    for name in names:
        by_lower.setdefault(name.lower(), []).append(name)
    picked: dict[str, None] = {}
    for part in (part.strip().lower() for part in spec.split(",")):
        if not part:
            raise _Unknown(Sentence("Something is missing between commas."))
        found = by_lower.get(part) or _between(part, by_lower)
        if not found:
            raise unknown(part)
        picked |= dict.fromkeys(found)
    return list(picked)


def _between(part: str, by_lower: dict[str, list[str]]) -> list[str]:
    """The names of a range: ``7-9``, ``A1-A12``."""
    ends = _RANGE.fullmatch(part)
    if ends is None or ends["again"] not in ("", ends["prefix"]):
        return []
    low, high = sorted((int(ends["first"]), int(ends["last"])))
    return [
        name
        for lower, same in by_lower.items()
        if (given := _NUMBERED.fullmatch(lower)) is not None
        and given["prefix"] == ends["prefix"]
        and low <= int(given["number"]) <= high
        for name in same
    ]


def read_lines(*, scope: EventScope, subevent_id: int | None, text: str) -> list[Line]:
    """What each line of a list names; nothing changes.

    A line is a guid or an expression: a zone, ``zone/row``, ``zone/row/1,5,7-9``. Upper and lower case are the same,
    guids apart. Seats beyond `MOST_CHOSEN` are a problem of the line that names them.
    """
    place = place_of(scope, subevent_id)
    given = [line for raw in text.splitlines() if (line := raw.strip())]
    if len(given) > MOST_LINES:
        raise InvalidInput({"text": [Sentence("At most %(most)s lines can be read at once.", most=f"{MOST_LINES:,}")]})
    hall = _hall(place)
    seen: set[int] = set()
    lines = []
    for line in given:
        try:
            seats = _read(hall, line)
        except _Unknown as error:
            lines.append(Line(line[:_LINE], [], error.sentence))
            continue
        if len(seen) + sum(seat not in seen for seat in set(seats)) > MOST_CHOSEN:
            lines.append(
                Line(line, [], Sentence("With this line there are more than %(most)s seats.", most=f"{MOST_CHOSEN:,}"))
            )
            continue
        seen.update(seats)
        lines.append(Line(line, seats))
    return lines


def names_of(place: Place, ids: Collection[int]) -> dict[int, str]:
    """Seats by what they are called: ``Balcony/3/12``."""
    if not ids:
        return {}
    found = run(_NAMES_OF, {"event": place.event_id, "seats": sorted(set(ids))})
    return {id_: label(zone, row, number) for id_, zone, row, number in found}


def _read(hall: _Hall, line: str) -> list[int]:
    if len(line) > _LINE:
        raise _Unknown(Sentence("The line has more than %(most)s characters.", most=_LINE))
    return hall.read(line)


def _hall(place: Place) -> _Hall:
    hall = _Hall()
    for id_, guid, zone, row, number in run(_NAMES[place.subevent_id is not None], _values(place)):
        hall.guids[guid] = id_
        hall.zones.setdefault(zone, {}).setdefault(row, {}).setdefault(number, []).append(id_)
    return hall


def _values(place: Place) -> dict[str, int]:
    values = {"event": place.event_id}
    return values if place.subevent_id is None else values | {"subevent": place.subevent_id}


def matching(
    *,
    scope: EventScope,
    subevent_id: int | None,
    zone: str | None = None,
    row: str | None = None,
    product_id: int | None = None,
    state: str | None = None,
) -> list[int]:
    """The seats that all given values fit, in the order of the hall: “all free in Balcony”."""
    if state is not None and state not in STATES:
        raise InvalidInput({"state": [Sentence("Must be one of %(states)s.", states=", ".join(STATES))]})
    place = place_of(scope, subevent_id)
    conditions: Sequence[sa.ColumnElement[bool]] = [
        *in_place(place.subevent_id is not None),
        *(
            column == value
            for column, value in ((_s.zone_name, zone), (_s.row_name, row), (_s.product_id, product_id))
            if value is not None
        ),
        *([state_column() == state] if state is not None else []),
    ]
    statement = sa.select(_s.id).where(*conditions).order_by(_s.sorting_rank, _s.id)
    return list(run(statement, _values(place) | {"now": clock.now()}).scalars())
