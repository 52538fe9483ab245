"""Vouchers: made with codes of their own or generated ones, set, and deleted as long as nobody used them."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.codes import make_code
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput, NotFound
from portal.core.sentences import Sentence
from portal.core.statements import one_of_texts, run
from portal.events.models import Item, ItemVariation, SubEvent
from portal.events.services.changes import touch
from portal.vouchers import queries
from portal.vouchers.models import PRICE_MODES, Voucher
from portal.vouchers.services.usage import VOUCHERS

_v = VOUCHERS.c
GENERATED = 16
MOST = 5000
NOT_OURS = Sentence("This does not belong to the event.")
TAKEN = Sentence("Another voucher of this event has this code.")
USED = Sentence("Tickets were sold with this voucher: it cannot be deleted. Let it end instead.")
_sold = sa.table("order_positions", sa.column("voucher_id"))
_carts = sa.table("cart_positions", sa.column("voucher_id"))


class Seats(Protocol):
    """Seats, which stand above vouchers; the doors bring them."""

    def hold(self, event_id: int, seat_id: int, subevent_id: int | None, voucher_id: int | None) -> str | None:
        """Lock a seat that a voucher shall hold; why it cannot, or None."""

    def changed(self, event_id: int, seat_ids: Sequence[int]) -> None:
        """Who holds these seats is another now."""


@dataclass(frozen=True, slots=True)
class VoucherValues:
    """What a voucher allows."""

    max_usages: int = 1
    valid_until: dt.datetime | None = None
    block_quota: bool = False
    allow_ignore_quota: bool = False
    price_mode: str = "none"
    value: Decimal | None = None
    item_id: int | None = None
    variation_id: int | None = None
    quota: int | None = None
    tag: str = ""
    comment: str = ""
    seat_id: int | None = None
    subevent_id: int | None = None


_NAMES = tuple(each.name for each in fields(VoucherValues))


def new_codes(count: int) -> list[str]:
    """So many codes that nobody guesses, without letters that look alike."""
    return [make_code(GENERATED) for _ in range(count)]


def create_vouchers(
    *, actor: Actor, event: EventScope, vouchers: Sequence[tuple[str, VoucherValues]], seats: Seats
) -> list[int]:
    """Make vouchers with these codes, all or none; their ids in the same order.

    Raises `InvalidInput` on ``code`` where one is taken, on another field where a value is wrong.
    """
    if taken := taken_codes(event.event_id, [code for code, _ in vouchers]):
        shown = ", ".join(sorted(taken)[:5])
        raise InvalidInput(
            {"code": [TAKEN if len(vouchers) == 1 else Sentence("Taken already: %(codes)s", codes=shown)]}
        )
    parts = Parts(event.event_id)
    rows = [(code, checked(event, values, parts)) for code, values in vouchers]
    for _, values in rows:
        if values.seat_id is not None and (
            wrong := seats.hold(event.event_id, values.seat_id, values.subevent_id, None)
        ):
            raise InvalidInput({"seat": [wrong]})
    now = clock.now()
    shared = {"event_id": event.event_id, "redeemed": 0, "modified": now}
    try:
        db.session.connection().execute(
            VOUCHERS.insert(), [{**asdict(each), **shared, "code": code} for code, each in rows]
        )
    except IntegrityError as error:
        raise Conflict("Somebody else changed this at the same moment. Please try again.") from error
    found = queries.ids_by_code(event.event_id, [code for code, _ in rows])
    ids = [found[code] for code, _ in rows]
    said = {id_: {"code": code} for id_, (code, _) in zip(ids, rows, strict=True)}
    _record(actor, event, "voucher.created", said)
    return ids


def update_vouchers(
    *, actor: Actor, event: EventScope, changes: Mapping[int, Mapping[str, Any]], seats: Seats
) -> list[int]:
    """Set parts of vouchers (fields of `VoucherValues`, and ``code``), by id; the ids of those that changed."""
    statement = sa.select(Voucher).where(Voucher.event_id == event.event_id, Voucher.id.in_(changes))
    statement = statement.order_by(Voucher.id).with_for_update()
    found = {each.id: each for each in db.session.scalars(statement, execution_options={"populate_existing": True})}
    if len(found) != len(changes):
        raise NotFound("This voucher does not exist, or it belongs to another event.")
    parts = Parts(event.event_id)
    said: dict[int, dict[str, Any]] = {}
    moved: list[int] = []
    for id_, voucher in found.items():
        before = VoucherValues(**{name: getattr(voucher, name) for name in _NAMES})
        after = checked(event, replace(before, **{k: v for k, v in changes[id_].items() if k != "code"}), parts)
        code = changes[id_].get("code", voucher.code)
        changed = [name for name in _NAMES if getattr(after, name) != getattr(before, name)]
        if code != voucher.code:
            if code.lower() != voucher.code.lower() and taken_codes(event.event_id, [code]):
                raise InvalidInput({"code": [TAKEN]})
            changed.append("code")
        if not changed:
            continue
        if after.max_usages < voucher.redeemed:
            raise InvalidInput(
                {"max_usages": [Sentence("It was used %(count)s times already.", count=voucher.redeemed)]}
            )
        placed = after.seat_id is not None and {"seat_id", "subevent_id"} & set(changed)
        if placed and (wrong := seats.hold(event.event_id, after.seat_id or 0, after.subevent_id, id_)):
            raise InvalidInput({"seat": [wrong]})
        if before.seat_id is not None and "seat_id" in changed:
            moved.append(before.seat_id)
        for name in _NAMES:
            setattr(voucher, name, getattr(after, name))
        voucher.code = code
        said[id_] = {"code": code, "changed": changed}
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Conflict("Somebody else changed this at the same moment. Please try again.") from error
    if moved:
        seats.changed(event.event_id, moved)
    _record(actor, event, "voucher.changed", said)
    return list(said)


def delete_voucher(*, actor: Actor, event: EventScope, voucher_id: int) -> None:
    """Delete a voucher that nobody used. Raises `Conflict` for another one."""
    statement = sa.select(Voucher).where(Voucher.event_id == event.event_id, Voucher.id == voucher_id)
    voucher = db.session.scalars(statement.with_for_update()).one_or_none()
    if voucher is None:
        raise NotFound("This voucher does not exist, or it belongs to another event.")
    named = [sa.exists().where(table.c.voucher_id == voucher_id).select() for table in (_sold, _carts)]
    if voucher.redeemed or any(run(each).scalar() for each in named):
        raise Conflict(USED)
    code = voucher.code
    db.session.delete(voucher)
    db.session.flush()
    touch(event.event_id)
    _record(actor, event, "voucher.deleted", {voucher_id: {"code": code}})


def taken_codes(event_id: int, codes: Sequence[str]) -> set[str]:
    """Those of the codes that vouchers of the event have, or that are given twice, without regard to case."""
    counted = Counter(code.lower() for code in codes)
    statement = sa.select(sa.func.lower(_v.code)).where(_v.event_id == sa.bindparam("event"))
    there = set(
        run(
            statement.where(one_of_texts(sa.func.lower(_v.code), "codes")), {"event": event_id, "codes": list(counted)}
        ).scalars()
    )
    return {code for code in codes if code.lower() in there or counted[code.lower()] > 1}


class Parts:
    """What an event's vouchers may be for: products, variations by id with their product, dates."""

    def __init__(self, event_id: int) -> None:
        variations = sa.select(ItemVariation.id, ItemVariation.item_id).join(Item, Item.id == ItemVariation.item_id)
        self.items = set(db.session.scalars(sa.select(Item.id).where(Item.event_id == event_id)))
        self.variations = {
            id_: item_id for id_, item_id in db.session.execute(variations.where(Item.event_id == event_id))
        }
        self.dates = set(db.session.scalars(sa.select(SubEvent.id).where(SubEvent.event_id == event_id)))


def checked(event: EventScope, values: VoucherValues, known: Parts | None = None) -> VoucherValues:
    """The values as they may be stored. Raises `InvalidInput` by field."""
    wrong: dict[str, list[str]] = {}
    if values.price_mode not in PRICE_MODES:
        wrong["price_mode"] = [Sentence("Choose one of the entries of the list.")]
    elif values.price_mode == "none":
        values = replace(values, value=None)
    elif values.value is None:
        wrong["value"] = [Sentence("Write an amount such as 12.50.")]
    elif values.price_mode == "percent" and values.value > 100:
        wrong["value"] = [Sentence("At most 100 percent can be taken off.")]
    parts = known if known is not None else Parts(event.event_id)
    if values.item_id is None and values.variation_id is not None:
        wrong["item"] = [Sentence("A variation needs its product.")]
    elif (values.item_id is not None and values.item_id not in parts.items) or (
        values.variation_id is not None and parts.variations.get(values.variation_id) != values.item_id
    ):
        wrong["item"] = [NOT_OURS]
    if values.subevent_id is not None and values.subevent_id not in parts.dates:
        wrong["subevent"] = [NOT_OURS]
    if values.seat_id is not None and values.max_usages != 1:
        wrong["max_usages"] = [Sentence("A voucher that holds a seat can be used once.")]
    if wrong:
        raise InvalidInput(wrong)
    return values


def _record(actor: Actor, event: EventScope, action: str, data: Mapping[int, dict[str, Any]]) -> None:
    audit.record_each(
        actor=actor,
        action=action,
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="voucher",
        entries=data,
    )
