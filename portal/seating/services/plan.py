"""Seating plans: an upload is read and kept, shown against the seats that stand, and put in place when confirmed."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput, NotFound
from portal.core.statements import one_of_ids, run
from portal.events.models import Event
from portal.seating.layout import LayoutError, Plan, parse_layout
from portal.seating.models import SeatingPlan, SeatingPlanDraft
from portal.seating.queries import HOLDERS, SEATS, Place, in_place
from portal.seating.queries.places import place_of
from portal.seating.services.blocking import SEAT_CHANGES, hold_seats
from portal.seating.services.plan_diff import Diff, compare, has_moved, product_names

#: Seats keep the product they have; new ones get the category's usual one.
KEEP: Final = "keep"
_NAMED = 20
_EMPTY = "This plan has no seats."

_s = SEATS.c
_LOCK = {
    series: sa.select(_s.id).where(*in_place(series)).order_by(_s.id).with_for_update() for series in (False, True)
}
_DELETE = SEATS.delete().where(one_of_ids(_s.id, "seats"))
_FORGET = SEAT_CHANGES.delete().where(one_of_ids(SEAT_CHANGES.c.seat_id, "seats"))
_CHANGED = ("zone_name", "row_name", "row_label", "seat_number", "seat_label", "x", "y", "sorting_rank", "product_id")
_UPDATE = (
    SEATS.update()
    .where(_s.id == sa.bindparam("seat"))
    .values({name: sa.bindparam(f"new_{name}", type_=_s[name].type) for name in (*_CHANGED, "modified")})
)


class PlanRefused(InvalidInput):
    """The file holds no plan that can be used; ``problems`` names a JSON path and a reason each."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__({"plan": [f"{path}: {reason}" if path else reason for path, reason in problems]})
        self.problems = problems


class SeatsHeld(Conflict):
    """Seats that the plan would remove belong to somebody."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"Seats that belong to somebody cannot be removed: {listed(names)}.", code="seats_held")
        self.names = names


def listed(names: list[str]) -> str:
    """The first of many names; the dots say that there are more."""
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


@dataclass(frozen=True, slots=True)
class Preview:
    """An upload that waits, and what it would change."""

    draft: SeatingPlanDraft
    diff: Diff


@dataclass(frozen=True, slots=True)
class Applied:
    """What putting a plan in place changed."""

    added: int
    changed: int
    removed: int


# ---------------------------------------------------------------------------------------------------------- upload


def read_plan(data: bytes, *, event_slug: str) -> tuple[str, dict[str, Any], Plan]:
    """The name, the layout and the plan of a file: pretix' seating plan file, or a bundle with the event's plan.

    Raises `PlanRefused`.
    """
    try:
        given = orjson.loads(data)
        plain = orjson.dumps(given)
    except orjson.JSONDecodeError as error:
        raise PlanRefused([("", f"The file is not JSON: {error}.")]) from error
    except (TypeError, orjson.JSONEncodeError) as error:
        raise PlanRefused([("", "The file is nested too deeply.")]) from error
    if b"\\u0000" in plain:
        raise PlanRefused([("", "The file holds a null character.")])
    layout, path, name = _layout(given, event_slug)
    try:
        plan = parse_layout(layout)
    except LayoutError as error:
        raise PlanRefused([(_below(path, at), reason) for at, reason in error.problems]) from error
    if not plan.seats:
        raise PlanRefused([(path, _EMPTY)])
    return (name or plan.name)[:255], layout, plan


def _below(path: str, at: str) -> str:
    return f"{path}.{at}" if path and at else path or at


def _layout(given: Any, event_slug: str) -> tuple[Any, str, str]:
    """The layout in a file, where it stands, and the plan's name if it has one beside it."""
    if not isinstance(given, dict):
        raise PlanRefused([("", "A seating plan is a JSON object.")])
    plan: Any = given
    path = ""
    if given.get("format") == "portal-bundle":
        events = given.get("events")
        for number, event in enumerate(events if isinstance(events, list) else []):
            if isinstance(event, dict) and event.get("slug") == event_slug and event.get("seating_plan"):
                plan, path = event["seating_plan"], f"events[{number}].seating_plan"
                break
        else:
            raise PlanRefused([("events", f"The bundle holds no seating plan for the event “{event_slug}”.")])
    inside = plan.get("layout") if isinstance(plan, dict) else None
    if inside is not None and "zones" not in plan:
        name = plan.get("name")
        return inside, _below(path, "layout"), name if isinstance(name, str) else ""
    return plan, path, ""


def keep_draft(*, actor: Actor, scope: EventScope, subevent_id: int | None, data: bytes) -> SeatingPlanDraft:
    """Keep an upload until it is confirmed, in place of an earlier one. Raises `PlanRefused`."""
    place = place_of(scope, subevent_id)
    name, layout, _ = read_plan(data, event_slug=scope.event_slug)
    db.session.execute(sa.select(Event.id).where(Event.id == scope.event_id).with_for_update())
    db.session.execute(sa.delete(SeatingPlanDraft).where(*_of(SeatingPlanDraft, place)))
    draft = SeatingPlanDraft(
        # Not the next number: SQLite would give a replacement the id of what it replaces.
        id=secrets.randbits(52),
        event_id=place.event_id,
        subevent_id=place.subevent_id,
        name=name,
        layout=layout,
        uploaded_by=actor.label[:255],
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def _of(model: type[SeatingPlan] | type[SeatingPlanDraft], place: Place) -> tuple[sa.ColumnElement[bool], ...]:
    subevent = model.subevent_id.is_(None) if place.subevent_id is None else model.subevent_id == place.subevent_id
    return model.event_id == place.event_id, subevent


def current(*, scope: EventScope, subevent_id: int | None) -> SeatingPlan | None:
    """The plan that is in place."""
    return db.session.scalar(sa.select(SeatingPlan).where(*_of(SeatingPlan, place_of(scope, subevent_id))))


def preview(*, scope: EventScope, subevent_id: int | None) -> Preview | None:
    """The upload that waits, if there is one, and what it would change."""
    place = place_of(scope, subevent_id)
    draft = db.session.scalar(sa.select(SeatingPlanDraft).where(*_of(SeatingPlanDraft, place)))
    return None if draft is None else Preview(draft, compare(place, scope.event_id, parse_layout(draft.layout)))


def discard(*, scope: EventScope, subevent_id: int | None, draft_id: int) -> None:
    """Forget an upload; nothing happens where it is gone already."""
    place = place_of(scope, subevent_id)
    db.session.execute(
        sa.delete(SeatingPlanDraft).where(*_of(SeatingPlanDraft, place), SeatingPlanDraft.id == draft_id)
    )


# -------------------------------------------------------------------------------------------------------- in place


def apply(
    *,
    actor: Actor,
    scope: EventScope,
    subevent_id: int | None,
    draft_id: int,
    products: Mapping[str, int | str | None],
) -> Applied:
    """Put an upload in place. ``products`` says what each category is sold as: a product, nothing, or `KEEP`.

    Seats keep their id by their guid. Raises `SeatsHeld` where a seat would go that is sold, in a cart or held by a
    voucher, and `Conflict` where another upload came in between.
    """
    place = place_of(scope, subevent_id)
    draft = db.session.scalar(
        sa.select(SeatingPlanDraft)
        .where(*_of(SeatingPlanDraft, place), SeatingPlanDraft.id == draft_id)
        .with_for_update()
    )
    if draft is None:
        raise Conflict("This upload was put in place, discarded or replaced already. Upload the plan again if needed.")
    hold_seats(place.event_id)
    run(_LOCK[place.subevent_id is not None], _parameters(place))
    diff = compare(place, scope.event_id, parse_layout(draft.layout))
    if diff.held:
        raise SeatsHeld([seat.name for seat, _ in diff.held])
    known = product_names(scope.event_id)
    if any(product not in known for product in products.values() if product not in (None, KEEP)):
        raise NotFound("This product does not exist, or it belongs to another event.")
    now = clock.now()
    applied = _write(place, diff, {category.name: category.product_id for category in diff.categories} | dict(products))
    plan_id = _store(place, draft)
    db.session.execute(sa.delete(SeatingPlanDraft).where(SeatingPlanDraft.id == draft.id))
    db.session.execute(sa.update(Event).where(Event.id == scope.event_id).values(modified=now))
    audit.record(
        actor=actor,
        action="seating_plan.changed",
        organizer_id=scope.organizer_id,
        event_id=scope.event_id,
        object_kind="seating_plan",
        object_id=plan_id,
        data={
            "name": draft.name,
            "subevent": place.subevent_id,
            "added": applied.added,
            "changed": applied.changed,
            "removed": applied.removed,
            "removed_guids": [seat.guid for seat in diff.removed],
            "products": dict(products),
        },
    )
    return applied


def _parameters(place: Place) -> dict[str, int]:
    values = {"event": place.event_id}
    return values if place.subevent_id is None else values | {"subevent": place.subevent_id}


def _write(place: Place, diff: Diff, products: Mapping[str, int | str | None]) -> Applied:
    now = clock.now()
    usual = {category.name: category.product_id for category in diff.categories}
    if gone := [seat.id for seat in diff.removed]:
        for table, _ in HOLDERS:
            # Cancelled positions, carts that ran out and used vouchers let go of their seat.
            run(
                table.update()
                .where(one_of_ids(table.c.seat_id, "seats"))
                .values(seat_id=None, modified=sa.bindparam("new_modified", type_=table.c.modified.type)),
                {"seats": gone, "new_modified": now},
            )
        run(_FORGET, {"seats": gone})
        run(_DELETE, {"seats": gone})
    changes: list[dict[str, Any]] = []
    seen = 0
    for before, rank, seat in diff.kept:
        product = products.get(seat.category)
        x, y = (seat.x, seat.y) if has_moved(before, seat) else (before.x, before.y)
        values: tuple[Any, ...] = (
            seat.zone_name, seat.row_name, seat.row_label, seat.number, seat.label, x, y, rank,
            before.product_id if product == KEEP else product,
        )  # fmt: skip
        stands = (
            before.zone_name, before.row_name, before.row_label, before.number, before.label, before.x, before.y,
            before.rank, before.product_id,
        )  # fmt: skip
        if values != stands:
            seen += _but_rank(values) != _but_rank(stands)
            names = dict(zip((f"new_{name}" for name in _CHANGED), values, strict=True))
            changes.append({"seat": before.id, "new_modified": now} | names)
    connection = db.session.connection()
    if changes:
        connection.execute(_UPDATE, changes)
    if diff.added:
        connection.execute(
            SEATS.insert(),
            [
                {
                    "event_id": place.event_id,
                    "subevent_id": place.subevent_id,
                    "zone_name": seat.zone_name,
                    "row_name": seat.row_name,
                    "row_label": seat.row_label,
                    "seat_number": seat.number,
                    "seat_label": seat.label,
                    "seat_guid": seat.guid,
                    "product_id": usual[seat.category] if (given := products[seat.category]) == KEEP else given,
                    "blocked": False,
                    "x": seat.x,
                    "y": seat.y,
                    "sorting_rank": rank,
                    "modified": now,
                }
                for rank, seat in diff.added
            ],
        )
    return Applied(len(diff.added), seen, len(gone))


def _but_rank(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """What people see of a seat: where it stands in the order is not counted as a change."""
    at = _CHANGED.index("sorting_rank")
    return values[:at] + values[at + 1 :]


def _store(place: Place, draft: SeatingPlanDraft) -> int:
    """The draft as the plan in place; its id."""
    plan = db.session.scalar(sa.select(SeatingPlan).where(*_of(SeatingPlan, place)).with_for_update())
    if plan is None:
        plan = SeatingPlan(event_id=place.event_id, subevent_id=place.subevent_id)
        db.session.add(plan)
    plan.name, plan.layout = draft.name, draft.layout
    db.session.flush()
    return plan.id
