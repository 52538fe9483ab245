"""Scanning in the browser: codes typed by hand or by a hardware scanner, for both access codes."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import ValidationError

from portal.core import clock
from portal.core.actors import ExhibitorScope
from portal.core.database import db, reading
from portal.core.errors import DomainError, InvalidInput
from portal.leads import queries
from portal.leads.app_schemas import scan_schema
from portal.leads.scans import Scan, Scanned, record_scan
from portal.leads.views import listing
from portal.leads.views.pages import is_htmx
from portal.tickets.sight import Sight, sight_of
from portal.web.access import actor, exhibitor, exhibitor_scope
from portal.web.lifecycle import CONTENT_SECURITY_POLICY

blueprint = Blueprint("scanning", __name__, url_prefix="/exhibitor/scan")

#: This browser as a device, and what it scanned last, in its cookie: ``[lead, seconds since 1970, first]``.
_DEVICE, _NAME, _SCANS = "scan_device", "scan_name", "scan_list"
#: So many scans fit the cookie beside everything else.
KEPT = 30


#: The reader of the camera's pictures is a WebAssembly program: this page alone may compile one.
_WITH_READER = CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")


@dataclass(frozen=True, slots=True)
class Result:
    """What is said about the newest scan: ``kind`` is done, waiting (scanned before) or refused."""

    kind: str
    title: str
    code: str = ""
    scanned: Scanned | None = None
    saved: bool = False
    errors: Any = None


@blueprint.before_request
def gate() -> ResponseReturnValue | None:
    """Scanning that the organizer has not switched on: a page that says so."""
    scope = exhibitor_scope()
    if scope.allow_lead_scanning:
        return None
    if is_htmx():
        return None  # the operation refuses, and the answer takes the result's place
    return render_template("leads/scan_closed.html", scope=scope, full=scope.code_kind == "full"), 403


@blueprint.get("")
@exhibitor("any")
def index() -> ResponseReturnValue:
    """The field for a code, and what this browser scanned so far."""
    scope = exhibitor_scope()
    return _page(scope, sight_of(scope.event_id), None)


@blueprint.post("")
@exhibitor("any")
def scan() -> ResponseReturnValue:
    """One scan, or the note, rating and tags of the last one: what the App API's POST does, by the same operation."""
    scope, form = exhibitor_scope(), request.form
    of_last = "of_last" in form
    sent: dict[str, Any] = {
        "code": form.get("code", "").strip(" \r\n\t"),
        "scanned": form.get("scanned") or None,
        "notes": form.get("notes", "").replace("\r\n", "\n").replace("\0", ""),
        "rating": int(form["rating"]) if form.get("rating", "").isdecimal() else None,
        "tags": form.getlist("tag") if "tags_shown" in form else None,
        "device_name": session.get(_NAME) or gettext("Browser"),
        "device_uuid": _device(),
    }
    try:
        given: Scan = scan_schema(scope.timezone).scan(sent)
        found = record_scan(actor=actor(), exhibitor=scope, scan=given)
    except ValidationError as error:
        return _refused(scope, sent["code"], error.messages_dict, of_last=of_last)
    except InvalidInput as error:
        return _refused(scope, sent["code"], error.fields, of_last=of_last)
    except DomainError as error:
        if not is_htmx():
            raise
        db.session.rollback()
        return _show(scope, Result("refused", gettext(error.message)), error.status)
    db.session.commit()
    if not of_last:
        _remember(found)
    kind = "done" if found.first or of_last else "waiting"
    title = gettext("Saved") if of_last else gettext("Scanned") if found.first else gettext("Scanned before")
    result = Result(kind, title, sent["code"], found, saved=of_last)
    return _show(scope, result, 200)


@blueprint.post("/device")
@exhibitor("any")
def device() -> ResponseReturnValue:
    """Name this browser, so that colleagues see where a lead came from."""
    name = request.form.get("name", "").replace("\0", "").strip()[:60]
    session[_NAME] = name
    return redirect(url_for("scanning.index"), 303)


@blueprint.post("/forget")
@exhibitor("any")
def forget() -> ResponseReturnValue:
    """Start the list anew; the leads stay."""
    session.pop(_SCANS, None)
    return redirect(url_for("scanning.index"), 303)


def _device() -> str:
    """What tells this browser from other devices; made at its first scan."""
    if _DEVICE not in session:
        session[_DEVICE] = str(uuid.uuid4())
    return str(session[_DEVICE])


def _remember(found: Scanned) -> None:
    entry = [found.lead.id, int(clock.now().timestamp()), found.first]
    session[_SCANS] = [entry, *(each for each in _kept() if each[0] != entry[0])][:KEPT]


def _kept() -> list[Any]:
    return list(session.get(_SCANS) or [])


def _refused(scope: ExhibitorScope, code: str, errors: Any, *, of_last: bool) -> ResponseReturnValue:
    """Why there is no lead: nothing was written."""
    db.session.rollback()
    messages = errors.get("code") if not of_last else None
    title = gettext("Not a ticket of this event") if messages else gettext("Not saved")
    return _show(scope, Result("refused", title, code[:200], errors=errors), 422)


def _show(scope: ExhibitorScope, result: Result, status: int) -> ResponseReturnValue:
    with reading():
        sight = sight_of(scope.event_id)
        return _page(scope, sight, result, status)


def _page(scope: ExhibitorScope, sight: Sight, result: Result | None, status: int = 200) -> ResponseReturnValue:
    context = {
        "scope": scope,
        "result": result,
        "scans": _scans(scope, sight),
        "device_name": session.get(_NAME, ""),
        "full": scope.code_kind == "full",
        "with_notes": sight.settings.lead_notes,
        **_last(scope, sight, result),
    }
    template = "leads/_scan.html" if is_htmx() else "leads/scan.html"
    headers = {"Vary": "HX-Request", "Content-Security-Policy": _WITH_READER}
    response = Response(render_template(template, **context), status, headers)
    if status == 403:
        response.headers["HX-Retarget"] = "#scan-live"  # else a refusal would be a message beside the page
    return response


def _last(scope: ExhibitorScope, sight: Sight, result: Result | None) -> dict[str, Any]:
    """What is shown of the person who was scanned: nothing where the organizer keeps leads closed."""
    if result is None or result.scanned is None:
        return {"fields": [], "tag_choices": []}
    found = result.scanned
    fields = listing.reader(sight).entries(found.person, found.answers) if scope.allow_lead_access else []
    tags = list(dict.fromkeys((*sight.settings.lead_tags, *found.lead.tags)))
    return {"fields": [each for each in fields if each["value"]], "tag_choices": tags}


def _scans(scope: ExhibitorScope, sight: Sight) -> list[dict[str, Any]]:
    """This browser's scans, the newest first; names where the organizer shows them."""
    kept = _kept()
    if not kept:
        return []
    ids = [int(each[0]) for each in kept]
    found = {}
    if scope.allow_lead_access:
        found = queries.some(
            exhibitor_id=scope.exhibitor_id, lead_ids=ids, reader=listing.reader(sight), shown=sight.shown
        )
    return [
        {"id": lead_id, "when": dt.datetime.fromtimestamp(when, dt.UTC), "first": first, "lead": found.get(lead_id)}
        for lead_id, when, first in kept
        if lead_id in found or not scope.allow_lead_access
    ]
