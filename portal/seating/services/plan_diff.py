"""What another plan would do to the seats of a place: add, move, rename, remove, and what stands in the way."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from portal.core import clock
from portal.core.statements import one_of_ids, run
from portal.events.models import Item
from portal.seating.layout import Plan, PlanSeat
from portal.seating.queries import SEATS, Place, in_place
from portal.seating.queries.places import label
from portal.seating.queries.states import state_column

_s = SEATS.c
#: States in which a seat belongs to somebody.
HELD = ("sold", "cart", "voucher")
_SAME_PLACE = 0.05

_SEATS = {
    series: sa.select(
        _s.id, _s.seat_guid, _s.zone_name, _s.row_name, _s.row_label, _s.seat_number, _s.seat_label,
        _s.x, _s.y, _s.sorting_rank, _s.product_id, _s.blocked,
    ).where(*in_place(series)).order_by(_s.sorting_rank, _s.id)
    for series in (False, True)
}  # fmt: skip
_HELD = (
    sa.select(_s.id, state_column().label("state")).where(one_of_ids(_s.id, "seats")).order_by(_s.sorting_rank, _s.id)
)


@dataclass(frozen=True, slots=True)
class Existing:
    """A seat as it stands."""

    id: int
    guid: str
    zone_name: str
    row_name: str
    row_label: str | None
    number: str
    label: str | None
    x: float | None
    y: float | None
    rank: int
    product_id: int | None
    blocked: bool

    @property
    def name(self) -> str:
        """``Balcony/3/12``."""
        return label(self.zone_name, self.row_name, self.number)


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the plan. ``product_id`` is what its seats are sold as, as far as that can be guessed."""

    name: str
    color: str | None
    seats: int
    product_id: int | None
    #: The seats that stand are of several products: they can keep them.
    mixed: bool


@dataclass(slots=True)
class Diff:
    """The seats of a plan against those that stand, by guid."""

    plan: Plan
    added: list[tuple[int, PlanSeat]] = field(default_factory=list)
    moved: list[tuple[Existing, PlanSeat]] = field(default_factory=list)
    renamed: list[tuple[Existing, PlanSeat]] = field(default_factory=list)
    removed: list[Existing] = field(default_factory=list)
    #: All that stay, with their place in the plan.
    kept: list[tuple[Existing, int, PlanSeat]] = field(default_factory=list)
    #: Those to be removed that belong to somebody, with their state.
    held: list[tuple[Existing, str]] = field(default_factory=list)
    categories: list[Category] = field(default_factory=list)


def compare(place: Place, event_id: int, plan: Plan) -> Diff:
    """What ``plan`` would change."""
    values = {"event": place.event_id} | ({} if place.subevent_id is None else {"subevent": place.subevent_id})
    existing = {row[1]: Existing(*row) for row in run(_SEATS[place.subevent_id is not None], values)}
    diff = Diff(plan)
    for rank, seat in enumerate(plan.seats):
        before = existing.pop(seat.guid, None)
        if before is None:
            diff.added.append((rank, seat))
            continue
        diff.kept.append((before, rank, seat))
        if has_moved(before, seat):
            diff.moved.append((before, seat))
        if _names(before) != _names(seat):
            diff.renamed.append((before, seat))
    diff.removed = list(existing.values())
    diff.held = _held(place, diff.removed)
    diff.categories = _categories(event_id, plan, diff.kept)
    return diff


def has_moved(before: Existing, seat: PlanSeat) -> bool:
    """Whether a seat stands elsewhere in the plan; what files round is no move."""
    return (
        before.x is None
        or before.y is None
        or abs(before.x - seat.x) > _SAME_PLACE
        or abs(before.y - seat.y) > _SAME_PLACE
    )


def _names(seat: Existing | PlanSeat) -> tuple[str | None, ...]:
    return seat.zone_name, seat.row_name, seat.row_label, seat.number, seat.label


def _held(place: Place, removed: Sequence[Existing]) -> list[tuple[Existing, str]]:
    if not removed:
        return []
    values = {"event": place.event_id, "now": clock.now(), "seats": [seat.id for seat in removed]}
    states: dict[int, str] = {id_: state for id_, state in run(_HELD, values)}
    return [(seat, states[seat.id]) for seat in removed if states.get(seat.id) in HELD]


def _categories(event_id: int, plan: Plan, kept: Iterable[tuple[Existing, int, PlanSeat]]) -> list[Category]:
    """Each category's product: that of most of its seats, else the one of its name."""
    products: dict[str, Counter[int]] = defaultdict(Counter)
    bare: set[str] = set()
    for before, _, seat in kept:
        if before.product_id is None:
            bare.add(seat.category)
        else:
            products[seat.category][before.product_id] += 1
    by_name = {
        str(name).strip().casefold(): id_ for id_, names in product_names(event_id).items() for name in names.values()
    }
    sizes = Counter(seat.category for seat in plan.seats)
    return [
        Category(
            name=name,
            color=color,
            seats=sizes[name],
            product_id=products[name].most_common(1)[0][0] if products[name] else by_name.get(name.strip().casefold()),
            mixed=len(products[name]) + (name in bare and bool(products[name])) > 1,
        )
        for name, color in plan.categories.items()
    ]


def product_names(event_id: int) -> dict[int, Mapping[str, Any]]:
    """The event's products by id, in their order."""
    statement = sa.select(Item.id, Item.name).where(Item.event_id == event_id).order_by(Item.position, Item.id)
    return {id_: name for id_, name in run(statement)}
