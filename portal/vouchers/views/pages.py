"""Pages for organizers: an event's vouchers, a form for one or many, and files in and out."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput, NotFound
from portal.core.history import changes_of
from portal.seating.queries.places import labels
from portal.seating.services.holding import NO_SEAT, find_seats, lock_for_voucher, seats_changed
from portal.vouchers import forms, overview, queries
from portal.vouchers.services import manage
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import current_locale, number, said
from portal.web.lists import here, page_part, page_url, words
from portal.web.params import parse_id

blueprint = Blueprint("event_vouchers", __name__, url_prefix="/organizer/<organizer>/<event>/vouchers")

ID = "<int(max=9007199254740991):voucher_id>"
HISTORY = 50


class AllSeats:
    """Seats as `portal.vouchers.services.manage` asks for them."""

    def hold(self, event_id: int, seat_id: int, subevent_id: int | None, voucher_id: int | None) -> str | None:
        return lock_for_voucher(event_id, seat_id, subevent_id, voucher_id)

    def changed(self, event_id: int, seat_ids: Sequence[int]) -> None:
        seats_changed(event_id, seat_ids)


SEATS = AllSeats()


def wanted_vouchers(scope: EventScope) -> dict[str, Any]:
    """The filters in this request; what they cannot mean does not count."""
    item = parse_id(request.args.get("item", ""))
    state = request.args.get("state", "")
    filters: dict[str, Any] = {"search": words(), "tag": words("tag"), "item": item}
    filters["active"] = {"open": True, "done": False}.get(state)
    return {name: value for name, value in filters.items() if value not in (None, "")}


@blueprint.get("/")
@event_member("can_view_vouchers")
def index(organizer: str, event: str) -> ResponseReturnValue:
    """All vouchers, to search and filter; for htmx the list alone."""
    scope = event_scope()
    filters = wanted_vouchers(scope)
    total = queries.count(scope.event_id, {})
    part = page_part(queries.count(scope.event_id, filters) if filters else total)
    rows = overview.page(scope.event_id, filters, limit=part.size, offset=part.offset)
    context: dict[str, Any] = {
        "rows": rows,
        "seats": labels([row["seat_id"] for row in rows if row["seat_id"] is not None]),
        "labels": overview.Labels(scope, str(current_locale())),
        "tags": overview.tags_of(scope.event_id),
        "wanted": filters,
        "state": request.args.get("state", ""),
        "total": total,
        "part": part,
        "page_url": page_url,
        "here": here,
        "scope": scope,
    }
    if request.headers.get("HX-Target") == "vouchers":
        return render_template("vouchers/_list.html", **context)
    return pages.page("vouchers/index.html", **context)


def _to(endpoint: str, **values: Any) -> Response:
    scope = event_scope()
    where: dict[str, Any] = {"organizer": scope.organizer_slug, "event": scope.event_slug, **values}
    return redirect(url_for(f"event_vouchers.{endpoint}", **where), 303)


def _read(scope: EventScope, names: overview.Labels) -> tuple[dict[str, Any], str, int]:
    """The form of this request: values, code, how many. Raises `InvalidInput`."""
    values, code, seat, count = forms.read_voucher(
        request.form, products=names.products, dates=names.dates, zone=scope.timezone
    )
    place = (values["subevent_id"], seat)
    values["seat_id"] = find_seats(scope.event_id, {place}).get(place) if seat else None
    if seat and values["seat_id"] is None:
        raise InvalidInput({"seat": [NO_SEAT]})
    return values, code, count


def _page(names: overview.Labels, given: dict[str, Any], errors: dict[str, Any], **context: Any) -> ResponseReturnValue:
    errors = {"product" if name == "item" else name: messages for name, messages in errors.items()}
    page = pages.page(
        "vouchers/edit.html",
        given=given,
        errors=errors,
        products=list(names.products.items()),
        dates=list(names.dates.items()),
        most=manage.MOST,
        **context,
    )
    return page, 422 if errors else 200


@blueprint.route("/-/new", methods=["GET", "POST"])
@event_member("can_change_vouchers")
def new(organizer: str, event: str) -> ResponseReturnValue:
    """The form that makes one voucher, or many with codes of their own."""
    scope = event_scope()
    names = overview.Labels(scope, str(current_locale()))
    given: dict[str, Any] = {"max_usages": 1, "price_mode": "none", "count": 1}
    errors: dict[str, Any] = {}
    if request.method == "POST":
        try:
            values, code, count = _read(scope, names)
            codes = [code] if code else manage.new_codes(count)
            made = [(each, manage.VoucherValues(**values)) for each in codes]
            ids = manage.create_vouchers(actor=actor(), event=scope, vouchers=made, seats=SEATS)
            db.session.commit()
            told = ngettext("%(count)s voucher made.", "%(count)s vouchers made.", len(ids), count=number(len(ids)))
            flash(told, "done")
            return _to("detail", voucher_id=ids[0]) if len(ids) == 1 else _to("index")
        except InvalidInput as refused:
            db.session.rollback()
            given, errors = request.form.to_dict(), dict(refused.fields)
        except Conflict as refused:
            db.session.rollback()
            given, errors = request.form.to_dict(), {"non_field_errors": [refused.message]}
    return _page(names, given, errors, voucher=None)


@blueprint.get(f"/{ID}/")
@event_member("can_view_vouchers")
def detail(organizer: str, event: str, voucher_id: int) -> ResponseReturnValue:
    """One voucher: what it allows, who used it, what happened."""
    scope = event_scope()
    voucher = overview.one(scope.event_id, voucher_id)
    if voucher is None:
        raise NotFound("This voucher does not exist, or it belongs to another event.")
    names = overview.Labels(scope, str(current_locale()))
    return pages.page(
        "vouchers/detail.html",
        voucher=voucher,
        product=names.of({"item": voucher.item_id, "variation": voucher.variation_id}),
        date=names.dates.get(voucher.subevent_id or 0),
        seat=_seat(voucher.seat_id),
        exhibitor=overview.owners_of([voucher_id]).get(voucher_id),
        uses=overview.uses_of(voucher_id) if scope.may("can_view_orders") else None,
        changes=changes_of(event_id=scope.event_id, objects=[("voucher", voucher_id)], limit=HISTORY),
    )


def _seat(seat_id: int | None) -> str:
    return labels([seat_id]).get(seat_id, "") if seat_id is not None else ""


@blueprint.route(f"/{ID}/edit", methods=["GET", "POST"])
@event_member("can_change_vouchers")
def edit(organizer: str, event: str, voucher_id: int) -> ResponseReturnValue:
    """The form of one voucher."""
    scope = event_scope()
    voucher = overview.one(scope.event_id, voucher_id)
    if voucher is None:
        raise NotFound("This voucher does not exist, or it belongs to another event.")
    names = overview.Labels(scope, str(current_locale()))
    given, errors = forms.shown_voucher(voucher, _seat(voucher.seat_id), scope.timezone), dict[str, Any]()
    if request.method == "POST":
        try:
            values, code, _ = _read(scope, names)
            changes = {voucher_id: {**values, **({"code": code} if code else {})}}
            manage.update_vouchers(actor=actor(), event=scope, changes=changes, seats=SEATS)
            db.session.commit()
            flash(gettext("Saved."), "done")
            return _to("detail", voucher_id=voucher_id)
        except InvalidInput as refused:
            db.session.rollback()
            given, errors = request.form.to_dict(), dict(refused.fields)
        except Conflict as refused:
            db.session.rollback()
            given, errors = request.form.to_dict(), {"non_field_errors": [refused.message]}
    return _page(names, given, errors, voucher=voucher_id)


@blueprint.post(f"/{ID}/delete")
@event_member("can_change_vouchers")
def delete(organizer: str, event: str, voucher_id: int) -> ResponseReturnValue:
    """Delete a voucher that nobody used."""
    try:
        manage.delete_voucher(actor=actor(), event=event_scope(), voucher_id=voucher_id)
    except Conflict as refused:
        db.session.rollback()
        flash(said(refused.message), "refused")
        return _to("detail", voucher_id=voucher_id)
    db.session.commit()
    flash(gettext("Deleted."), "done")
    return _to("index")
