"""What the open-source scanner is answered, for the API's description; tests hold the answers equal to these."""

from marshmallow import Schema, fields, validate


class ScannedAttendeeSchema(Schema):
    """What the scanner shows of a person."""

    name = fields.String(required=True)
    email = fields.String(required=True)
    company = fields.String(required=True)
    note = fields.String(required=True)
    tags = fields.List(fields.String(), required=True)


class RefusedSchema(Schema):
    """Why something was not done; a lead that was there before comes with it."""

    success = fields.Boolean(required=True, validate=validate.Equal(False))
    error = fields.String(required=True)
    lead_id = fields.Integer()
    attendee = fields.Nested(ScannedAttendeeSchema)


class AuthSchema(Schema):
    """Whose code it was."""

    success = fields.Boolean(required=True)
    exhibitor_id = fields.Integer(required=True)
    exhibitor_name = fields.String(required=True)
    booth_id = fields.String(required=True, allow_none=True)
    booth_name = fields.String(required=True, allow_none=True)


class ScannedSchema(Schema):
    """A lead that was scanned or changed."""

    success = fields.Boolean(required=True)
    lead_id = fields.Integer(required=True)
    attendee = fields.Nested(ScannedAttendeeSchema, required=True)


class ScannedLeadSchema(Schema):
    """A lead in the list."""

    id = fields.Integer(required=True)
    exhibitor_name = fields.String(required=True)
    pseudonymization_id = fields.String(required=True, allow_none=True)
    scanned = fields.DateTime(required=True)
    scan_type = fields.String(required=True)
    device_name = fields.String(required=True, allow_none=True)
    booth_id = fields.String(required=True, allow_none=True)
    booth_name = fields.String(required=True, allow_none=True)
    attendee = fields.Nested(ScannedAttendeeSchema, required=True)


class ScannedLeadsSchema(Schema):
    """All leads of the exhibitor."""

    success = fields.Boolean(required=True)
    leads = fields.List(fields.Nested(ScannedLeadSchema), required=True)


class OfferedTagsSchema(Schema):
    """The tags that the event offers."""

    success = fields.Boolean(required=True)
    tags = fields.List(fields.String(), required=True)
