"""The check-in doors for devices: versions 2 and 3 of the protocol on two prefixes, with or without a subevent."""

import hashlib
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request
from flask_smorest import Blueprint

from portal.checkin import copies as packed
from portal.checkin import presenters
from portal.checkin.queries import download as copies
from portal.checkin.queries import figures, questions
from portal.checkin.queries.search import SHORTEST, search
from portal.checkin.queries.state import state_of
from portal.checkin.schemas import DownloadSchema, RedeemedSchema, RedeemSchema, SearchSchema, StatusSchema
from portal.checkin.services.redeem import Attempt, redeem
from portal.core.database import db
from portal.core.errors import Forbidden, InvalidInput, NotFound
from portal.core.moments import read_moment
from portal.web.access import actor, device, device_scope
from portal.web.openapi import documented, parameter
from portal.web.params import REQUIRED, UnsupportedMediaType
from portal.web.rest import done, reply

blueprint = Blueprint("checkin", __name__, description="Check-in devices: redeem, search, download, status")

#: The prefixes and the version that each speaks; a device set to version 3 speaks that on both (decision 10).
PREFIXES = {"pretixdroid": 2, "eventyaydroid": 3}
_PLACE = "/<any(" + ", ".join(PREFIXES) + "):prefix>/api/<organizer>/<event>/"
_IN_SUBEVENT = f"{_PLACE}<int(max={2**63 - 1}):subevent>/"

_ANSWER = re.compile(r"answer_([0-9]{1,18})")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_MAX_NONCE = 190


def _route(name: str, method: str) -> Callable[[Any], Any]:
    """A door in an event or a subevent, with or without the last slash."""

    def decorate(view: Any) -> Any:
        for path in (_IN_SUBEVENT, _PLACE):
            view = blueprint.route(f"{path}{name}/", methods=[method], strict_slashes=False)(view)
        return view

    return decorate


def _version(prefix: str) -> int:
    """The version that this device speaks on this prefix."""
    return 3 if device_scope().api_version == 3 else PREFIXES[prefix]


@_route("redeem", "POST")
@documented(RedeemedSchema, body=RedeemSchema, errors=(400, 403, 404), security="device_key")
@device
def redeem_ticket(prefix: str, organizer: str, event: str, subevent: int | None = None) -> Response:
    """Redeem a ticket."""
    gate, version = device_scope(), _version(prefix)
    outcome = redeem(actor=actor(), gate=gate, attempt=_read_attempt(gate.timezone, version))
    return done(presenters.redeemed(outcome, version=version, locale=gate.locale))


@_route("search", "GET")
@documented(
    SearchSchema,
    query=(parameter("query", f"At least {SHORTEST} characters"),),
    errors=(403, 404),
    security="device_key",
)
@device
def search_tickets(prefix: str, organizer: str, event: str, subevent: int | None = None) -> Response:
    """Search for tickets."""
    found = search(device_scope(), request.args.get("query", ""))
    return reply(presenters.search_results(found, version=_version(prefix)))


@_route("status", "GET")
@documented(StatusSchema, errors=(403, 404), security="device_key")
@device
def show_status(prefix: str, organizer: str, event: str, subevent: int | None = None) -> Response:
    """Show how many tickets there are and how many are in."""
    gate = device_scope()
    if not gate.show_info:
        raise Forbidden("This device may not see figures.")
    state = state_of(gate)
    tickets, entries = figures.figures(gate, state)
    return reply(presenters.status(gate, state, tickets, entries, version=_version(prefix)))


@_route("download", "GET")
@documented(DownloadSchema, errors=(403, 404), security="device_key", validated=True)
@device
def download(prefix: str, organizer: str, event: str, subevent: int | None = None) -> Response:
    """Download all tickets; version 3 only."""
    if _version(prefix) < 3:
        raise NotFound()
    gate = device_scope()
    state = state_of(gate)
    tag, key = state.tickets + state.entries, packed.key_of(gate, state)
    packs = request.accept_encodings["gzip"] > 0
    ready = packed.recent(key, tag) if packs else None
    for known in (tag, *((ready.tag,) if ready is not None else ())):
        if request.if_none_match.contains_weak(known):
            return Response(b"", 304, _copy_headers(known))
    if ready is not None:
        return Response(ready.body, 200, _copy_headers(ready.tag, packs=True), content_type="application/json")
    pieces = presenters.download(copies.batches(db.engine, gate, state), questions.of_event(gate.event_id), gate.locale)
    if packs:
        pieces = packed.kept(key, tag, presenters.packed(pieces))
    return Response(pieces, 200, _copy_headers(tag, packs=packs), content_type="application/json")


def _copy_headers(tag: str, *, packs: bool = False) -> dict[str, str]:
    headers = {"ETag": f'W/"{tag}"', "Vary": "Accept-Encoding"}
    return headers | {"Content-Encoding": "gzip"} if packs else headers


def _read_attempt(timezone: str, version: int) -> Attempt:
    """The form of a redemption; what cannot be read is a 400."""
    if request.mimetype not in _FORMS and (request.content_length or "Transfer-Encoding" in request.headers):
        raise UnsupportedMediaType(request.headers.get("Content-Type", ""))
    form = request.form
    if "secret" not in form:
        raise InvalidInput({"secret": [REQUIRED]})
    moment = None
    if "datetime" in form:
        try:
            moment = read_moment(form["datetime"], ZoneInfo(timezone))
        except ValueError:
            raise InvalidInput({"datetime": ["This is no ISO 8601 time."]}) from None
    return Attempt(
        secret=form["secret"],
        datetime=moment,
        force=_flag("force"),
        ignore_unpaid=_flag("ignore_unpaid"),
        nonce=_nonce(form.get("nonce")),
        questions_supported=version >= 3 and _flag("questions_supported"),
        answers={int(found[1]): form[name] for name in form if (found := _ANSWER.fullmatch(name))},
    )


def _flag(name: str) -> bool:
    return request.form.get(name, "").lower() == "true"


def _nonce(given: str | None) -> str | None:
    """A nonce as it is stored; one that does not fit is known by its hash."""
    if not given:
        return None
    if len(given) > _MAX_NONCE or "\0" in given:
        return hashlib.sha256(given.encode()).hexdigest()
    return given
