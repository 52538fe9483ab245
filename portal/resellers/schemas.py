"""Reseller accounts and new organizers as the REST doors show and take them."""

from marshmallow import EXCLUDE, Schema, fields

from portal.events.organizers import MAX_NAME
from portal.events.slugs import SLUG


class ResellerSchema(Schema):
    """A reseller account."""

    id = fields.Integer(required=True, metadata={"description": "The reseller id"})
    name = fields.String(required=True, metadata={"description": "Internal name of the account"})
    public_name = fields.String(required=True, metadata={"description": "Public name of the account"})
    public_url = fields.String(required=True, metadata={"description": "Public address of the company"})
    support_email = fields.String(required=True, metadata={"description": "Address for support"})
    support_phone = fields.String(required=True, metadata={"description": "Phone number for support"})
    communication_language = fields.String(required=True, metadata={"description": "Language to communicate in"})


class ClientWriteSchema(Schema):
    """An organizer to create. Other fields are ignored."""

    class Meta:
        unknown = EXCLUDE

    name = fields.String(required=True, metadata={"minLength": 1, "maxLength": MAX_NAME})
    slug = fields.String(
        required=True,
        metadata={"pattern": f"^{SLUG.pattern}$", "description": "Unique in the installation, in any case"},
    )


class ClientSchema(Schema):
    """An organizer that was created."""

    id = fields.Integer(required=True, metadata={"description": "The organizer's id"})
    name = fields.String(required=True)
    slug = fields.String(required=True)
