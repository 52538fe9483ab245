"""The open-source scanner's API (clients, exhibitor mode): its own addresses and answers, over the app's operations."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, ValidationError, fields

from portal.core.actors import ExhibitorScope
from portal.core.codes import normalise_code
from portal.core.database import db
from portal.core.errors import DomainError, Forbidden, InvalidInput, NotFound, NotSignedIn
from portal.leads import exports, queries
from portal.leads.app_schemas import scan_schema
from portal.leads.queries import LeadRow
from portal.leads.queries.filters import LeadFilter
from portal.leads.scanner_schemas import (
    AuthSchema,
    OfferedTagsSchema,
    RefusedSchema,
    ScannedLeadsSchema,
    ScannedSchema,
)
from portal.leads.scans import NO_SCANNING, Scanned, record_scan
from portal.tickets.fields import FieldReader
from portal.tickets.sight import sight_of
from portal.web import params
from portal.web.access import app_scope, public_api, scanner_api
from portal.web.limits import wrong_code
from portal.web.loaders import loaders
from portal.web.openapi import documented
from portal.web.rest import done, reply

blueprint = Blueprint(
    "exhibitors_scanner",
    __name__,
    url_prefix="/api/v1/event/<organizer>/<event>/exhibitors",
    description="What the open-source scanner does with an exhibitor's access code",
)
blueprint.DEFAULT_TAG = "exhibitor scanner"

_SECURITY = "exhibitor_header"
#: Paths come without a last slash; with one they are answered as well.
_BOTH: dict[str, Any] = {"strict_slashes": False}
NOT_HERE = "This access code is not known at this event."
ENTER_CODE = "Enter the exhibitor's access code."
NOT_YET = "This badge was not scanned yet."
AGAIN = "Lead already scanned."
BULK = "This code may scan, not read leads."
UNKNOWN = "No ticket of this event has this code."
BATCH = 500
#: What its doors say where they refuse, for the description.
_SAID = {
    400: "code: Missing data for required field.",
    401: "Invalid access code.",
    403: NO_SCANNING,
    404: UNKNOWN,
    409: AGAIN,
    415: 'Unsupported media type "application/xml" in request.',
    429: "This code is not known, and too many wrong ones were tried from this network. "
    "Compare it with your mail or badge. The right code works at any time.",
}


class KeySchema(Schema):
    """An access code."""

    class Meta:
        unknown = EXCLUDE

    key = fields.String(required=True)


class LeadCreateSchema(Schema):
    """A scan: the pseudonymization id of a badge, or the secret of a ticket."""

    class Meta:
        unknown = EXCLUDE

    lead = fields.String(required=True)
    scanned = fields.String(allow_none=True, metadata={"description": "A point in time, or the word `null`"})
    scan_type = fields.String(allow_none=True)
    device_name = fields.String(allow_none=True)
    open_event = fields.Boolean(allow_none=True)


class LeadUpdateSchema(Schema):
    """What an exhibitor noted; an empty note keeps the one that is there."""

    class Meta:
        unknown = EXCLUDE

    note = fields.String(allow_none=True)
    tags = fields.List(fields.String(), allow_none=True)


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> Response:
    """What went wrong in the scanner's own words: ``{"success": false, "error": …}``."""
    db.session.rollback()
    return reply({"success": False, "error": error.message}, error.status, dict(error.headers))


@blueprint.route("/auth", methods=["POST"], **_BOTH)
@documented(
    AuthSchema,
    errors=(400, 401, 429),
    body=KeySchema,
    refusal=RefusedSchema,
    said=_SAID | {400: ENTER_CODE, 401: NOT_HERE},
)
@public_api
def auth(organizer: str, event: str) -> Response:
    """Sign the scanner in with an exhibitor's access code."""
    key = params.read_body().get("key")
    if not isinstance(key, str) or not key.strip():
        raise InvalidInput({"": [ENTER_CODE]})
    scope = loaders().exhibitor_scope(key)
    if scope is None or not scope.is_of(organizer, event):
        db.session.rollback()  # counting is a transaction of its own, and would wait for this one
        wrong_code(normalise_code(key), exempt=False)
        raise NotSignedIn(NOT_HERE, scheme="Exhibitor")
    return reply(
        {
            "success": True,
            "exhibitor_id": scope.exhibitor_id,
            "exhibitor_name": scope.exhibitor_name,
            "booth_id": scope.booth,
            "booth_name": scope.booth,
        }
    )


@blueprint.route("/lead/create", methods=["POST"], **_BOTH)
@documented(
    ScannedSchema,
    status=201,
    errors=(400, 401, 403, 404, 409, 429),
    body=LeadCreateSchema,
    security=_SECURITY,
    refusal=RefusedSchema,
    said=_SAID,
)
@scanner_api
def create_lead(organizer: str, event: str) -> Response:
    """Record a scan: 201 for the first one of an attendee, 409 after."""
    scope, body = app_scope(), params.read_body()
    scanned = body.get("scanned")
    found = _scan(
        scope,
        code=body.get("lead"),
        scanned=None if scanned in (None, "", "null") else scanned,
        device_name=body.get("device_name"),
    )
    attendee = _scanned_attendee(scope, found)
    if found.first:
        return done({"success": True, "lead_id": found.lead.id, "attendee": attendee}, 201)
    return done({"success": False, "error": AGAIN, "lead_id": found.lead.id, "attendee": attendee}, 409)


@blueprint.route("/lead/retrieve", methods=["GET"], **_BOTH)
@documented(
    ScannedLeadsSchema, errors=(401, 403, 429), security=_SECURITY, refusal=RefusedSchema, said=_SAID | {403: BULK}
)
@scanner_api
def retrieve_leads(organizer: str, event: str) -> Response:
    """All leads of the exhibitor, the newest first; for the full access code."""
    scope = app_scope()
    if scope.code_kind != "full" or not scope.allow_lead_access:
        raise Forbidden(BULK)
    sight = sight_of(scope.event_id)
    reader = FieldReader(sight.shown, scope.locale)
    ids = queries.ids(exhibitor_id=scope.exhibitor_id, timezone=scope.timezone, wanted=LeadFilter())
    badges = exports.pseudonyms(scope.exhibitor_id)
    rows = queries.in_batches(
        exhibitor_id=scope.exhibitor_id, lead_ids=ids, reader=reader, shown=sight.shown, size=BATCH
    )
    return reply({"success": True, "leads": [_lead(scope, row, badges.get(row.id)) for row in rows]})


@blueprint.route("/lead/<string:badge>/update", methods=["POST"], **_BOTH)
@documented(
    ScannedSchema,
    errors=(400, 401, 403, 404, 429),
    body=LeadUpdateSchema,
    security=_SECURITY,
    refusal=RefusedSchema,
    said=_SAID,
)
@scanner_api
def update_lead(organizer: str, event: str, badge: str) -> Response:
    """Set the note and the tags of a lead that was scanned before."""
    scope, body = app_scope(), params.read_body(lists=("tags",))
    found = _scan(scope, code=badge, notes=body.get("note"), tags=body.get("tags"))
    if found.first:
        raise NotFound(NOT_YET)
    return done({"success": True, "lead_id": found.lead.id, "attendee": _scanned_attendee(scope, found)})


@blueprint.route("/tags", methods=["GET"], **_BOTH)
@documented(OfferedTagsSchema, errors=(401, 429), security=_SECURITY, refusal=RefusedSchema, said=_SAID)
@scanner_api
def tags(organizer: str, event: str) -> Response:
    """The tags that the event offers."""
    return reply({"success": True, "tags": sight_of(app_scope().event_id).settings.lead_tags})


def _scan(scope: ExhibitorScope, **sent: Any) -> Scanned:
    """The app's operation, with the app's rules for each value."""
    try:
        given = scan_schema(scope.timezone).scan({name: value for name, value in sent.items() if value is not None})
    except ValidationError as error:
        field, messages = next(iter(error.messages_dict.items()))
        raise InvalidInput({"": [f"{field}: {_first(messages)}"]}) from None
    try:
        return record_scan(actor=scope.actor, exhibitor=scope, scan=given)
    except InvalidInput as error:
        if set(error.fields) == {"code"}:
            raise NotFound(UNKNOWN) from None
        raise


def _first(messages: Any) -> str:
    while not isinstance(messages, str):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages))
    return messages


def _scanned_attendee(scope: ExhibitorScope, found: Scanned) -> dict[str, Any]:
    entries = found.sight.reader(scope.locale).entries(found.person, found.answers)
    values = {entry["id"]: entry["value"] for entry in entries} if scope.allow_lead_access else {}
    return _attendee(values, found.lead.notes, found.lead.tags)


def _attendee(values: dict[str, str], note: str, tags: list[str]) -> dict[str, Any]:
    """What the scanner shows of a person: of what the event shows the parts that it knows."""
    return {
        "name": values.get("attendee_name", ""),
        "email": values.get("attendee_email", ""),
        "company": values.get("company", ""),
        "note": note,
        "tags": tags,
    }


def _lead(scope: ExhibitorScope, row: LeadRow, badge: str | None) -> dict[str, Any]:
    values = {entry["id"]: entry["value"] for entry in row.fields}
    return {
        "id": row.id,
        "exhibitor_name": scope.exhibitor_name,
        "pseudonymization_id": badge,
        "scanned": row.scanned,
        "scan_type": "lead",
        "device_name": row.device_name,
        "booth_id": scope.booth,
        "booth_name": scope.booth,
        "attendee": _attendee(values, row.notes, row.tags),
    }
