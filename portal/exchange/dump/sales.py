"""Dumping orders with their positions, in batches, and carts."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from portal.core.statements import one_of_ids
from portal.exchange.dump.encoding import Entry, Table, in_order, put
from portal.exchange.load import kinds, resources
from portal.seating.models import Seat
from portal.tickets.models import answer_options

_BATCH = 1000
_O, _P, _A, _C, _CART = (kind.table for kind in (kinds.ORDER, kinds.POSITION, kinds.ANSWER, kinds.CHECKIN, kinds.CART))
_GUID = Seat.seat_guid.label("seat_guid")
_REFERENCES = ("item", "variation", "voucher", "addon_to", "subevent")
_ORDERS = Table(_O, resources.ORDER, _O.c.invoice_name, _O.c.invoice_name_parts, _O.c.invoice_company)
_POSITIONS = Table(
    _P, resources.POSITION, _P.c.order_id, _P.c.positionid, *(_P.c[f"{name}_id"] for name in _REFERENCES), _GUID
)
_ANSWERS = Table(_A, resources.ANSWER, _A.c.position_id, _A.c.question_id)
_CHECKINS = Table(_C, resources.CHECKIN, _C.c.position_id, _C.c.list_id, _C.c.first)
_CARTS = Table(_CART, resources.CART, *(_CART.c[f"{name}_id"] for name in _REFERENCES), _CART.c.answers, _GUID)


def orders(connection: sa.Connection, event_id: int) -> Iterator[Entry]:
    """All orders of an event."""
    last = 0
    while True:
        some = sa.select(_O.c.id).where(_O.c.event_id == event_id, _O.c.id > last).order_by(_O.c.id).limit(_BATCH)
        batch = list(connection.scalars(some))
        if not batch:
            return
        last = batch[-1]
        positions = _positions(connection, batch)
        for pk, entry, (name, parts, company) in _ORDERS.read(connection, one_of_ids(_O.c.id, "ids"), ids=batch):
            invoice = put({}, name=name, name_parts=in_order(parts), company=company)
            yield put(entry, invoice_address=invoice or None, positions=positions[pk])


def _positions(connection: sa.Connection, order_ids: Sequence[int]) -> dict[int, list[Entry]]:
    ids = list(connection.scalars(sa.select(_P.c.id).where(one_of_ids(_P.c.order_id, "ids")), {"ids": order_ids}))
    answers = _answers(connection, ids)
    checkins = _checkins(connection, ids)
    found: dict[int, list[Entry]] = defaultdict(list)
    source = _P.outerjoin(Seat.__table__, Seat.id == _P.c.seat_id)
    for pk, entry, rest in _POSITIONS.read(
        connection,
        one_of_ids(_P.c.order_id, "ids"),
        _P.c.order_id,
        _P.c.positionid,
        source=source,
        ids=order_ids,
    ):
        order_id, positionid, *references, guid = rest
        first: Entry = {"id": pk, "positionid": positionid}
        put(first, **dict(zip(_REFERENCES, references, strict=True)))
        if guid is not None:
            entry["seat"] = {"seat_guid": guid}
        found[order_id].append(first | entry | {"answers": answers.get(pk, []), "checkins": checkins.get(pk, [])})
    return found


def _answers(connection: sa.Connection, positions: Sequence[int]) -> dict[int, list[Entry]]:
    options: dict[int, list[int]] = defaultdict(list)
    for answer_id, option_id in connection.execute(
        sa.select(answer_options.c.answer_id, answer_options.c.option_id)
        .join(_A, _A.c.id == answer_options.c.answer_id)
        .where(one_of_ids(_A.c.position_id, "ids"))
        .order_by(answer_options.c.option_id),
        {"ids": positions},
    ):
        options[answer_id].append(option_id)
    found: dict[int, list[Entry]] = defaultdict(list)
    for pk, entry, (position_id, question) in _ANSWERS.read(
        connection, one_of_ids(_A.c.position_id, "ids"), ids=positions
    ):
        found[position_id].append({"question": question} | entry | {"options": options.get(pk, [])})
    return found


def _checkins(connection: sa.Connection, positions: Sequence[int]) -> dict[int, list[Entry]]:
    found: dict[int, list[Entry]] = defaultdict(list)
    for pk, entry, (position_id, list_id, first) in _CHECKINS.read(
        connection, one_of_ids(_C.c.position_id, "ids"), ids=positions
    ):
        found[position_id].append({"id": pk, "list": list_id} | entry | {"first": first})
    return found


def carts(connection: sa.Connection, event_id: int) -> Iterator[Entry]:
    """All cart positions of an event."""
    source = _CART.outerjoin(Seat.__table__, Seat.id == _CART.c.seat_id)
    for pk, entry, rest in _CARTS.read(connection, _CART.c.event_id == event_id, source=source):
        *references, answers, guid = rest
        put(entry, **dict(zip(_REFERENCES, references, strict=True)))
        if guid is not None:
            entry["seat"] = {"seat_guid": guid}
        yield {"id": pk} | entry | {"answers": in_order(answers)}
