"""Tickets as a gate sees them: one by its secret, with everything that decides whether it opens."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.checkin.models import CheckinUndone, checkin_list_items, device_items
from portal.core.actors import DeviceScope
from portal.core.i18n import localise
from portal.core.names import compose
from portal.core.statements import json_rows, rows
from portal.events.models import Item, ItemVariation, Question, question_items
from portal.tickets.models import Checkin, Order, OrderPosition

#: Question types that the phones can ask; the check-in APIs leave the others out (platform rules).
ASKABLE = ("N", "S", "T", "B", "C", "M", "D", "H", "W")

POSITIONS: sa.Table = OrderPosition.metadata.tables["order_positions"]
ORDERS: sa.Table = Order.metadata.tables["orders"]
CHECKINS: sa.Table = Checkin.metadata.tables["checkins"]
UNDONE: sa.Table = CheckinUndone.metadata.tables["checkins_undone"]
ITEMS: sa.Table = Item.metadata.tables["items"]
VARIATIONS: sa.Table = ItemVariation.metadata.tables["item_variations"]
QUESTIONS: sa.Table = Question.metadata.tables["questions"]
PARENTS = POSITIONS.alias("parents")

_p, _o = POSITIONS.c, ORDERS.c


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket at a gate. ``paid`` and ``cancelled`` speak of the ticket and its order together."""

    id: int
    secret: str
    order: str
    order_status: str
    item_id: int
    item: str
    variation_id: int | None
    variation: str | None
    attendee_name: str | None
    addons: str
    attention: bool
    cancelled: bool
    redeemed: bool
    may_pend: bool

    @property
    def paid(self) -> bool:
        """Whether it is paid for."""
        return self.order_status == "p" and not self.cancelled

    @property
    def checkin_allowed(self) -> bool:
        """Not cancelled, and paid, or pending where the list includes pending ones."""
        return self.paid or (self.order_status == "n" and self.may_pend and not self.cancelled)

    def checked_in(self) -> "Ticket":
        """The same ticket, in."""
        return replace(self, redeemed=True)


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket with what only a redemption asks: may the gate take it, was it this attempt, are there questions.

    ``scoped``: its product is one of the device's; ``listed``: and one of the list's.
    """

    ticket: Ticket
    scoped: bool
    listed: bool
    replayed: bool
    has_questions: bool


class rare(FunctionElement[bool]):
    """A condition that few rows fulfil. SQLite's statistics count the many tickets that are no add-on as one kind."""

    name = "rare"
    type = sa.Boolean()
    inherit_cache = True
    _is_implicitly_boolean = True


@compiles(rare)
def _rare(element: rare, compiler: Any, **kwargs: Any) -> str:
    return str(compiler.process(element.clauses, **kwargs))


@compiles(rare, "sqlite")
def _rare_sqlite(element: rare, compiler: Any, **kwargs: Any) -> str:
    return f"likelihood({compiler.process(element.clauses, **kwargs)}, 0.00001)"


def only_without_name(name: Any, parts: Any) -> sa.ColumnElement[Any]:
    """Names in parts are read where there is no name: reading JSON costs."""
    return sa.case((name.is_(None), parts))


#: The add-ons of a position: place in the order, product, variation.
_addon = POSITIONS.alias("addons")
_addon_item, _addon_variation = ITEMS.alias("addon_items"), VARIATIONS.alias("addon_variations")
_ADDONS = (
    sa.select(json_rows(_addon.c.positionid, _addon_item.c.name, _addon_variation.c.value))
    .select_from(_addon)
    .join(_addon_item, _addon_item.c.id == _addon.c.item_id)
    .outerjoin(_addon_variation, _addon_variation.c.id == _addon.c.variation_id)
    .where(rare(_addon.c.addon_to_id == _p.id), ~_addon.c.canceled)
    .scalar_subquery()
)

IS_IN = sa.exists().where(CHECKINS.c.position_id == _p.id, CHECKINS.c.list_id == sa.bindparam("list"), CHECKINS.c.first)

TICKET_COLUMNS = (
    _p.id,
    _p.secret,
    _o.code,
    _o.status,
    _p.item_id,
    ITEMS.c.name,
    _p.variation_id,
    VARIATIONS.c.value,
    _p.attendee_name,
    only_without_name(_p.attendee_name, _p.attendee_name_parts),
    PARENTS.c.attendee_name,
    only_without_name(PARENTS.c.attendee_name, PARENTS.c.attendee_name_parts),
    _o.invoice_name,
    only_without_name(_o.invoice_name, _o.invoice_name_parts),
    _ADDONS,
    _o.checkin_attention,
    ITEMS.c.checkin_attention,
    VARIATIONS.c.checkin_attention,
    _p.canceled,
    IS_IN,
)
WIDTH = len(TICKET_COLUMNS)
TICKETS_JOINED = (
    POSITIONS.join(ORDERS, _o.id == _p.order_id)
    .join(ITEMS, ITEMS.c.id == _p.item_id)
    .outerjoin(VARIATIONS, VARIATIONS.c.id == _p.variation_id)
    .outerjoin(PARENTS, PARENTS.c.id == _p.addon_to_id)
)

#: A product of the list, and one that the device may redeem.
LISTED = sa.exists().where(
    checkin_list_items.c.list_id == sa.bindparam("list"), checkin_list_items.c.item_id == _p.item_id
)
SCOPED = sa.exists().where(device_items.c.device_id == sa.bindparam("device"), device_items.c.item_id == _p.item_id)
_ON_LIST = sa.or_(sa.bindparam("all_products", type_=sa.Boolean()), LISTED)
_IN_SCOPE = sa.or_(sa.bindparam("all_items", type_=sa.Boolean()), SCOPED)
ALLOWED = sa.and_(_ON_LIST, _IN_SCOPE)

#: The nonce was used on this list, also for a check-in that was taken back since.
_REPLAYED = sa.or_(
    *(
        sa.exists().where(
            table.c.position_id == _p.id,
            table.c.list_id == sa.bindparam("list"),
            table.c.nonce == sa.bindparam("nonce", type_=sa.String()),
        )
        for table in (CHECKINS, UNDONE)
    )
)
_HAS_QUESTIONS = (
    sa.exists()
    .where(question_items.c.item_id == _p.item_id)
    .where(
        QUESTIONS.c.id == question_items.c.question_id,
        QUESTIONS.c.ask_during_checkin,
        QUESTIONS.c.type.in_([sa.literal_column(f"'{kind}'") for kind in ASKABLE]),
    )
)
_BY_SECRET = (
    sa.select(*TICKET_COLUMNS, _IN_SCOPE, _ON_LIST, _REPLAYED, _HAS_QUESTIONS)
    .select_from(TICKETS_JOINED)
    .where(_p.event_id == sa.bindparam("event"), _p.secret == sa.bindparam("secret"))
)
_IN_SUBEVENT = _p.subevent_id == sa.bindparam("subevent")
_BY_SECRET_AND_SUBEVENT = _BY_SECRET.where(_IN_SUBEVENT)


#: Whether the gate's list includes pending orders.
PENDING: sa.BindParameter[bool] = sa.bindparam("include_pending", type_=sa.Boolean())


def counts(include_pending: sa.SQLColumnExpression[bool]) -> sa.ColumnElement[bool]:
    """A ticket that counts on a list: paid, or pending where the list includes those (platform rules, ``status``).

    Whoever was let in with another one stands in the log, in no figure.
    """
    return sa.and_(~_p.canceled, sa.or_(_o.status == "p", sa.and_(_o.status == "n", include_pending)))


def gate_parameters(gate: DeviceScope) -> dict[str, Any]:
    """The parameters that statements about one gate's tickets share."""
    return {
        "event": gate.event_id,
        "list": gate.list_id,
        "device": gate.device_id,
        "all_products": gate.all_products,
        "all_items": gate.all_items,
        **({} if gate.subevent_id is None else {"subevent": gate.subevent_id}),
    }


def find(gate: DeviceScope, secret: str, nonce: str | None) -> Found | None:
    """The ticket with this secret in the gate's event and subevent; one query."""
    if "\0" in secret:
        return None
    found = rows(
        _BY_SECRET if gate.subevent_id is None else _BY_SECRET_AND_SUBEVENT,
        gate_parameters(gate) | {"secret": secret, "nonce": nonce},
    )
    if not found:
        return None
    row = found[0]
    scoped, listed, replayed, has_questions = (bool(each) for each in row[WIDTH:])
    return Found(read_ticket(row, gate), scoped, scoped and listed, replayed, has_questions)


def read_ticket(row: Sequence[Any], gate: DeviceScope) -> Ticket:
    """A row that begins with `TICKET_COLUMNS`."""
    (
        id_, secret, code, status, item_id, item, variation_id, variation, name, parts, parent_name, parent_parts,
        invoice_name, invoice_parts, addons, order_attention, item_attention, variation_attention, canceled, redeemed,
    ) = row[:WIDTH]  # fmt: skip
    return Ticket(
        id=id_,
        secret=secret,
        order=code,
        order_status=status,
        item_id=item_id,
        item=localise(item, gate.locale),
        variation_id=variation_id,
        variation=localise(variation, gate.locale) if variation_id is not None else None,
        attendee_name=full_name((name, parts), (parent_name, parent_parts), (invoice_name, invoice_parts)),
        addons=_addons_text(addons, gate.locale),
        attention=bool(order_attention or item_attention or variation_attention),
        cancelled=bool(canceled) or status == "c",
        redeemed=bool(redeemed),
        may_pend=gate.include_pending,
    )


def full_name(*candidates: tuple[str | None, Mapping[str, str] | str | None]) -> str | None:
    """The first name there is: the ticket's own, that of the ticket it is an add-on of, the invoice's."""
    for name, parts in candidates:
        known = name or compose(_unpacked(parts))
        if known:
            return known
    return None


def product_name(item: str, variation: str) -> str:
    """A product with its variation."""
    return f"{item} - {variation}" if variation else item


def _unpacked(value: Any) -> Any:
    """JSON that came inside JSON or through a case: SQLite hands it out as text."""
    return json.loads(value) if isinstance(value, str) else value


def _addons_text(addons: Iterable[Sequence[Any]] | str | None, locale: str) -> str:
    if not addons or addons == "[]":
        return ""
    return ", ".join(
        product_name(localise(_unpacked(item), locale), localise(_unpacked(variation), locale))
        for _position, item, variation in sorted(_unpacked(addons), key=lambda row: int(row[0]))
    )
