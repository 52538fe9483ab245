"""Attendees from files: what each row would do, and doing it, all rows or none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext

from portal.core.actors import Actor, EventScope
from portal.core.errors import Conflict, InvalidList
from portal.core.sentences import Sentence
from portal.events.services.changes import touch
from portal.seating.services.holding import NO_SEAT, find_seats, take_seats
from portal.tickets import orders as reads
from portal.tickets.columns import Names, columns
from portal.tickets.matching import Known
from portal.tickets.reading import Row, differs, read_rows
from portal.tickets.services import orders as changes
from portal.tickets.services import people, selling
from portal.tickets.services.rooms import Problems, SeatTake
from portal.tickets.views.naming import NO_VOUCHER
from portal.tickets.views.orders import blueprint
from portal.tickets.views.rooms import ROOMS
from portal.vouchers.queries import ids_by_code
from portal.web.imports import Import, Planned, Record, Refused, add_steps, refuse_wrong

#: What says which ticket a row means, and when: where that is wrong, nothing more is known of it.
_NAMING = frozenset(("order", "position", "external_id", "secret", "subevent"))
_LABELS = {"attendee_name_parts": lazy_gettext("Name"), "attendee_email": lazy_gettext("E-mail")}


@dataclass
class Plan:
    """What the rows of a file would do: new orders with the rows of their tickets, and changes of tickets."""

    rows: list[Row]
    found: list[Any | None]
    orders: list[tuple[selling.NewOrder, list[int]]]
    people: dict[int, dict[str, Any]]
    moves: list[tuple[int, Any, int]]
    status: dict[int, str]
    left_alone: set[int]

    def planned(self, labels: dict[str, Any]) -> list[Planned]:
        """Each row for the preview."""
        moved = {place for place, _, _ in self.moves}
        return [self._row(place, row, moved, labels) for place, row in enumerate(self.rows)]

    def _row(self, place: int, row: Row, moved: set[int], labels: dict[str, Any]) -> Planned:
        found = self.found[place]
        if row.errors:
            return Planned(row.line, row.label, "wrong", row.errors)
        if found is None:
            return Planned(row.line, row.label, "new")
        named = [str(labels[name]) for name in self.people.get(found.id, ())]
        named += [str(labels["seat"])] if place in moved else []
        named += [str(labels["status"])] if found.order_id in self.status and place not in self.left_alone else []
        return Planned(row.line, row.label, "changed" if named else "same", changes=named)


def plan(scope: EventScope, records: Sequence[Record]) -> list[Planned]:
    """What each row would do."""
    return _plan(scope, records).planned(_labels(scope))


def apply(actor: Actor, scope: EventScope, records: Sequence[Record]) -> list[Planned]:
    """Do it. What somebody else took since the preview is `Refused`, and then nothing is done."""
    planned = _plan(scope, records)
    shown = planned.planned(_labels(scope))
    refuse_wrong(shown)
    try:
        if planned.orders:
            orders = [order for order, _ in planned.orders]
            selling.create_orders(actor=actor, event=scope, orders=orders, rooms=ROOMS)
        if planned.people:
            people.change_people(actor=actor, event=scope, people=planned.people, rooms=ROOMS)
        for _, ticket, seat_id in planned.moves:
            people.move(
                actor=actor,
                event=scope,
                order_id=ticket.order_id,
                position_id=ticket.id,
                seat_id=seat_id,
                rooms=ROOMS,
            )
        for order_id, status in planned.status.items():
            changes.set_status(actor=actor, event=scope, order_id=order_id, status=status, rooms=ROOMS)
    except (InvalidList, Conflict) as refused:
        raise Refused() from refused
    touch(scope.event_id)
    return shown


def _labels(scope: EventScope) -> dict[str, Any]:
    return {column.name: column.label for column in columns(scope)} | _LABELS


def _plan(scope: EventScope, records: Sequence[Record]) -> Plan:
    scheme = reads.name_scheme(scope.event_id)
    rows = read_rows(records, Names(scope), series=scope.has_subevents, zone=scope.timezone, scheme=scheme)
    known = Known(
        scope.event_id,
        codes=list({row.order for row in rows if row.order}),
        secrets=[row.secret for row in rows if row.secret],
        ids=[row.external_id for row in rows if row.external_id],
    )
    found = [
        known.ticket(external_id=row.external_id, code=row.order, number=row.number, secret=row.secret) for row in rows
    ]
    _same_ticket(rows, found)
    seats = find_seats(scope.event_id, {(row.subevent_id, row.seat) for row in rows if row.seat})
    vouchers = ids_by_code(scope.event_id, {row.voucher for row in rows if row.voucher})
    for row, ticket in zip(rows, found, strict=True):
        if row.seat and (row.subevent_id, row.seat) not in seats:
            row.errors.setdefault("seat", []).append(NO_SEAT)
        if row.voucher and ticket is None and row.voucher not in vouchers:
            row.errors.setdefault("voucher", []).append(NO_VOUCHER)
        if ticket is None and row.order in known.codes:
            message = Sentence("Order %(code)s is there already, without this ticket.", code=row.order)
            row.errors.setdefault("order", []).append(message)
    made = Plan(rows, found, [], {}, [], {}, set())
    _changes(scope, made, seats)
    made.orders = list(_new_orders(rows, found, seats, vouchers))
    try:
        selling.check_orders(event=scope, orders=[order for order, _ in made.orders], rooms=ROOMS)
    except InvalidList as refused:
        places = [place for _, of_order in made.orders for place in of_order]
        for place, errors in zip(places, refused.entries, strict=True):
            for name, messages in errors.items():
                rows[place].errors.setdefault("order" if name == "code" else name, list(messages))
    return made


def _same_ticket(rows: Sequence[Row], found: Sequence[Any | None]) -> None:
    """Two rows must not mean one ticket by different keys."""
    seen: dict[int, int] = {}
    for row, ticket in zip(rows, found, strict=True):
        if ticket is not None and seen.setdefault(ticket.id, row.line) != row.line:
            row.errors.setdefault("order", []).append(Sentence("Line %(line)s has the same.", line=seen[ticket.id]))


def _changes(scope: EventScope, made: Plan, seats: dict[tuple[int | None, str], int]) -> None:
    """What rows change of tickets that are there. A ticket that was cancelled here is left alone."""
    takes, places = [], []
    for place, (row, ticket) in enumerate(zip(made.rows, made.found, strict=True)):
        if ticket is None or _NAMING & row.errors.keys():
            continue
        if ticket.canceled or ticket.status == "c":
            made.left_alone.add(place)
            continue
        choice = row.choice
        if choice is not None and (choice.item_id, choice.variation_id) != (ticket.item_id, ticket.variation_id):
            message = Sentence("This ticket was sold as another product. Cancel it, and sell a new one.")
            row.errors.setdefault("product", []).append(message)
        changed = {name: value for name, value in row.person.items() if differs(name, value, getattr(ticket, name))}
        if changed:
            made.people[ticket.id] = changed
        seat_id = seats.get((row.subevent_id, row.seat))
        if seat_id is not None and seat_id != ticket.seat_id:
            made.moves.append((place, ticket, seat_id))
            takes.append(SeatTake(place, seat_id, ticket.item_id, ticket.subevent_id, None))
            places.append(place)
        if row.status and row.status != ticket.status:
            made.status[ticket.order_id] = row.status
    problems = Problems()
    if takes:
        take_seats(scope.event_id, takes, problems)
    for place, errors in problems.found.items():
        for name, messages in errors.items():
            made.rows[place].errors.setdefault(name, list(messages))


def _new_orders(
    rows: Sequence[Row],
    found: Sequence[Any | None],
    seats: dict[tuple[int | None, str], int],
    vouchers: dict[str, int],
) -> Iterator[tuple[selling.NewOrder, list[int]]]:
    """Rows that are no ticket yet, by order. Wrong ones too, as far as they can be read: all that is wrong is said."""
    groups: dict[Any, list[int]] = {}
    for place, (row, ticket) in enumerate(zip(rows, found, strict=True)):
        if ticket is None and row.choice is not None and not _NAMING & row.errors.keys():
            groups.setdefault(row.order or place, []).append(place)
    for places in groups.values():
        first = rows[places[0]]
        positions = [_position(rows[place], seats, vouchers) for place in places]
        full = {"_scheme": "full", "full_name": first.invoice_name} if first.invoice_name else {}
        order = selling.NewOrder(
            positions=positions,
            status=first.status or "p",
            code=first.order or None,
            email=first.email or first.person.get("attendee_email"),
            invoice_name_parts=full,
            invoice_company=first.invoice_company,
        )
        yield order, places


def _position(row: Row, seats: dict[tuple[int | None, str], int], vouchers: dict[str, int]) -> selling.NewPosition:
    if row.choice is None:
        raise RuntimeError("a row without errors has a product")
    return selling.NewPosition(
        item_id=row.choice.item_id,
        variation_id=row.choice.variation_id,
        subevent_id=row.subevent_id,
        price=row.price,
        seat_id=seats.get((row.subevent_id, row.seat)),
        voucher_id=vouchers.get(row.voucher),
        person=row.person,
        secret=row.secret or None,
        external_id=row.external_id or None,
        positionid=row.number or None,
    )


ATTENDEES = Import(
    kind="attendees",
    title=lazy_gettext("Import attendees"),
    about=lazy_gettext(
        "Each row is a ticket. Rows with the same order code become one order; orders are paid unless a column says "
        "that they are pending. With an order code, a code on the ticket or an id of your own the same file can be "
        "imported again: it then changes these tickets, and an empty cell leaves what is there."
    ),
    permission="can_change_orders",
    back="orders.index",
    listing=lazy_gettext("Orders"),
    columns=columns,
    plan=plan,
    apply=apply,
)
add_steps(blueprint, ATTENDEES, path="/-/import")
