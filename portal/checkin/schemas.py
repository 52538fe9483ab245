"""What the check-in doors take and answer, for the API's description; tests hold the answers equal to these."""

from marshmallow import Schema, fields, validate

from portal.web.openapi import reference


class RedeemSchema(Schema):
    """A redemption; `answer_<question>` fields carry answers."""

    secret = fields.String(required=True)
    questions_supported = fields.String(metadata={"description": "`true` where the gate can ask questions"})
    datetime = fields.String(
        metadata={
            "description": "ISO 8601; without a zone it is the event's; before 2000 or more than a day ahead it is now"
        }
    )
    force = fields.String(metadata={"description": "`true`: the entry was decided offline"})
    ignore_unpaid = fields.String(metadata={"description": "`true`: admit a pending order"})
    nonce = fields.String(metadata={"description": "Names this check-in; a repetition records nothing"})


class TicketSchema(Schema):
    """A ticket, version 3."""

    secret = fields.String(required=True)
    order = fields.String(required=True)
    item = fields.String(required=True)
    item_id = fields.Integer(required=True)
    variation = fields.String(required=True, allow_none=True)
    variation_id = fields.Integer(required=True, allow_none=True)
    attendee_name = fields.String(required=True, allow_none=True)
    attention = fields.Boolean(required=True)
    redeemed = fields.Boolean(required=True)
    checkin_allowed = fields.Boolean(required=True)
    addons_text = fields.String(required=True)
    paid = fields.Boolean(required=True)


class OldTicketSchema(Schema):
    """A ticket in a search of version 2."""

    secret = fields.String(required=True)
    order = fields.String(required=True)
    item = fields.String(required=True)
    variation = fields.String(required=True, allow_none=True)
    attendee_name = fields.String(required=True, allow_none=True)
    redeemed = fields.Boolean(required=True)
    paid = fields.Boolean(required=True)


class OptionSchema(Schema):
    """An option of a question."""

    id = fields.Integer(required=True)
    answer = fields.String(required=True)


class QuestionSchema(Schema):
    """A question to ask at the gate."""

    id = fields.Integer(required=True)
    type = fields.String(required=True, validate=validate.OneOf(("N", "S", "T", "B", "C", "M", "D", "H", "W")))
    question = fields.String(required=True)
    required = fields.Boolean(required=True)
    position = fields.Integer(required=True)
    items = fields.List(fields.Integer(), required=True)
    options = fields.List(fields.Nested(OptionSchema), required=True)


class RedeemedSchema(Schema):
    """The answer to a redemption. Version 2 has `status`, `reason` and `version` alone."""

    status = fields.String(required=True, validate=validate.OneOf(("ok", "incomplete", "error")))
    reason = fields.String(validate=validate.OneOf(("unpaid", "already_redeemed", "product", "unknown_ticket")))
    version = fields.Integer(required=True)
    data = fields.Nested(TicketSchema)
    questions = fields.List(fields.Nested(QuestionSchema))


class SearchSchema(Schema):
    """The answer to a search. Version 2 has seven fields of each result."""

    results = fields.List(
        fields.Raw(metadata={"anyOf": [reference(TicketSchema), reference(OldTicketSchema)]}), required=True
    )
    version = fields.Integer(required=True)


class DownloadSchema(Schema):
    """All tickets that the device may redeem, and the questions that go with them."""

    version = fields.Integer(required=True)
    results = fields.List(fields.Nested(TicketSchema), required=True)
    questions = fields.List(fields.Nested(QuestionSchema), required=True)


class VariationFiguresSchema(Schema):
    """The figures of a variation."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    checkins = fields.Integer(required=True)
    total = fields.Integer(required=True)


class ItemFiguresSchema(Schema):
    """The figures of a product."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    admission = fields.Boolean(required=True)
    checkins = fields.Integer(required=True)
    total = fields.Integer(required=True)
    variations = fields.List(fields.Nested(VariationFiguresSchema), required=True)


class OrganizerSchema(Schema):
    """Who runs the event."""

    name = fields.String(required=True)
    slug = fields.String(required=True)


class EventSchema(Schema):
    """The event, or the date of a series that is scanned for."""

    name = fields.String(required=True)
    slug = fields.String(required=True)
    date_from = fields.DateTime(required=True)
    date_to = fields.DateTime(required=True, allow_none=True)
    timezone = fields.String(required=True)
    url = fields.String(required=True, allow_none=True)
    organizer = fields.Nested(OrganizerSchema, required=True)


class StatusSchema(Schema):
    """How many tickets there are, and how many are in."""

    checkins = fields.Integer(required=True)
    total = fields.Integer(required=True)
    version = fields.Integer(required=True)
    event = fields.Nested(EventSchema, required=True)
    items = fields.List(fields.Nested(ItemFiguresSchema), required=True)
