"""Pages of check-in devices: all of them, making and pairing one, changing one, shutting one out."""

import json
from typing import Any
from urllib.parse import quote

import segno
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.checkin.models import Device
from portal.checkin.queries import gates
from portal.checkin.services import lists, pairing
from portal.checkin.services.pairing import DeviceValues
from portal.checkin.views import MANAGES, blueprint, where
from portal.checkin.views.lists import ALL, SOME, chosen_items, date_boxes, item_boxes
from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.lists import page_part, page_url
from portal.web.params import parse_id
from portal.web.urls import public_base

DEVICE = "/devices/<int(max=9007199254740991):device_id>"


@blueprint.get("/devices/")
@event_member(MANAGES)
def devices(organizer: str, event: str) -> ResponseReturnValue:
    """All devices of the event."""
    scope = event_scope()
    part = page_part(gates.count_devices(scope.event_id))
    rows = gates.device_rows(scope.event_id, offset=part.offset, limit=part.size)
    has_lists = bool(rows) or gates.count_lists(scope.event_id) > 0
    return pages.page("checkin/devices.html", rows=rows, part=part, page_url=page_url, has_lists=has_lists)


@blueprint.route("/devices/new", methods=["GET", "POST"])
@event_member(MANAGES)
def new_device(organizer: str, event: str) -> ResponseReturnValue:
    """Make a device; the answer holds its code, which is shown this once."""
    scope = event_scope()
    if request.method != "POST":
        start = {"products": ALL, "allow_search": True, "show_info": True, "list": request.args.get("list", "")}
        return _form(scope, start)
    try:
        values = _values()
        subevent_id = _date(scope, values.list_id)
        made, key = pairing.create_device(actor=actor(), scope=scope, values=values)
    except InvalidInput as problem:
        db.session.rollback()
        return _form(scope, _typed(), errors=problem.fields)
    db.session.commit()
    return _paired(scope, made, key, subevent_id)


@blueprint.route(f"{DEVICE}/", methods=["GET", "POST"])
@event_member(MANAGES)
def device(organizer: str, event: str, device_id: int) -> ResponseReturnValue:
    """One device: what it may do, and a new key for it."""
    scope = event_scope()
    row = pairing.own_device(scope, device_id)
    if request.method != "POST":
        return _form(scope, _stored(row), row=row)
    try:
        pairing.change_device(actor=actor(), scope=scope, device_id=device_id, values=_values())
    except InvalidInput as problem:
        db.session.rollback()
        return _form(scope, _typed(), row=pairing.own_device(scope, device_id), errors=problem.fields)
    db.session.commit()
    flash(gettext("Saved"), "done")
    return redirect(url_for("gate.devices", **where(scope)), 303)


@blueprint.post(f"{DEVICE}/pair")
@event_member(MANAGES)
def pair(organizer: str, event: str, device_id: int) -> ResponseReturnValue:
    """A new key in place of the old one; the answer holds its code, which is shown this once."""
    scope = event_scope()
    row = pairing.own_device(scope, device_id)
    try:
        subevent_id = _date(scope, row.list_id)
    except InvalidInput as problem:
        db.session.rollback()
        return _form(scope, _stored(row), row=row, errors=problem.fields)
    found, key = pairing.rotate_key(actor=actor(), scope=scope, device_id=device_id)
    db.session.commit()
    return _paired(scope, found, key, subevent_id)


@blueprint.post(f"{DEVICE}/revoke")
@event_member(MANAGES)
def revoke(organizer: str, event: str, device_id: int) -> ResponseReturnValue:
    """Shut a device out."""
    scope = event_scope()
    row = pairing.revoke(actor=actor(), scope=scope, device_id=device_id)
    db.session.commit()
    flash(gettext("%(name)s is shut out. Pair it anew to let it scan again.", name=row.name), "done")
    return redirect(url_for("gate.devices", **where(scope)), 303)


def _date(scope: EventScope, list_id: int | None) -> int | None:
    """The date of a series that a code is for: the list's, else the one that the form names."""
    if not scope.has_subevents or list_id is None:
        return None
    of_list = lists.own_list(scope, list_id).subevent_id if list_id else None
    if of_list is not None:
        return of_list
    given = parse_id(request.form.get("date", ""))
    if given not in {id_ for id_, _, _ in gates.date_choices(scope.event_id)}:
        raise InvalidInput({"date": [gettext("This list is for all dates. Choose the one that the device scans for.")]})
    return given


def _paired(scope: EventScope, row: Device, key: str, subevent_id: int | None) -> ResponseReturnValue:
    """The code that the phones' app scans. It is in this answer and nowhere else."""
    event = "/".join(quote(slug) for slug in (scope.organizer_slug, scope.event_slug))
    address = f"{public_base().rstrip('/')}/pretixdroid/api/{event}/" + (f"{subevent_id}/" if subevent_id else "")
    content = json.dumps(
        {
            "version": pairing.VERSION,
            "url": address,
            "key": key,
            "allow_search": row.allow_search,
            "show_info": row.show_info,
        },
        separators=(",", ":"),
    )
    code = segno.make_qr(content, error="l")
    return pages.page(
        "checkin/paired.html",
        row=row,
        key=key,
        address=address,
        content=content,
        svg=str(code.svg_inline(scale=1, border=4, omitsize=True, dark="#000")),
    )


def _values() -> DeviceValues:
    form = request.form
    return DeviceValues(
        name=form.get("name", ""),
        list_id=parse_id(form.get("list", "")),
        all_items=form.get("products") != SOME,
        items=chosen_items(),
        allow_search="allow_search" in form,
        show_info="show_info" in form,
    )


def _typed() -> dict[str, Any]:
    return {**request.form.to_dict(), "items": request.form.getlist("items")}


def _stored(row: Device) -> dict[str, Any]:
    return {
        "name": row.name,
        "list": row.list_id,
        "products": ALL if row.all_items else SOME,
        "items": [item.id for item in row.items],
        "allow_search": row.allow_search,
        "show_info": row.show_info,
    }


def _form(
    scope: EventScope, values: dict[str, Any], *, row: Device | None = None, errors: Any = None
) -> ResponseReturnValue:
    known = next(iter(gates.device_rows(scope.event_id, ids=[row.id])), None) if row else None
    page = pages.page(
        "checkin/device_form.html",
        row=row,
        known=known,
        values=values,
        errors=errors or {},
        lists=gates.list_choices(scope.event_id),
        items=item_boxes(scope),
        dates=date_boxes(scope),
    )
    return page, 422 if errors else 200
