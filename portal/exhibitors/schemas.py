"""Exhibitors as both doors show and take them: types, lengths, addresses, names in parts."""

import re
from collections.abc import Mapping
from typing import Any

from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email
from marshmallow import EXCLUDE, Schema, ValidationError, fields

from portal.core.mail import BadAddress, address
from portal.core.names import check_parts
from portal.core.sentences import Sentence
from portal.vouchers.schemas import VoucherSchema
from portal.web import params

MAX_NAME = 190
MAX_INTERNAL_ID = 255
MAX_BOOTH = 100
MAX_EMAIL = 254
MAX_COPIES = 50
MAX_TAGS = 10_000

_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}")
_MESSAGES: dict[str, Any] = {"required": params.REQUIRED, "null": params.NOT_NULL, "validator_failed": "Invalid value."}
_NOT_A_STRING = Sentence("Not a valid string.")


def is_email(text: str) -> bool:
    """Whether mail can be sent to an address, as far as it can be told without asking anybody."""
    try:
        validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
        address(text)
    except (EmailNotValidError, BadAddress):
        return False
    return len(text) <= MAX_EMAIL


def is_locale(text: str) -> bool:
    """Whether a language tag begins with a language that is known (``de``, ``de-informal``, ``pt-br``)."""
    if len(text) > 16 or not _LOCALE.fullmatch(text):
        return False
    try:
        Locale.parse(re.split("[-_]", text)[0].lower())
    except (UnknownLocaleError, ValueError):
        return False
    return True


class Text(fields.Field[str]):
    """A string without NUL, with nothing around it. ``longest`` is a number of characters.

    Where null is allowed, an empty string is null. Numbers are taken as their digits.
    """

    def __init__(self, *, longest: int | None = None, blank: bool = True, **kwargs: Any) -> None:
        metadata = {"maxLength": longest} if longest else {}
        metadata |= {} if blank else {"minLength": 1}
        super().__init__(error_messages=_MESSAGES, metadata=metadata | kwargs.pop("metadata", {}), **kwargs)
        self.longest, self.blank = longest, blank

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValidationError(_NOT_A_STRING)
        text = str(value).strip()
        if "\0" in text:
            raise ValidationError(params.NULL_CHARACTERS)
        if not text and self.allow_none:
            return None
        if not text and not self.blank:
            raise ValidationError(Sentence("This field may not be blank."))
        if self.longest and len(text) > self.longest:
            raise ValidationError(
                Sentence("Ensure this field has no more than %(count)s characters.", count=self.longest)
            )
        return self.read(text)

    def read(self, text: str) -> str:
        """The text as it is stored; raises `ValidationError`."""
        return text


class Email(Text):
    """One address."""

    def read(self, text: str) -> str:
        if not is_email(text):
            raise ValidationError(Sentence("Enter a valid email address."))
        return text


class EmailList(Text):
    """Addresses separated by commas, each once."""

    def read(self, text: str) -> str:
        addresses = list(dict.fromkeys(part for each in text.split(",") if (part := each.strip())))
        if len(addresses) > MAX_COPIES:
            raise ValidationError(Sentence("Please do not give more than %(count)s addresses.", count=MAX_COPIES))
        wrong = [each for each in addresses if not is_email(each)]
        if wrong:
            raise ValidationError(
                [Sentence("“%(address)s” is not a valid email address.", address=each[:100]) for each in wrong]
            )
        return ",".join(addresses)


class LanguageTag(Text):
    """A language; empty is the event's own."""

    def read(self, text: str) -> str:
        if text and not is_locale(text):
            raise ValidationError(Sentence("“%(text)s” is not a language that is known.", text=text[:20]))
        return text


class Truth(fields.Boolean):
    """A boolean in the spellings that bodies may use."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        result = params.boolean(value)
        if result is None:
            raise ValidationError(params.NOT_A_BOOLEAN)
        return result


class NameParts(fields.Dict):
    """A name in parts, by its scheme."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        try:
            parts = check_parts(value)
        except ValueError as error:
            raise ValidationError(error.args[0]) from None
        if any("\0" in part for part in parts.values()):
            raise ValidationError(params.NULL_CHARACTERS)
        return {key: part if key == "_scheme" else part.strip() for key, part in parts.items()}


class TagNames(fields.List[str]):
    """Names of tags, each once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.String(), error_messages=_MESSAGES, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, list):
            raise ValidationError(f'Expected a list of items but got type "{type(value).__name__}".')
        if len(value) > MAX_TAGS:
            raise ValidationError(f"Please do not pass more than {MAX_TAGS:,} entries.")
        if not all(isinstance(name, str) for name in value):
            raise ValidationError(_NOT_A_STRING)
        if any("\0" in name for name in value):
            raise ValidationError(params.NULL_CHARACTERS)
        return list(dict.fromkeys(name.strip() for name in value))


_PARTS = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "description": "The contact person's name in parts; `_scheme` says which parts there are",
    "example": {"_scheme": "given_family", "given_name": "Cave", "family_name": "Johnson"},
}
_COPIES = {"description": "Addresses that get a copy, separated by commas"}


class ExhibitorWriteSchema(Schema):
    """An exhibitor as it is created or replaced. Other fields, the access codes too, are ignored."""

    class Meta:
        unknown = EXCLUDE

    name = Text(required=True, longest=MAX_NAME, blank=False)
    internal_id = Text(allow_none=True, load_default=None, longest=MAX_INTERNAL_ID)
    contact_name_parts = NameParts(load_default=dict, error_messages=_MESSAGES, metadata=_PARTS)
    contact_email = Email(allow_none=True, load_default=None, longest=MAX_EMAIL, metadata={"format": "email"})
    contact_cc_email = EmailList(allow_none=True, load_default=None, metadata=_COPIES)
    booth = Text(allow_none=True, load_default=None, longest=MAX_BOOTH)
    locale = LanguageTag(load_default="", metadata={"description": "A language; the event's where it is missing"})
    allow_lead_scanning = Truth(load_default=False, error_messages=_MESSAGES)
    allow_lead_access = Truth(load_default=False, error_messages=_MESSAGES)
    allow_voucher_access = Truth(load_default=False, error_messages=_MESSAGES)
    lead_scanning_scope_by_device = Truth(load_default=False, error_messages=_MESSAGES)
    comment = Text(load_default="")
    exhibitor_tags = TagNames(load_default=list, metadata={"description": "Names of tags that the event has"})


class ExhibitorChangeSchema(ExhibitorWriteSchema):
    """What of an exhibitor shall change; what is missing stays."""

    name = Text(longest=MAX_NAME, blank=False)


class ExhibitorSchema(Schema):
    """An exhibitor (exhibitors contract)."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    internal_id = fields.String(required=True, allow_none=True)
    contact_name = fields.String(required=True, allow_none=True)
    contact_name_parts = fields.Dict(required=True, metadata=_PARTS)
    contact_email = fields.String(required=True, allow_none=True)
    contact_cc_email = fields.String(required=True, allow_none=True, metadata=_COPIES)
    booth = fields.String(required=True, allow_none=True)
    locale = fields.String(required=True)
    access_code = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Null for callers without `can_change_event_settings`; never taken from a request"},
    )
    lead_scanning_access_code = fields.String(
        required=True, allow_none=True, metadata={"description": "The code that opens the scanner alone; see above"}
    )
    lead_scanning_scope_by_device = fields.Boolean(required=True)
    allow_lead_scanning = fields.Boolean(required=True)
    allow_lead_access = fields.Boolean(required=True)
    allow_voucher_access = fields.Boolean(required=True)
    comment = fields.String(required=True)
    exhibitor_tags = fields.List(fields.String(), required=True)


class FieldDetailSchema(Schema):
    """A part of a value, such as the given name."""

    label = fields.String(required=True)
    value = fields.String(required=True)


class AttendeeFieldSchema(Schema):
    """Something about an attendee that the event shows to exhibitors."""

    id = fields.String(required=True)
    label = fields.String(required=True)
    value = fields.String(required=True)
    details = fields.List(fields.Nested(FieldDetailSchema), required=True)


class ExhibitorLeadSchema(Schema):
    """A scanned attendee (exhibitors contract)."""

    attendee_order = fields.String(required=True)
    attendee_positionid = fields.Integer(required=True)
    rating = fields.Integer(required=True, allow_none=True, metadata={"minimum": 0, "maximum": 5})
    notes = fields.String(required=True)
    tags = fields.List(fields.String(), required=True)
    first_upload = fields.DateTime(required=True)
    data = fields.List(fields.Nested(AttendeeFieldSchema), required=True)
    device_name = fields.String(required=True, allow_none=True)
    device_uuid = fields.String(required=True, allow_none=True)


class ExhibitorVoucherSchema(VoucherSchema):
    """A voucher of an exhibitor."""

    exhibitor_comment = fields.String(required=True, metadata={"description": "Shown to the exhibitor"})


class AttachmentSchema(Schema):
    """A voucher by its id or by its code."""

    class Meta:
        unknown = EXCLUDE

    id = fields.Integer(metadata={"description": "The voucher's id, or send `code`"})
    code = fields.String(metadata={"description": "The voucher's code, or send `id`"})
    exhibitor_comment = fields.String(metadata={"description": "Shown to the exhibitor; missing leaves what is there"})
