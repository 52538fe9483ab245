"""Pages to upload a seating plan: what it would change is shown first, and a second step puts it in place."""

import re
from collections.abc import Sequence
from typing import Any

from flask import Response, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as BaseResponse

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import Conflict
from portal.seating.layout import PlanSeat
from portal.seating.queries import Selection
from portal.seating.queries.places import label, place_of
from portal.seating.services import plan as plans
from portal.seating.services.plan_diff import Diff, Existing, product_names
from portal.seating.views import blueprint
from portal.seating.views.dates import asked_date, choices
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import localised, number
from portal.web.params import parse_id

#: So many seats of each kind of change are named.
NAMED = 8
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{1,30}")


@blueprint.get("/plan")
@event_member("can_change_event_settings")
def plan(organizer: str, event: str) -> ResponseReturnValue:
    """The plan in place, the upload that waits with what it would change, and the form to upload one."""
    return _page(event_scope())


@blueprint.post("/plan")
@event_member("can_change_event_settings")
def upload_plan(organizer: str, event: str) -> ResponseReturnValue:
    """Read a file; keep it until it is confirmed, or name what is wrong with it."""
    scope = event_scope()
    subevent_id = asked_date()
    place_of(scope, subevent_id)
    given = request.files.get("plan")
    data = given.read() if given is not None else b""
    if not data:
        return _page(scope, subevent_id, problems=[("", gettext("Choose a file."))])
    try:
        plans.keep_draft(actor=actor(), scope=scope, subevent_id=subevent_id, data=data)
    except plans.PlanRefused as refused:
        db.session.rollback()
        return _page(scope, subevent_id, problems=refused.problems)
    db.session.commit()
    return _back(scope, subevent_id)


@blueprint.post("/plan/apply")
@event_member("can_change_event_settings")
def apply_plan(organizer: str, event: str) -> ResponseReturnValue:
    """Put the upload in place that was shown."""
    scope = event_scope()
    subevent_id = asked_date()
    try:
        applied = plans.apply(
            actor=actor(),
            scope=scope,
            subevent_id=subevent_id,
            draft_id=parse_id(request.form.get("draft", "")) or 0,
            products=_products(),
        )
    except plans.SeatsHeld as held:
        db.session.rollback()
        names = plans.listed(held.names)
        flash(gettext("Seats that belong to somebody cannot be removed: %(names)s.", names=names), "refused")
        return _back(scope, subevent_id)
    except Conflict as refused:
        db.session.rollback()
        flash(gettext(refused.message), "refused")
        return _back(scope, subevent_id)
    db.session.commit()
    words = (
        ngettext("%(count)s seat added", "%(count)s seats added", applied.added, count=number(applied.added)),
        ngettext("%(count)s seat changed", "%(count)s seats changed", applied.changed, count=number(applied.changed)),
        ngettext("%(count)s seat removed", "%(count)s seats removed", applied.removed, count=number(applied.removed)),
    )
    flash(gettext("The plan is in place: %(changes)s.", changes=", ".join(words)), "done")
    return _back(scope, subevent_id)


@blueprint.post("/plan/discard")
@event_member("can_change_event_settings")
def discard_plan(organizer: str, event: str) -> ResponseReturnValue:
    """Forget the upload; the plan in place stays."""
    scope = event_scope()
    subevent_id = asked_date()
    plans.discard(scope=scope, subevent_id=subevent_id, draft_id=parse_id(request.form.get("draft", "")) or 0)
    db.session.commit()
    flash(gettext("The upload is discarded. Nothing changed."), "done")
    return _back(scope, subevent_id)


def _back(scope: EventScope, subevent_id: int | None) -> BaseResponse:
    where: dict[str, Any] = {"organizer": scope.organizer_slug, "event": scope.event_slug, "subevent": subevent_id}
    return redirect(url_for("seating.plan", **where), 303)


def _products() -> dict[str, int | str | None]:
    """What the categories shall be sold as, as the form says."""
    wanted: dict[str, int | str | None] = {}
    for name, product in zip(request.form.getlist("category"), request.form.getlist("product"), strict=False):
        wanted[name] = plans.KEEP if product == plans.KEEP else None if not product else parse_id(product) or 0
    return wanted


def _page(scope: EventScope, subevent_id: int | None = None, *, problems: Sequence[tuple[str, str]] = ()) -> Response:
    dates, coming = choices(scope)
    subevent_id = subevent_id or asked_date() or coming
    context: dict[str, Any] = {"dates": dates, "subevent_id": subevent_id, "problems": problems}
    if scope.has_subevents and subevent_id is None:
        return make_response(pages.page("seating/plan.html", **context, ready=False))
    waiting = None if problems else plans.preview(scope=scope, subevent_id=subevent_id)
    context |= {
        "ready": True,
        "current": plans.current(scope=scope, subevent_id=subevent_id),
        "seats": Selection(place_of(scope, subevent_id)).count(),
        "draft": waiting.draft if waiting else None,
        "changes": _changes(waiting.diff) if waiting else None,
        "categories": _categories(scope, waiting.diff) if waiting else [],
    }
    return make_response(pages.page("seating/plan.html", **context), 422 if problems else 200)


def _changes(diff: Diff) -> dict[str, Any]:
    """How many seats change in which way, and the first of them by name."""
    groups = {
        "added": [label(seat.zone_name, seat.row_name, seat.number) for _, seat in diff.added],
        "moved": [seat.name for seat, _ in diff.moved],
        "renamed": [_renaming(before, seat) for before, seat in diff.renamed],
        "removed": [seat.name for seat in diff.removed],
    }
    states = {"sold": gettext("sold"), "cart": gettext("in a cart"), "voucher": gettext("held by a voucher")}
    return {
        "groups": {name: (len(names), names[:NAMED]) for name, names in groups.items()},
        "kept": len(diff.kept),
        "seats": len(diff.plan.seats),
        "held": [(seat.name, states[state]) for seat, state in diff.held[:NAMED]],
        "held_count": len(diff.held),
    }


def _renaming(before: Existing, seat: PlanSeat) -> str:
    """What a seat is called otherwise: its name, or the labels that people read."""
    after = label(seat.zone_name, seat.row_name, seat.number)
    name = before.name if before.name == after else f"{before.name} → {after}"
    labels = (
        (gettext("row label"), before.row_label, seat.row_label),
        (gettext("seat label"), before.label, seat.label),
    )
    changed = [f"{title} {old or '–'} → {new or '–'}" for title, old, new in labels if old != new]
    return f"{name} ({', '.join(changed)})" if changed else name


def _categories(scope: EventScope, diff: Diff) -> list[dict[str, Any]]:
    """The categories with the products they can be sold as."""
    products = [(id_, localised(name, scope.locale)) for id_, name in product_names(scope.event_id).items()]
    return [
        {
            "name": category.name,
            "color": category.color if _COLOR.fullmatch(category.color or "") else None,
            "seats": category.seats,
            "choices": [*([(plans.KEEP, gettext("As they are"))] if category.mixed else []), *products],
            "chosen": plans.KEEP if category.mixed else category.product_id or "",
        }
        for category in diff.categories
    ]
