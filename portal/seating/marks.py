"""How seats are drawn: one shape a state, for the map and for its legend, as few elements as will do.

Written as strings: a hall has ten thousand of them.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

from portal.seating.map import MapSeat

#: Hardly any hall has one of these in its names: then none is escaped.
_SPECIAL = re.compile("[&<>\"']")
_ROUND = '<circle class="{cls}" r="7"{rest}/>'
_DIAMOND = '<path class="{cls}" d="M0-9 9 0 0 9-9 0Z"{rest}/>'
_CROSS = '<path class="cross" d="M-3.5-3.5 3.5 3.5M3.5-3.5-3.5 3.5"/>'
_HALF = '<path class="half" d="M0-6A6 6 0 0 0 0 6Z"/>'
_RING, _RHOMB = '<circle class="ring" r="7"/>', '<path class="ring" d="M0-9 9 0 0 9-9 0Z"/>'
_GROUP = '<g class="{cls}"{rest}>%s</g>'


def _pieces(shape: str) -> tuple[str, str, str]:
    """What stands around the two things that differ: the classes and the other attributes."""
    before, _, rest = shape.partition("{cls}")
    between, _, after = rest.partition("{rest}")
    return before, between, after


#: The shapes by state, and by whether the seat is blocked as well. Free and sold seats are a single element.
_SHAPES = {
    ("free", False): _pieces(_ROUND),
    ("sold", False): _pieces(_ROUND),
    ("voucher", False): _pieces(_DIAMOND),
    ("cart", False): _pieces(_GROUP % (_RING + _HALF)),
    ("blocked", True): _pieces(_GROUP % (_RING + _CROSS)),
    ("sold", True): _pieces(_GROUP % (_RING + _CROSS)),
    ("cart", True): _pieces(_GROUP % (_RING + _HALF + _CROSS)),
    ("voucher", True): _pieces(_GROUP % (_RHOMB + _CROSS)),
}


def sample(state: str, look: str = "") -> Markup:
    """A seat of a legend: the shape alone."""
    before, between, after = _SHAPES[state, state == "blocked" or "and-blocked" in look]
    return Markup(f"{before}seat {escape(look or f's-{state}')}{between}{after}")  # noqa: S704 - all else is ours


def seat_marks(seats: Sequence[MapSeat], points: Mapping[int, str] | None = None) -> Markup:
    """Seats as the map draws them; ``points`` says where each is.

    Without it they take the places of those that are drawn already.
    """
    given = "\0".join([text for seat in seats for text in (seat.name, seat.about, seat.row, seat.who, seat.why)])
    safe: Callable[[str], str] = escape if _SPECIAL.search(given) else str
    marks = []
    focus = "-1" if points is None else "0"
    for id_, _, row, _, _, _, blocked, state, name, about, look, who, why in seats:
        before, between, after = _SHAPES[state, blocked]
        place = f' transform="translate({points[id_]})"' if points is not None and id_ in points else ""
        more = f' data-who="{safe(who)}"' if who else ""
        if why:
            more += f' data-why="{safe(why)}"'
        marks.append(
            f'{before}seat {look}{between} id="seat-{id_}" role="option" tabindex="{focus}"'
            f' aria-label="{safe(name)}{safe(about)}" data-row="{safe(row)}"{more}{place}{after}'
        )
        focus = "-1"
    return Markup("".join(marks))  # noqa: S704 - what comes from outside is escaped
