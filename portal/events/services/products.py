"""Products with their variations: made, changed, and deleted as long as nothing was sold."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput, NotFound
from portal.core.sentences import Sentence
from portal.events.models import Item, ItemVariation
from portal.events.services.changes import count, record

SOLD = Sentence("This was sold, lies in a cart, or has vouchers: it cannot be deleted. Take it off sale instead.")
MOST_VARIATIONS = 100


@dataclass(frozen=True, slots=True)
class VariationValues:
    """A variation: one that is there by its ``id``, or a new one. No price is the product's price."""

    id: int | None
    value: dict[str, str]
    default_price: Decimal | None
    active: bool
    checkin_attention: bool
    position: int


@dataclass(frozen=True, slots=True)
class ProductValues:
    """A product with all its variations: one that is missing is deleted."""

    name: dict[str, str]
    default_price: Decimal
    admission: bool
    active: bool
    checkin_attention: bool
    position: int
    variations: Sequence[VariationValues] = ()


_ITEM = ("name", "default_price", "admission", "active", "checkin_attention", "position")
_VARIATION = ("value", "default_price", "active", "checkin_attention", "position")


def save_product(*, actor: Actor, event: EventScope, item_id: int | None, values: ProductValues) -> int:
    """Make a product, or set one; its id.

    Raises `InvalidInput` on ``variations`` where one that was sold would go, `NotFound` for another event's product.
    """
    if len(values.variations) > MOST_VARIATIONS:
        raise InvalidInput({"variations": [Sentence("At most %(most)s are possible.", most=MOST_VARIATIONS)]})
    item = Item(event_id=event.event_id) if item_id is None else _locked(event, item_id)
    for name in _ITEM:
        setattr(item, name, getattr(values, name))
    db.session.add(item)
    db.session.flush()
    there = {} if item_id is None else {each.id: each for each in item.variations}
    kept = {each.id for each in values.variations if each.id in there}
    for gone in there.keys() - kept:
        if _sold("variation_id", gone):
            raise InvalidInput({"variations": [SOLD]})
        db.session.delete(there[gone])
    for each in values.variations:
        variation = there.get(each.id or 0) or ItemVariation(item_id=item.id)
        for name in _VARIATION:
            setattr(variation, name, getattr(each, name))
        db.session.add(variation)
    db.session.flush()
    db.session.expire(item, ["variations"])
    action = "product.created" if item_id is None else "product.changed"
    record(actor, event, action, "product", item.id, name=values.name)
    return item.id


def delete_product(*, actor: Actor, event: EventScope, item_id: int) -> None:
    """Delete a product that was never sold. Raises `Conflict` with the reason for another."""
    item = _locked(event, item_id)
    if _sold("item_id", item.id):
        raise Conflict(SOLD)
    name = item.name
    db.session.delete(item)
    db.session.flush()
    record(actor, event, "product.deleted", "product", item_id, name=name)


def _locked(event: EventScope, item_id: int) -> Item:
    statement = sa.select(Item).where(Item.event_id == event.event_id, Item.id == item_id).with_for_update()
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("This product does not exist, or it belongs to another event.")
    return found


def _sold(column: str, id_: int) -> bool:
    return any(count(table, **{column: id_}) for table in ("order_positions", "cart_positions", "vouchers"))
