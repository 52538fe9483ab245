"""What the exhibitors' app sends and gets (exhibitors contract, App API)."""

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from portal.core.moments import as_utc
from portal.exhibitors.schemas import AttendeeFieldSchema
from portal.leads.scans import Scan
from portal.leads.services import MAX_NOTES, MAX_TAG, MAX_TAGS

#: A barcode holds at most some 4,000 characters.
MAX_CODE = 4296
MAX_DEVICE = 190
_EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def _without_nul(value: str) -> None:
    if "\0" in value:
        raise ValidationError("Null characters are not allowed.")


class Moment(fields.Field[dt.datetime]):
    """A point in time, ISO 8601; without a zone it is the event's, which is in the context."""

    def __init__(self, zone: str, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "date-time"}, **kwargs)
        self.zone = zone

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dt.datetime:
        try:
            moment = as_utc(dt.datetime.fromisoformat(value), ZoneInfo(self.zone))
        except (TypeError, ValueError):
            raise ValidationError("This is not a date and time (ISO 8601).") from None
        if moment < _EARLIEST:
            raise ValidationError("This is too long ago to be a scan.")
        return moment


class ScanSchema(Schema):
    """A scanned barcode with what the exhibitor noted. Null and an empty note keep what was there before."""

    class Meta:
        unknown = EXCLUDE

    code = fields.String(required=True, validate=[validate.Length(1, MAX_CODE), _without_nul])
    notes = fields.String(load_default="", allow_none=True, validate=[validate.Length(max=MAX_NOTES), _without_nul])
    scanned = Moment("UTC", load_default=None, allow_none=True)
    scan_type = fields.String(load_default="lead", allow_none=True, validate=validate.OneOf(["lead"]))
    tags = fields.List(
        fields.String(validate=[validate.Length(1, MAX_TAG), _without_nul]),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=MAX_TAGS),
    )
    rating = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(0, 5))
    device_name = fields.String(
        load_default=None, allow_none=True, validate=[validate.Length(max=MAX_DEVICE), _without_nul]
    )
    device_uuid = fields.String(
        load_default=None, allow_none=True, validate=[validate.Length(max=MAX_DEVICE), _without_nul]
    )

    def __init__(self, *, zone: str = "UTC", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        moment = self.fields["scanned"]
        if isinstance(moment, Moment):
            moment.zone = zone

    def scan(self, body: Mapping[str, Any]) -> Scan:
        """The scan in a body. Raises `ValidationError`."""
        values = self.load(body)
        return Scan(
            code=values["code"],
            scanned=values["scanned"],
            notes=values["notes"] or "",
            rating=values["rating"],
            tags=None if values["tags"] is None else tuple(values["tags"]),
            device_name=values["device_name"] or None,
            device_uuid=values["device_uuid"] or None,
        )


@lru_cache(maxsize=600)
def scan_schema(zone: str) -> ScanSchema:
    """The schema for scans of events in a zone; making one costs more than using it."""
    return ScanSchema(zone=zone)


class AttendeeSchema(Schema):
    """What the event shows of somebody."""

    fields_ = fields.List(fields.Nested(AttendeeFieldSchema), required=True, data_key="fields")


class AppLeadSchema(Schema):
    """A lead as the app shows it."""

    attendee = fields.Nested(AttendeeSchema, required=True)
    rating = fields.Integer(required=True, allow_none=True, metadata={"minimum": 0, "maximum": 5})
    tags = fields.List(fields.String(), required=True)
    notes = fields.String(required=True)
    device_name = fields.String(required=True, allow_none=True)
    device_uuid = fields.String(required=True, allow_none=True)


class AppEventSchema(Schema):
    """The event in the profile."""

    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    end_date = fields.DateTime(required=True, allow_none=True)
    slug = fields.String(required=True)
    imprint_url = fields.String(required=True, allow_none=True)
    privacy_url = fields.String(required=True, allow_none=True)
    help_url = fields.String(required=True, allow_none=True)
    terms_url = fields.String(required=True, allow_none=True)
    logo_url = fields.String(required=True, allow_none=True)
    organizer = fields.String(required=True)


class ScanTypeSchema(Schema):
    """A fixed value."""

    key = fields.String(required=True)
    label = fields.String(required=True)


class AppProfileSchema(Schema):
    """The exhibitor whose code was sent."""

    name = fields.String(required=True)
    booth = fields.String(required=True, allow_none=True)
    event = fields.Nested(AppEventSchema, required=True)
    notes = fields.Boolean(required=True)
    tags = fields.List(fields.String(), required=True)
    scan_types = fields.List(fields.Nested(ScanTypeSchema), required=True)


class RedemptionSchema(Schema):
    """A ticket that was bought with a voucher."""

    attendee_fields = fields.List(fields.Nested(AttendeeFieldSchema), required=True)
    redemption_date = fields.Date(required=True)
    subevent = fields.String(required=True, allow_none=True)


class AppVoucherSchema(Schema):
    """A voucher in the app's own format."""

    id = fields.Integer(required=True)
    code = fields.String(required=True)
    max_usages = fields.Integer(required=True)
    redeemed = fields.Integer(required=True)
    valid_until = fields.DateTime(required=True, allow_none=True)
    subevent = fields.String(required=True, allow_none=True)
    tag = fields.String(required=True)
    comment = fields.String(required=True)
    items = fields.List(fields.String(), required=True)
    price_mode = fields.String(required=True)
    value = fields.String(required=True, allow_none=True)
    redemptions = fields.List(fields.Nested(RedemptionSchema), required=True)
