"""Pages of check-in lists: all of them, making one, changing one, deleting one."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.checkin.models import CheckinList
from portal.checkin.queries import gates
from portal.checkin.services import lists
from portal.checkin.services.lists import ListValues
from portal.checkin.views import LIST, MANAGES, blueprint, rights, where
from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import Forbidden, InvalidInput
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import localised, when
from portal.web.lists import page_part, page_url
from portal.web.params import parse_id

#: What a form says of a list and of a device's products.
ALL, SOME = "all", "some"


@blueprint.get("/")
@event_member()
def index(organizer: str, event: str) -> ResponseReturnValue:
    """All lists of the event, with where each one leads."""
    scope = event_scope()
    may = rights(scope)
    if not any(may.values()):
        raise Forbidden("Your teams do not allow this. Ask the people who manage your team.")
    part = page_part(gates.count_lists(scope.event_id))
    rows = gates.list_rows(scope.event_id, offset=part.offset, limit=part.size)
    return pages.page("checkin/lists.html", rows=rows, part=part, page_url=page_url, may=may)


@blueprint.route("/lists/new", methods=["GET", "POST"])
@event_member(MANAGES)
def new_list(organizer: str, event: str) -> ResponseReturnValue:
    """Make a list."""
    scope = event_scope()
    if request.method != "POST":
        return _form(scope, {"products": ALL})
    try:
        made = lists.create_list(actor=actor(), scope=scope, values=_values())
    except InvalidInput as problem:
        db.session.rollback()
        return _form(scope, _typed(), errors=problem.fields)
    db.session.commit()
    flash(gettext("%(name)s is ready. Pair a device with it, or check in by hand.", name=made.name), "done")
    return redirect(url_for("gate.index", **where(scope)), 303)


@blueprint.route(f"{LIST}/edit", methods=["GET", "POST"])
@event_member(MANAGES)
def edit_list(organizer: str, event: str, list_id: int) -> ResponseReturnValue:
    """Change a list."""
    scope = event_scope()
    row = lists.own_list(scope, list_id)
    if request.method != "POST":
        return _form(scope, _stored(row), row=row)
    try:
        lists.change_list(actor=actor(), scope=scope, list_id=list_id, values=_values())
    except InvalidInput as problem:
        db.session.rollback()
        return _form(scope, _typed(), row=lists.own_list(scope, list_id), errors=problem.fields)
    db.session.commit()
    flash(gettext("Saved"), "done")
    return redirect(url_for("gate.index", **where(scope)), 303)


@blueprint.post(f"{LIST}/delete")
@event_member(MANAGES)
def delete_list(organizer: str, event: str, list_id: int) -> ResponseReturnValue:
    """Delete a list, once its name was typed."""
    scope = event_scope()
    row = lists.own_list(scope, list_id)
    if request.form.get("confirm", "").strip() != row.name:
        flash(gettext("The name was not the list's. Nothing was deleted."), "refused")
        return redirect(url_for("gate.edit_list", **where(scope), list_id=list_id), 303)
    name = lists.delete_list(actor=actor(), scope=scope, list_id=list_id)
    db.session.commit()
    flash(gettext("%(name)s was deleted.", name=name), "done")
    return redirect(url_for("gate.index", **where(scope)), 303)


def chosen_items() -> list[int]:
    """The products that a form marks."""
    return [parse_id(given) or 0 for given in request.form.getlist("items")[: gates.MOST_CHOICES]]


def item_boxes(scope: EventScope) -> list[tuple[int, str]]:
    """The event's products to choose from."""
    return [(id_, localised(name, scope.locale)) for id_, name in gates.item_choices(scope.event_id)]


def date_boxes(scope: EventScope) -> list[tuple[int, str]]:
    """The dates of a series to choose from; none elsewhere."""
    if not scope.has_subevents:
        return []
    dates = gates.date_choices(scope.event_id)
    return [(id_, f"{localised(name, scope.locale)} · {when(date, scope.timezone)}") for id_, name, date in dates]


def _values() -> ListValues:
    form = request.form
    given = form.get("subevent", "")
    return ListValues(
        name=form.get("name", ""),
        all_products=form.get("products") != SOME,
        items=chosen_items(),
        include_pending="include_pending" in form,
        subevent_id=(parse_id(given) or 0) if given else None,
    )


def _typed() -> dict[str, Any]:
    return {**request.form.to_dict(), "items": request.form.getlist("items")}


def _stored(row: CheckinList) -> dict[str, Any]:
    return {
        "name": row.name,
        "products": ALL if row.all_products else SOME,
        "items": [item.id for item in row.limit_products],
        "include_pending": row.include_pending,
        "subevent": row.subevent_id,
    }


def _form(
    scope: EventScope, values: dict[str, Any], *, row: CheckinList | None = None, errors: Any = None
) -> ResponseReturnValue:
    going = None
    if row is not None:
        going = {
            "entries": gates.checkins_on(row.id),
            "devices": len(gates.device_choices(scope.event_id, list_id=row.id)),
        }
    page = pages.page(
        "checkin/list_form.html",
        row=row,
        values=values,
        errors=errors or {},
        items=item_boxes(scope),
        dates=date_boxes(scope),
        going=going,
    )
    return page, 422 if errors else 200
