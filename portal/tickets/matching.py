"""Which tickets an event has already: by the keys that rows of a file carry."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal.core.statements import one_of_texts, run
from portal.tickets.models import Order, OrderPosition
from portal.tickets.services.selling import PERSON

_p: Any = OrderPosition.metadata.tables["order_positions"].c
_o: Any = Order.metadata.tables["orders"].c
_seats = sa.table("seats", sa.column("id"), sa.column("seat_guid"))
_TICKETS = (
    sa.select(
        _p.id,
        _p.order_id,
        _p.positionid,
        _p.item_id,
        _p.variation_id,
        _p.subevent_id,
        _p.seat_id,
        _p.secret,
        _p.external_id,
        _p.canceled,
        _o.code,
        _o.status,
        *(_p[name] for name in PERSON),
    )
    .select_from(OrderPosition.metadata.tables["order_positions"].join(Order.metadata.tables["orders"]))
    .where(_p.event_id == sa.bindparam("event", type_=sa.BigInteger()))
)
_BY = {
    "code": _TICKETS.where(one_of_texts(_o.code, "values"), _o.event_id == sa.bindparam("event")),
    "secret": _TICKETS.where(one_of_texts(_p.secret, "values")),
    "external_id": _TICKETS.where(one_of_texts(_p.external_id, "values")),
}


class Known:
    """The tickets that the rows of a file may mean; one query for each kind of key."""

    def __init__(self, event_id: int, *, codes: Sequence[str], secrets: Sequence[str], ids: Sequence[str]) -> None:
        def found(key: str, values: Sequence[str]) -> Sequence[Any]:
            return run(_BY[key], {"event": event_id, "values": list(values)}).all() if values else ()

        rows = found("code", codes)
        self.by_number = {(row.code, row.positionid): row for row in rows}
        self.codes = {row.code for row in rows}
        self.by_secret = {row.secret: row for row in found("secret", secrets)}
        self.by_external_id = {row.external_id: row for row in found("external_id", ids)}

    def ticket(self, *, external_id: str, code: str, number: int, secret: str) -> Any | None:
        """The ticket of a row: by the file's own id, else by order and number, else by the code on it."""
        if external_id and external_id in self.by_external_id:
            return self.by_external_id[external_id]
        if code and (code, number) in self.by_number:
            return self.by_number[code, number]
        return self.by_secret.get(secret) if secret else None
