"""The App API: what the exhibitors' lead-scanning app speaks (exhibitors contract, App API)."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response
from flask_smorest import Blueprint
from marshmallow import ValidationError
from orjson import Fragment

from portal.core.errors import Forbidden, InvalidInput, NotFound
from portal.core.money import money
from portal.core.periods import days_of
from portal.exhibitors import vouchers
from portal.exhibitors.vouchers import Redeemed, VoucherRow
from portal.leads import queries
from portal.leads.app_schemas import AppLeadSchema, AppProfileSchema, AppVoucherSchema, ScanSchema, scan_schema
from portal.leads.resources import count as lead_count
from portal.leads.scans import record_scan
from portal.tickets.fields import FieldEntry, FieldReader
from portal.tickets.sight import sight_of
from portal.web import params
from portal.web.access import app_api, app_scope
from portal.web.openapi import PAGING, documented, page_of
from portal.web.paging import read_page
from portal.web.rest import done, dumps, reply

blueprint = Blueprint(
    "exhibitors_app",
    __name__,
    url_prefix="/exhibitors/api/v1",
    description="What an exhibitor's app does with an access code",
)
blueprint.DEFAULT_TAG = "exhibitor app"

#: Paths answer with and without their last slash, and neither redirects (contract decision 12).
_BOTH: dict[str, Any] = {"strict_slashes": False}
_SECURITY = "access_code"
BULK = "Not permitted to access bulk data."


@blueprint.route("/profile/", methods=["GET"], **_BOTH)
@documented(AppProfileSchema, errors=(401,), security=_SECURITY)
@app_api("any")
def profile() -> Response:
    """Show the exhibitor, its event and what the app may offer."""
    scope = app_scope()
    sight = sight_of(scope.event_id)
    settings = sight.settings
    return reply(
        {
            "name": scope.exhibitor_name,
            "booth": scope.booth,
            "event": {
                "name": sight.name,
                "end_date": sight.date_to,
                "slug": scope.event_slug,
                "imprint_url": settings.imprint_url,
                "privacy_url": settings.privacy_url,
                "help_url": settings.help_url,
                "terms_url": settings.terms_url,
                "logo_url": settings.logo_url,
                "organizer": scope.organizer_slug,
            },
            "notes": settings.lead_notes,
            "tags": settings.lead_tags,
            "scan_types": [{"key": "lead", "label": "Lead Scanning"}],
        }
    )


def _lead(fields: list[FieldEntry], lead: Any) -> dict[str, Any]:
    return {
        "attendee": {"fields": fields},
        "rating": lead.rating,
        "tags": lead.tags,
        "notes": lead.notes,
        "device_name": lead.device_name,
        "device_uuid": lead.device_uuid,
    }


@blueprint.route("/leads/", methods=["POST"], **_BOTH)
@documented(AppLeadSchema, status=201, also=(200,), errors=(400, 401, 403), body=ScanSchema, security=_SECURITY)
@app_api("any")
def scan() -> Response:
    """Submit a scan: 201 for the first one of an attendee, 200 after."""
    scope = app_scope()
    try:
        given = scan_schema(scope.timezone).scan(params.read_body(lists=("tags",)))
    except ValidationError as error:
        raise InvalidInput(error.messages_dict) from None
    scanned = record_scan(actor=scope.actor, exhibitor=scope, scan=given)
    fields: list[FieldEntry] = []
    if scope.allow_lead_access:
        fields = scanned.sight.reader(scope.locale).entries(scanned.person, scanned.answers)
    return done(_lead(fields, scanned.lead), 201 if scanned.first else 200)


@blueprint.route("/leads/", methods=["GET"], **_BOTH)
@documented(page_of(AppLeadSchema), errors=(401, 403, 404), query=PAGING, security=_SECURITY)
@app_api("any")
def list_leads() -> Response:
    """List the exhibitor's leads, the newest first; for the full access code."""
    scope = app_scope()
    if scope.code_kind != "full" or not scope.allow_lead_access:
        raise Forbidden(BULK)
    page = read_page(lead_count(scope.exhibitor_id))
    sight = sight_of(scope.event_id)
    rows = queries.newest(
        exhibitor_id=scope.exhibitor_id,
        reader=sight.reader(scope.locale),
        shown=sight.shown,
        limit=page.size,
        offset=page.offset,
    )
    return reply(page.envelope([_lead(row.fields, row) for row in rows]))


def _redemptions(redeemed: Redeemed, reader: FieldReader, zone: ZoneInfo) -> dict[int, list[str]]:
    """Each voucher's redemptions as JSON."""
    days = list(map(days_of(zone), redeemed.moments))
    written = {day: str(day) for day in set(days)}
    named = {name: dumps(name or None).decode() for name in set(redeemed.subevents)}
    texts = reader.json(
        redeemed.people,
        redeemed.answers,
        '{"attendee_fields":%s,"redemption_date":"%s","subevent":%s}',
        (map(written.__getitem__, days), map(named.__getitem__, redeemed.subevents)),
    )
    found: dict[int, list[str]] = {each: [] for each in set(redeemed.voucher_ids)}
    for voucher_id, text in zip(redeemed.voucher_ids, texts, strict=True):
        found[voucher_id].append(text)
    return found


def _voucher(row: VoucherRow, redemptions: Sequence[str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "code": row.code,
        "max_usages": row.max_usages,
        "redeemed": row.redeemed,
        "valid_until": row.valid_until,
        "subevent": row.subevent or None,
        "tag": row.tag,
        "comment": row.comment,
        "items": [row.product or "All"],
        "price_mode": row.price_mode,
        "value": money(row.value),
        "redemptions": Fragment(f"[{','.join(redemptions)}]"),
    }


def _vouchers(rows: Sequence[VoucherRow]) -> list[dict[str, Any]]:
    """The vouchers with who redeemed them, in as many statements for one as for fifty."""
    scope = app_scope()
    sight = sight_of(scope.event_id)
    reader = sight.reader(scope.locale)
    redeemed = vouchers.redeemed(
        voucher_ids=[row.id for row in rows], reader=reader, locales=(scope.locale, scope.event_locale)
    )
    redemptions = _redemptions(redeemed, reader, ZoneInfo(scope.timezone))
    return [_voucher(row, redemptions.get(row.id, ())) for row in rows]


def _may_read_vouchers() -> None:
    scope = app_scope()
    if scope.code_kind != "full" or not scope.allow_voucher_access:
        raise Forbidden(BULK)


@blueprint.route("/vouchers/", methods=["GET"], **_BOTH)
@documented(page_of(AppVoucherSchema), errors=(401, 403, 404), query=PAGING, security=_SECURITY)
@app_api("any")
def list_vouchers() -> Response:
    """List the exhibitor's vouchers with their redemptions; for the full access code."""
    _may_read_vouchers()
    scope = app_scope()
    page = read_page(vouchers.count(exhibitor_id=scope.exhibitor_id))
    rows = vouchers.some(
        exhibitor_id=scope.exhibitor_id,
        locales=(scope.locale, scope.event_locale),
        limit=page.size,
        offset=page.offset,
    )
    return reply(page.envelope(_vouchers(rows)))


@blueprint.route("/vouchers/<id:voucher_id>/", methods=["GET"], **_BOTH)
@documented(AppVoucherSchema, errors=(401, 403, 404), security=_SECURITY)
@app_api("any")
def get_voucher(voucher_id: str) -> Response:
    """Show one of the exhibitor's vouchers; for the full access code."""
    _may_read_vouchers()
    scope = app_scope()
    number = params.parse_id(voucher_id)
    row = number and vouchers.voucher(
        exhibitor_id=scope.exhibitor_id, voucher_id=number, locales=(scope.locale, scope.event_locale)
    )
    if not row:
        raise NotFound("No Voucher matches the given query.")
    return reply(_vouchers([row])[0])
