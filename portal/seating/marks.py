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
    return before, between, after.replace("{x}", "%s").replace("{y}", "%s")


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
_ORIGIN = ("0", "0")
Points = Mapping[int, tuple[str, str]]


def sample(state: str, look: str = "") -> Markup:
    """A seat of a legend: the shape alone."""
    before, between, after = _SHAPES[state, state == "blocked" or "and-blocked" in look]
    return Markup(f"{before}seat {escape(look or f's-{state}')}{between}{after % (_ORIGIN * _pairs(after))}")  # noqa: S704 - all else is ours


def seat_marks(seats: Sequence[MapSeat], points: Points, *, alone: bool = False) -> Markup:
    """Seats as the map draws them; ``points`` says where each is. Those ``alone`` take the places of drawn ones."""
    safe = _safe([text for seat in seats for text in (seat.name, seat.about, seat.row, seat.who, seat.why)])
    marks = []
    focus = "-1" if alone else "0"
    for id_, _, row, _, _, _, blocked, state, name, about, look, who, why in seats:
        pattern, pairs = _pattern(state, look, safe(about), blocked=blocked)
        at = points.get(id_, _ORIGIN) * pairs
        marks.append(pattern % (id_, focus, safe(name), "", _more(safe, row, who, why), *at))
        focus = "-1"
    return Markup("".join(marks))  # noqa: S704 - what comes from outside is escaped


def zone_marks(found: Found, names: Names, points: Points) -> Markup:
    """What `seat_marks` makes of the same seats, in one pass over the rows: a zone may have thousands."""
    special = _special([row[5] or row[4] or row[6] for row in found.rows])
    before, _, behind = (str(escape(part)) for part in names.seat_word.partition("{}"))
    kinds: dict[tuple[str, int, int | None], tuple[str, int]] = {}
    who, why = found.who, found.why
    marks = []
    focus, last, where, of_row = "0", None, "", ""
    for id_, zone, row_name, row_label, number, label, guid, product_id, blocked, state in found.rows:
        if last is None or row_name != last[1] or row_label != last[2] or zone != last[0]:
            last = zone, row_name, row_label
            where, of_row = str(escape(names.row(zone, row_name, row_label))), _more(escape, row_name, "", "")
        kind = kinds.get((state, blocked, product_id))
        if kind is None:
            about, look = names.kind(state, blocked == 1, product_id)
            kind = _pattern(state, look, str(escape(about)), blocked=blocked == 1)
            kinds[state, blocked, product_id] = kind
        pattern, pairs = kind
        more = of_row
        if id_ in who or id_ in why:
            more = _more(escape, row_name, who.get(id_, ""), why.get(id_, ""))
        if special:
            number, label = escape(number or guid), label and escape(label)
        at: tuple[str, ...] = points.get(id_, _ORIGIN)
        if pairs > 1:
            at *= pairs
        name = label or f"{before}{number or guid}{behind}"
        marks.append(pattern % ((id_, focus, where, name, more) + at))  # noqa: RUF005 - the quicker one
        focus = "-1"
    return Markup("".join(marks))  # noqa: S704 - what comes from outside is escaped


def _special(texts: Sequence[str]) -> bool:
    return _SPECIAL.search("\0".join(texts)) is not None


def _safe(texts: Sequence[str]) -> Callable[[str], str]:
    """What makes these texts safe: nothing, where none of them holds anything special."""
    return escape if _special(texts) else str


def _pattern(state: str, look: str, about: str, *, blocked: bool) -> tuple[str, int]:
    """A seat of a kind, and how often its place is written.

    It has room for the seat's id, its place in the order of keys, its name in two parts, other attributes, the place.
    """
    before, between, after = _SHAPES[state, blocked]
    start, about = f"{before}seat {look}{between}".replace("%", "%%"), about.replace("%", "%%")
    return f'{start} id="seat-%s" role="option" tabindex="%s" aria-label="%s%s{about}"%s{after}', _pairs(after)


def _pairs(after: str) -> int:
    return after.count("%s") // 2


def _more(safe: Callable[[str], str], row: str, who: str, why: str) -> str:
    more = f' data-row="{safe(row)}"'
    if who:
        more += f' data-who="{safe(who)}"'
    return f'{more} data-why="{safe(why)}"' if why else more
