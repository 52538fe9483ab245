"""Tickets as the REST API shows them inside other resources."""

from marshmallow import Schema, fields


class OrderReferenceSchema(Schema):
    """The order that a nested position belongs to."""

    code = fields.String(required=True)
    event = fields.String(required=True, metadata={"description": "The event's slug"})


class CheckinSchema(Schema):
    """An entry or exit of a position."""

    id = fields.Integer(required=True)
    list = fields.Integer(required=True)
    datetime = fields.DateTime(required=True)
    type = fields.String(required=True, metadata={"enum": ["entry", "exit"]})
    auto_checked_in = fields.Boolean(required=True)


class AnswerSchema(Schema):
    """The answer to a question."""

    question = fields.Integer(required=True)
    answer = fields.String(required=True)
    question_identifier = fields.String(required=True)
    options = fields.List(fields.Integer(), required=True)
    option_identifiers = fields.List(fields.String(), required=True)


class OrderPositionSchema(Schema):
    """A ticket inside another resource."""

    id = fields.Integer(required=True)
    order = fields.Nested(OrderReferenceSchema, required=True)
    positionid = fields.Integer(required=True)
    item = fields.Integer(required=True)
    variation = fields.Integer(required=True, allow_none=True)
    price = fields.String(required=True)
    attendee_name = fields.String(required=True, allow_none=True)
    attendee_name_parts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    company = fields.String(required=True, allow_none=True)
    street = fields.String(required=True, allow_none=True)
    zipcode = fields.String(required=True, allow_none=True)
    city = fields.String(required=True, allow_none=True)
    country = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, allow_none=True)
    discount = fields.Integer(required=True, allow_none=True)
    attendee_email = fields.String(required=True, allow_none=True)
    voucher = fields.Integer(required=True, allow_none=True)
    tax_rate = fields.String(required=True)
    tax_value = fields.String(required=True)
    secret = fields.String(required=True)
    addon_to = fields.Integer(required=True, allow_none=True)
    subevent = fields.Integer(required=True, allow_none=True)
    checkins = fields.List(fields.Nested(CheckinSchema), required=True)
    downloads = fields.List(fields.Dict(), required=True)
    answers = fields.List(fields.Nested(AnswerSchema), required=True)
    tax_rule = fields.Integer(required=True, allow_none=True)
    pseudonymization_id = fields.String(required=True, allow_none=True)
    canceled = fields.Boolean(required=True)
    valid_from = fields.DateTime(required=True, allow_none=True)
    valid_until = fields.DateTime(required=True, allow_none=True)
    blocked = fields.List(fields.String(), required=True, allow_none=True)
    voucher_budget_use = fields.String(required=True, allow_none=True)


class CartPositionSchema(Schema):
    """A product in somebody's cart, inside another resource."""

    id = fields.Integer(required=True)
    cart_id = fields.String(required=True)
    item = fields.Integer(required=True)
    variation = fields.Integer(required=True, allow_none=True)
    price = fields.String(required=True)
    attendee_name = fields.String(required=True, allow_none=True)
    attendee_name_parts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    attendee_email = fields.String(required=True, allow_none=True)
    voucher = fields.Integer(required=True, allow_none=True)
    addon_to = fields.Integer(required=True, allow_none=True)
    subevent = fields.Integer(required=True, allow_none=True)
    datetime = fields.DateTime(required=True)
    expires = fields.DateTime(required=True)
    includes_tax = fields.Boolean(required=True)
    answers = fields.List(fields.Dict(), required=True)
