"""Seats as the REST API shows and takes them."""

from typing import Any

from marshmallow import Schema, fields

from portal.tickets.schemas import CartPositionSchema, OrderPositionSchema
from portal.vouchers.schemas import VoucherSchema
from portal.web.openapi import reference


class HolderField(fields.Field[Any]):
    """Who holds a seat: an id or, expanded, the resource."""

    def __init__(self, nested: type[Schema]) -> None:
        super().__init__(
            required=True,
            allow_none=True,
            metadata={
                "description": "The id of what holds the seat, or the resource itself where `expand` names it",
                "oneOf": [{"type": "integer"}, {"type": "null"}, reference(nested)],
            },
        )
        self.nested = nested

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return self.nested().dump(value) if isinstance(value, dict) else value


class SeatSchema(Schema):
    """A seat (seats contract)."""

    id = fields.Integer(required=True)
    subevent = fields.Integer(required=True, allow_none=True)
    zone_name = fields.String(required=True)
    row_name = fields.String(required=True)
    row_label = fields.String(required=True, allow_none=True)
    seat_number = fields.String(required=True)
    seat_label = fields.String(required=True, allow_none=True)
    seat_guid = fields.String(required=True)
    product = fields.Integer(required=True, allow_none=True)
    blocked = fields.Boolean(required=True)
    orderposition = HolderField(OrderPositionSchema)
    cartposition = HolderField(CartPositionSchema)
    voucher = HolderField(VoucherSchema)


class SeatChangeSchema(Schema):
    """What of a seat can be changed."""

    blocked = fields.Boolean(metadata={"description": "Whether the seat is blocked. Other fields are ignored."})


class SeatReplacementSchema(Schema):
    """A seat as it shall be; everything but `blocked` is ignored."""

    blocked = fields.Boolean(required=True)


class SeatListSchema(Schema):
    """Which seats to block or unblock: 1 to 10,000 ids, or guids."""

    ids = fields.List(fields.Integer(), metadata={"minItems": 1, "maxItems": 10_000})
    seat_guids = fields.List(fields.String(), metadata={"minItems": 1, "maxItems": 10_000})
