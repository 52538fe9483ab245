"""The copy of all tickets for gates that work offline, read in batches so that memory and transactions stay small."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from portal.checkin.queries.state import State
from portal.checkin.queries.tickets import (
    ALLOWED,
    CHECKINS,
    ORDERS,
    PARENTS,
    PENDING,
    POSITIONS,
    Ticket,
    counts,
    full_name,
    gate_parameters,
    only_without_name,
    product_name,
)
from portal.core.actors import DeviceScope
from portal.core.database import is_writing, set_writing
from portal.core.statements import one_of_ids

BATCH = 2000

_p, _o = POSITIONS.c, ORDERS.c
_BATCH = (
    sa.select(
        _p.id,
        _p.secret,
        _o.code,
        _o.status,
        _p.item_id,
        _p.variation_id,
        _p.attendee_name,
        only_without_name(_p.attendee_name, _p.attendee_name_parts),
        PARENTS.c.attendee_name,
        only_without_name(PARENTS.c.attendee_name, PARENTS.c.attendee_name_parts),
        _o.invoice_name,
        only_without_name(_o.invoice_name, _o.invoice_name_parts),
        _o.checkin_attention,
        CHECKINS.c.id,
    )
    .select_from(
        POSITIONS.join(ORDERS, _o.id == _p.order_id)
        .outerjoin(PARENTS, PARENTS.c.id == _p.addon_to_id)
        .outerjoin(
            CHECKINS,
            sa.and_(CHECKINS.c.position_id == _p.id, CHECKINS.c.list_id == sa.bindparam("list"), CHECKINS.c.first),
        )
    )
    .where(
        _p.event_id == sa.bindparam("event"),
        _p.secret > sa.bindparam("after"),
        counts(PENDING),
        ~_o.testmode,
        ALLOWED,
    )
    .order_by(_p.secret)
    .limit(BATCH)
)
_BATCH_IN_SUBEVENT = _BATCH.where(_p.subevent_id == sa.bindparam("subevent"))
_ADDONS = (
    sa.select(_p.addon_to_id, _p.item_id, _p.variation_id)
    .where(one_of_ids(_p.addon_to_id, "ids"), ~_p.canceled)
    .order_by(_p.addon_to_id, _p.positionid)
)


@contextmanager
def _reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for one batch, also when the request's own context is gone."""
    before = is_writing()
    set_writing(False)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection
    finally:
        set_writing(before)


def batches(engine: sa.Engine, gate: DeviceScope, state: State) -> Iterator[list[Ticket]]:
    """All tickets of the gate, by secret. No connection is held while the caller sends what it got."""
    statement = _BATCH if gate.subevent_id is None else _BATCH_IN_SUBEVENT
    parameters = gate_parameters(gate) | {"include_pending": gate.include_pending}
    after = ""
    while True:
        with _reading(engine) as connection:
            rows = connection.execute(statement, parameters | {"after": after}).all()
            addons = _addons(connection, [row[0] for row in rows], state) if rows else {}
        if rows:
            yield _tickets(rows, addons, gate, state)
        if len(rows) < BATCH:
            return
        after = rows[-1][1]


def _addons(connection: sa.Connection, ids: list[int], state: State) -> dict[int, list[str]]:
    products, variations = state.names()
    found: dict[int, list[str]] = {}
    for parent, item, variation in connection.execute(_ADDONS, {"ids": ids}):
        product = products.get(item)
        name = product_name(
            product.name if product else "", variations[variation][1] if variation in variations else ""
        )
        found.setdefault(parent, []).append(name)
    return found


def _tickets(rows: Any, addons: Mapping[int, list[str]], gate: DeviceScope, state: State) -> list[Ticket]:
    products, variations = state.names()
    tickets = []
    for (
        id_, secret, code, status, item_id, variation_id, name, parts, parent_name, parent_parts, invoice_name,
        invoice_parts, attention, entry,
    ) in rows:  # fmt: skip
        product = products.get(item_id)
        variation = variations.get(variation_id)
        tickets.append(
            Ticket(
                id=id_,
                secret=secret,
                order=code,
                order_status=status,
                item_id=item_id,
                item=product.name if product else "",
                variation_id=variation_id,
                variation=variation[1] if variation else None,
                attendee_name=name
                or full_name((name, parts), (parent_name, parent_parts), (invoice_name, invoice_parts)),
                addons=", ".join(addons[id_]) if id_ in addons else "",
                attention=bool(attention or (product and product.attention) or (variation and variation[2])),
                cancelled=False,
                redeemed=entry is not None,
                may_pend=gate.include_pending,
            )
        )
    return tickets
