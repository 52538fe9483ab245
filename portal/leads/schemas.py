"""What the doors take for leads: the filter of a list, and the changes of one."""

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from portal.core.sentences import Sentence
from portal.leads.bulk import BulkChange
from portal.leads.queries.filters import SORTS, LeadFilter
from portal.leads.services import MAX_NOTES, UNCHANGED, LeadChanges

#: A query is cut here: nobody types more, and a longer one only costs time.
MAX_QUERY = 200
MAX_ID = 2**53


class Text(fields.String):
    """A text as databases take it: without NUL, with plain line ends."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs) or ""
        return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")


class LeadFilterSchema(Schema):
    """A list's query."""

    class Meta:
        unknown = EXCLUDE

    q = Text()
    rating = fields.String(validate=validate.OneOf(("", "none", "0", "1", "2", "3", "4", "5")))
    tag = Text()
    note = fields.Boolean()
    device = Text()
    day = fields.Date()
    sort = fields.String(validate=validate.OneOf(SORTS))
    page = fields.Integer(validate=validate.Range(1, 1_000_000))


def read_filter(args: Mapping[str, str]) -> tuple[LeadFilter, int]:
    """The filter and the page; what cannot be read in an address counts as not asked for."""
    given = {name: value for name, value in args.items() if value != ""}
    try:
        values = LeadFilterSchema().load(given)
    except ValidationError as error:
        values = error.valid_data if isinstance(error.valid_data, dict) else {}
    page = values.pop("page", 1)
    if "q" in values:
        values["q"] = values["q"][:MAX_QUERY]
    return LeadFilter(**values), page


class LeadChangesSchema(Schema):
    """A form that changes one part of a lead, or several."""

    class Meta:
        unknown = EXCLUDE

    notes = Text(validate=validate.Length(max=MAX_NOTES, error="A note has at most {max} characters."))
    notes_before = Text()
    notes_of_version = fields.Integer(validate=validate.Range(1, MAX_ID))
    rating = fields.Integer(allow_none=True, validate=validate.Range(0, 5))
    add_tags = fields.List(Text())
    remove_tags = fields.List(Text())

    @post_load
    def make(self, values: dict[str, Any], **_kwargs: Any) -> LeadChanges:
        """The change that the service takes."""
        return LeadChanges(
            notes=values.get("notes", UNCHANGED),
            notes_before=values.get("notes_before"),
            notes_of_version=values.get("notes_of_version"),
            rating=values.get("rating", UNCHANGED),
            add_tags=tuple(tag.strip() for tag in values.get("add_tags", ())),
            remove_tags=tuple(values.get("remove_tags", ())),
        )


class BulkChangeSchema(Schema):
    """The bulk bar's form: which leads, and the button that was pressed."""

    class Meta:
        unknown = EXCLUDE

    id = fields.List(
        fields.Integer(validate=validate.Range(1, MAX_ID)),
        validate=validate.Length(1, error=Sentence("Select at least one lead.")),
        required=True,
    )
    do = fields.String(
        required=True,
        validate=validate.OneOf(("tag", "untag", "rate"), error=Sentence("Choose a tag or a rating first.")),
        error_messages={"null": Sentence("Choose a tag or a rating first.")},
    )
    tag = Text(allow_none=True)
    rating = fields.String(allow_none=True, validate=validate.OneOf(("", "none", "0", "1", "2", "3", "4", "5")))

    @post_load
    def make(self, values: dict[str, Any], **_kwargs: Any) -> tuple[tuple[int, ...], BulkChange]:
        """The leads, and the change that the operation takes."""
        tags = (tag,) if (tag := (values.get("tag") or "").strip()) else ()
        rating = values.get("rating") or ""
        change = BulkChange()
        if values["do"] == "tag":
            change = BulkChange(add_tags=tags)
        elif values["do"] == "untag":
            change = BulkChange(remove_tags=tags)
        elif rating:
            change = BulkChange(rating=None if rating == "none" else int(rating))
        return tuple(dict.fromkeys(values["id"])), change


class TakeBackSchema(Schema):
    """The message that takes a bulk change back."""

    entry = fields.Integer(required=True, validate=validate.Range(1, MAX_ID))
