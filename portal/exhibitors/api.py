"""The REST doors of exhibitors: the resource, its leads and vouchers, sending its code (exhibitors contract)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError

from portal.core.database import db
from portal.core.errors import Forbidden, InvalidInput, NotFound
from portal.exhibitors import resources
from portal.exhibitors.schemas import (
    AttachmentSchema,
    ExhibitorChangeSchema,
    ExhibitorLeadSchema,
    ExhibitorSchema,
    ExhibitorVoucherSchema,
    ExhibitorWriteSchema,
)
from portal.exhibitors.services import manage, send
from portal.exhibitors.services import vouchers as voucher_services
from portal.exhibitors.services.vouchers import MOST_AT_ONCE, Attachment, Unreadable
from portal.leads import resources as leads
from portal.tickets.sight import sight_of
from portal.vouchers import queries as vouchers
from portal.web import conditional, params
from portal.web.access import actor, api_event, event_scope
from portal.web.conditional import Stamp
from portal.web.openapi import documented, page_of
from portal.web.paging import read_page
from portal.web.rest import done, dumps, reply
from portal.web.urls import public_base

blueprint = Blueprint(
    "exhibitors_api",
    __name__,
    url_prefix="/api/v1/organizers/<organizer>/events/<event>/exhibitors",
    description="The exhibitors of an event, their leads and vouchers",
)
blueprint.DEFAULT_TAG = "exhibitors"

MANAGE = "can_change_event_settings"
#: A missing exhibitor is a 403 (contract decision 3).
_ERRORS = (401, 403)

_counts = conditional.Counts()


def _sees_codes() -> bool:
    return event_scope().may(MANAGE)


@contextmanager
def _forbidding() -> Iterator[None]:
    """An exhibitor that does not exist, or not in this event, is a 403 (contract decision 3)."""
    try:
        yield
    except NotFound:
        raise Forbidden() from None


def _known(exhibitor: str) -> int:
    """The id in the path, of an exhibitor of this event; asked before the body is looked at."""
    number = params.parse_id(exhibitor)
    if number is None or not resources.exists(event_scope().event_id, number):
        raise Forbidden()
    return number


def _one(exhibitor_id: int) -> dict[str, Any]:
    found = resources.one(event_scope().event_id, exhibitor_id, with_codes=_sees_codes())
    if found is None:
        raise Forbidden()
    return found


def _load(schema: Schema, *, partial: bool = False) -> dict[str, Any]:
    try:
        values: dict[str, Any] = schema.load(params.read_body(lists=("exhibitor_tags",)), partial=partial)
    except ValidationError as error:
        raise InvalidInput(error.messages_dict) from None
    return values


# ------------------------------------------------------------------------------------------------- the resource


@blueprint.route("/", methods=["GET"])
@documented(page_of(ExhibitorSchema), listing=True)
@api_event()
def list_exhibitors(organizer: str, event: str) -> Response:
    """List exhibitors."""
    event_id = event_scope().event_id
    stamp = Stamp(resources.last_changes(event_id))
    if not _sees_codes():
        # Whoever may see codes from tomorrow on must not be told that nothing has changed since the list without.
        stamp.latest -= timedelta(seconds=1)
    page = read_page(_counts.get(event_id, stamp, lambda: resources.count(event_id)))
    if unchanged := conditional.not_modified(stamp):
        return unchanged
    found = resources.page(event_id, limit=page.size, offset=page.offset, with_codes=_sees_codes())
    return conditional.answer(dumps(page.envelope(found)), stamp)


@blueprint.route("/<id:exhibitor_id>/", methods=["GET"])
@documented(ExhibitorSchema, errors=_ERRORS)
@api_event()
def get_exhibitor(organizer: str, event: str, exhibitor_id: str) -> Response:
    """Show an exhibitor."""
    number = params.parse_id(exhibitor_id)
    if number is None:
        raise Forbidden()
    return reply(_one(number))


@blueprint.route("/", methods=["POST"])
@documented(ExhibitorSchema, status=201, errors=_ERRORS, body=ExhibitorWriteSchema, writing=True, permission=MANAGE)
@api_event(MANAGE)
def create_exhibitor(organizer: str, event: str) -> Response:
    """Create an exhibitor."""
    exhibitor_id = manage.create(actor=actor(), event=event_scope(), values=_load(ExhibitorWriteSchema()))
    return done(_one(exhibitor_id), 201)


@blueprint.route("/<id:exhibitor_id>/", methods=["PATCH"])
@documented(ExhibitorSchema, errors=_ERRORS, body=ExhibitorChangeSchema, writing=True, permission=MANAGE)
@api_event(MANAGE)
def patch_exhibitor(organizer: str, event: str, exhibitor_id: str) -> Response:
    """Change an exhibitor; what is missing stays."""
    number = _known(exhibitor_id)
    return _update(number, _load(ExhibitorChangeSchema(), partial=True))


@blueprint.route("/<id:exhibitor_id>/", methods=["PUT"])
@documented(ExhibitorSchema, errors=_ERRORS, body=ExhibitorWriteSchema, writing=True, permission=MANAGE)
@api_event(MANAGE)
def put_exhibitor(organizer: str, event: str, exhibitor_id: str) -> Response:
    """Replace an exhibitor; what is missing is reset."""
    number = _known(exhibitor_id)
    return _update(number, _load(ExhibitorWriteSchema()))


def _update(exhibitor_id: int, values: dict[str, Any]) -> Response:
    with _forbidding():
        manage.update(actor=actor(), event=event_scope(), exhibitor_id=exhibitor_id, values=values)
    return done(_one(exhibitor_id))


@blueprint.route("/<id:exhibitor_id>/", methods=["DELETE"])
@documented(None, status=204, errors=_ERRORS, writing=True, permission=MANAGE)
@api_event(MANAGE)
def delete_exhibitor(organizer: str, event: str, exhibitor_id: str) -> Response:
    """Delete an exhibitor with its leads and its links to vouchers; the vouchers stay."""
    with _forbidding():
        manage.delete(actor=actor(), event=event_scope(), exhibitor_id=_known(exhibitor_id))
    return done(None, 204)


# ------------------------------------------------------------------------------------------- leads and vouchers


@blueprint.route("/<id:exhibitor_id>/leads/", methods=["GET"])
@documented(page_of(ExhibitorLeadSchema), listing=True, permission="can_view_orders")
@api_event("can_view_orders")
def list_leads(organizer: str, event: str, exhibitor_id: str) -> Response:
    """List the leads of an exhibitor."""
    event_id, number = event_scope().event_id, params.parse_id(exhibitor_id)
    reader = None if number is None else leads.reader_of(event_id, number)
    if number is None or reader is None:
        raise Forbidden()
    locale, changes = reader
    shown = sight_of(event_id).shown
    stamp = Stamp((*changes, leads.answers_changed(number, shown)))
    page = read_page(_counts.get(("leads", number), stamp, lambda: leads.count(number)))
    if unchanged := conditional.not_modified(stamp):
        return unchanged
    found = leads.page(number, limit=page.size, offset=page.offset, shown=shown, locale=locale)
    return conditional.answer(dumps(page.envelope(found)), stamp)


@blueprint.route("/<id:exhibitor_id>/vouchers/", methods=["GET"])
@documented(page_of(ExhibitorVoucherSchema), listing=True, permission="can_view_vouchers")
@api_event("can_view_vouchers")
def list_exhibitor_vouchers(organizer: str, event: str, exhibitor_id: str) -> Response:
    """List the vouchers of an exhibitor."""
    event_id, number = event_scope().event_id, params.parse_id(exhibitor_id)
    changes = None if number is None else resources.own_changes(event_id, number)
    if number is None or changes is None:
        raise Forbidden()
    stamp = Stamp((*changes, *vouchers.last_changes(event_id)))
    page = read_page(_counts.get(("vouchers", number), stamp, lambda: resources.voucher_count(number)))
    if unchanged := conditional.not_modified(stamp):
        return unchanged
    found = resources.voucher_page(number, limit=page.size, offset=page.offset)
    return conditional.answer(dumps(page.envelope(found)), stamp)


@blueprint.route("/<id:exhibitor_id>/vouchers/attach/", methods=["POST"])
@documented({"type": "object"}, errors=_ERRORS, body=AttachmentSchema, writing=True, permission="can_change_vouchers")
@api_event("can_change_vouchers")
def attach_voucher(organizer: str, event: str, exhibitor_id: str) -> Response:
    """Give a voucher to an exhibitor, or change the comment that the exhibitor sees."""
    number = _known(exhibitor_id)
    (attachment,) = map(_attachment, _ids_as_written([params.read_body()]))
    if isinstance(attachment, Unreadable):
        raise InvalidInput(attachment.errors)
    with _forbidding():
        voucher_services.attach(actor=actor(), event=event_scope(), exhibitor_id=number, attachment=attachment)
    return done({})


@blueprint.route("/<id:exhibitor_id>/vouchers/bulk_attach/", methods=["POST"])
@documented(
    {"type": "object"},
    errors=_ERRORS,
    body={"type": "array", "items": AttachmentSchema, "maxItems": MOST_AT_ONCE},
    writing=True,
    permission="can_change_vouchers",
)
@api_event("can_change_vouchers")
def bulk_attach_vouchers(organizer: str, event: str, exhibitor_id: str) -> Response:
    """Give many vouchers to an exhibitor, all or none; errors come as a list in the order sent."""
    number = _known(exhibitor_id)
    attachments = [_attachment(entry) for entry in _ids_as_written(_entries())]
    with _forbidding():
        voucher_services.bulk_attach(actor=actor(), event=event_scope(), exhibitor_id=number, attachments=attachments)
    return done({})


def _entries() -> list[Any]:
    if request.mimetype != "application/json":
        raise params.UnsupportedMediaType(request.headers.get("Content-Type", ""))
    body = params.read_json()
    if not isinstance(body, list):
        raise InvalidInput({"non_field_errors": [f'Expected a list of items but got type "{type(body).__name__}".']})
    if len(body) > MOST_AT_ONCE:
        raise InvalidInput({"non_field_errors": [f"Please do not pass more than {MOST_AT_ONCE:,} entries."]})
    return body


def _ids_as_written(entries: list[Any]) -> list[Any]:
    """Entries whose ids were not rounded: of whole numbers beyond 64 bits the reader makes floats."""
    rounded = [isinstance(entry, Mapping) and isinstance(entry.get("id"), float) for entry in entries]
    written = params.as_written() if any(rounded) else None
    if written is None:
        return entries
    as_list = written if isinstance(written, list) else [written]
    return [{**entry, "id": as_list[place]["id"]} if rounded[place] else entry for place, entry in enumerate(entries)]


def _attachment(entry: Any) -> Attachment | Unreadable:
    """What an entry asks for, or what is wrong with it. Null is as if it were not there, for `id` and `code`."""
    if not isinstance(entry, Mapping):
        wrong = f"Invalid data. Expected a dictionary, but got {type(entry).__name__}."
        return Unreadable({"non_field_errors": [wrong]})
    given = [name for name in ("id", "code") if entry.get(name) is not None]
    if len(given) != 1:
        return Unreadable({"non_field_errors": ["Please pass either id or code."]})
    comment, value = entry.get("exhibitor_comment"), entry[given[0]]
    sent = str(value) if given[0] == "id" else ""
    errors: dict[str, list[str]] = {}
    if comment is None and "exhibitor_comment" in entry:
        errors["exhibitor_comment"] = [params.NOT_NULL]
    elif comment is not None and (wrong := _not_text(comment)):
        errors["exhibitor_comment"] = [wrong]
    if given[0] == "code":
        if wrong := _not_text(value):
            errors["code"] = [wrong]
    elif isinstance(value, bool) or not isinstance(value, int | str) or (value := params.parse_id(str(value))) is None:
        errors["id"] = ["A valid integer is required."]
    return Unreadable(errors) if errors else Attachment("code" if given[0] == "code" else "id", value, comment, sent)


def _not_text(value: Any) -> str:
    if not isinstance(value, str):
        return "Not a valid string."
    return params.NULL_CHARACTERS if "\0" in value else ""


# ------------------------------------------------------------------------------------------------ sending codes


@blueprint.route("/<id:exhibitor_id>/send_access_code/", methods=["POST"])
@documented(None, status=204, errors=(401, 403, 404, 503), writing=True, permission=MANAGE)
@api_event(MANAGE)
def send_access_code(organizer: str, event: str, exhibitor_id: str) -> Response:
    """Send an exhibitor its access code by e-mail; the answer says whether the mail server took it."""
    number = params.parse_id(exhibitor_id)
    if number is None:
        raise NotFound()
    db.session.rollback()  # what the access rules read; no transaction is open while the mail is on its way
    send.send_access_code(actor=actor(), event=event_scope(), exhibitor_id=number, base_url=public_base())
    return done(None, 204)
