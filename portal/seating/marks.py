"""How seats are drawn: one shape a state, for the map and for its legend, as few elements as will do.

Written as strings: a hall has ten thousand of them.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

from portal.seating.map import Found, MapSeat, Names

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
    safe = _safe([text for seat in seats for text in (seat.name, seat.about, seat.row, seat.who, seat.why)])
    marks = []
    focus = "-1" if points is None else "0"
    for id_, _, row, _, _, _, blocked, state, name, about, look, who, why in seats:
        start, end = _around(state, look, blocked=blocked)
        more = _more(safe, row, who, why)
        if points is not None and id_ in points:
            more += _at(points[id_])
        marks.append(_mark(start, id_, focus, f"{safe(name)}{safe(about)}", more, end))
        focus = "-1"
    return Markup("".join(marks))  # noqa: S704 - what comes from outside is escaped


def zone_marks(found: Found, names: Names, points: Mapping[int, str]) -> Markup:
    """What `seat_marks` makes of the same seats, in one pass over the rows: a zone may have thousands."""
    safe = _safe([row[5] or row[4] or row[6] for row in found.rows])
    before, _, behind = (str(escape(part)) for part in names.seat_word.partition("{}"))
    rows: dict[tuple[str, str, str | None], tuple[str, str]] = {}
    kinds: dict[tuple[str, int, int | None], tuple[str, str, str]] = {}
    who, why = found.who, found.why
    marks = []
    focus = "0"
    for id_, zone, row_name, row_label, number, label, guid, product_id, blocked, state in found.rows:
        row = rows.get((zone, row_name, row_label))
        if row is None:
            where = str(escape(names.row(zone, row_name, row_label)))
            row = rows[zone, row_name, row_label] = where, _more(escape, row_name, "", "")
        kind = kinds.get((state, blocked, product_id))
        if kind is None:
            about, look = names.kind(state, blocked == 1, product_id)
            kind = kinds[state, blocked, product_id] = (*_around(state, look, blocked=blocked == 1), str(escape(about)))
        start, end, about = kind
        where, more = row
        if id_ in who or id_ in why:
            more = _more(escape, row_name, who.get(id_, ""), why.get(id_, ""))
        if id_ in points:
            more += _at(points[id_])
        name = safe(label) if label else f"{before}{safe(number or guid)}{behind}"
        marks.append(_mark(start, id_, focus, f"{where}{name}{about}", more, end))
        focus = "-1"
    return Markup("".join(marks))  # noqa: S704 - what comes from outside is escaped


def _safe(texts: Sequence[str]) -> Callable[[str], str]:
    """What makes these texts safe: nothing, where none of them holds anything special."""
    return escape if _SPECIAL.search("\0".join(texts)) else str


def _around(state: str, look: str, *, blocked: bool) -> tuple[str, str]:
    """What stands before a seat's id, and what behind its attributes."""
    before, between, after = _SHAPES[state, blocked]
    return f'{before}seat {look}{between} id="seat-', after


def _more(safe: Callable[[str], str], row: str, who: str, why: str) -> str:
    more = f' data-row="{safe(row)}"'
    if who:
        more += f' data-who="{safe(who)}"'
    return f'{more} data-why="{safe(why)}"' if why else more


def _at(point: str) -> str:
    return f' transform="translate({point})"'


def _mark(start: str, id_: int, focus: str, label: str, more: str, end: str) -> str:
    return f'{start}{id_}" role="option" tabindex="{focus}" aria-label="{label}"{more}{end}'
