"""Vouchers as the REST API shows them."""

from marshmallow import Schema, fields

from portal.vouchers.models import PRICE_MODES


class VoucherSchema(Schema):
    """A voucher (platform rules, Voucher)."""

    id = fields.Integer(required=True)
    code = fields.String(required=True)
    max_usages = fields.Integer(required=True)
    redeemed = fields.Integer(required=True)
    valid_until = fields.DateTime(required=True, allow_none=True)
    block_quota = fields.Boolean(required=True)
    allow_ignore_quota = fields.Boolean(required=True)
    price_mode = fields.String(required=True, metadata={"enum": list(PRICE_MODES)})
    value = fields.String(required=True, allow_none=True, metadata={"description": "A decimal with two places"})
    item = fields.Integer(required=True, allow_none=True)
    variation = fields.Integer(required=True, allow_none=True)
    quota = fields.Integer(required=True, allow_none=True)
    tag = fields.String(required=True)
    comment = fields.String(required=True)
    seat = fields.String(required=True, allow_none=True, metadata={"description": "The seat's guid"})
    subevent = fields.Integer(required=True, allow_none=True)
