"""How seats are drawn: one shape a state, for the map and for its legend, as few elements as will do.

Written as strings: a hall has ten thousand of them.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

from portal.seating.map import Found, MapSeat, Names

#: Hardly any hall has one of these in its names: then none is escaped.
_SPECIAL = re.compile("[&<>\"']")
#: Where a seat is is written into its shapes: a transform each would cost the browser a layer of its own.
_ROUND = '<circle class="{cls}"{rest} cx="{x}" cy="{y}" r="7"/>'
_DIAMOND = '<path class="{cls}"{rest} d="M{x} {y}m0-9 9 9-9 9-9-9Z"/>'
_CROSS = '<path class="cross" d="M{x} {y}m-3.5-3.5 7 7m0-7-7 7"/>'
_HALF = '<path class="half" d="M{x} {y}m0-6a6 6 0 0 0 0 12Z"/>'
_RING, _RHOMB = '<circle class="ring" cx="{x}" cy="{y}" r="7"/>', '<path class="ring" d="M{x} {y}m0-9 9 9-9 9-9-9Z"/>'
_GROUP = '<g class="{cls}"{rest}>%s</g>'


def _pieces(shape: str) -> tuple[str, str, str]:
    """What stands around the two things that differ: the classes, and the attributes before the place."""
    before, _, rest = shape.partition("{cls}")
    between, _, after = rest.partition("{rest}")
    return before, between, after.replace("{x}", "%(x)s").replace("{y}", "%(y)s")


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
_ORIGIN = {"x": "0", "y": "0"}
Points = Mapping[int, Mapping[str, str]]


def sample(state: str, look: str = "") -> Markup:
    """A seat of a legend: the shape alone."""
    before, between, after = _SHAPES[state, state == "blocked" or "and-blocked" in look]
    return Markup(f"{before}seat {escape(look or f's-{state}')}{between}{after % _ORIGIN}")  # noqa: S704 - all else is ours


def seat_marks(seats: Sequence[MapSeat], points: Points, *, alone: bool = False) -> Markup:
    """Seats as the map draws them; ``points`` says where each is. Those ``alone`` take the places of drawn ones."""
    safe = _safe([text for seat in seats for text in (seat.name, seat.about, seat.row, seat.who, seat.why)])
    marks = []
    focus = "-1" if alone else "0"
    for id_, _, row, _, _, _, blocked, state, name, about, look, who, why in seats:
        start, end = _around(state, look, blocked=blocked)
        more = _more(safe, row, who, why)
        marks.append(_mark(start, id_, focus, f"{safe(name)}{safe(about)}", more, end % points.get(id_, _ORIGIN)))
        focus = "-1"
    return Markup("".join(marks))  # noqa: S704 - what comes from outside is escaped


def zone_marks(found: Found, names: Names, points: Points) -> Markup:
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
        name = safe(label) if label else f"{before}{safe(number or guid)}{behind}"
        marks.append(_mark(start, id_, focus, f"{where}{name}{about}", more, end % points.get(id_, _ORIGIN)))
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


def _mark(start: str, id_: int, focus: str, label: str, more: str, end: str) -> str:
    return f'{start}{id_}" role="option" tabindex="{focus}" aria-label="{label}"{more}{end}'
