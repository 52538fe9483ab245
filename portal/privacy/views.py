"""Pages: finding a person in an event, seeing what is held of them, and erasing it."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.core.database import db
from portal.core.errors import NotFound
from portal.privacy import person
from portal.privacy.services import erase as erase_person
from portal.web import organizer as pages
from portal.web.access import event_member, event_scope
from portal.web.filters import number
from portal.web.lists import words
from portal.web.params import parse_id

blueprint = Blueprint("privacy", __name__, url_prefix="/organizer/<organizer>/<event>/privacy")


def _ids(given: list[str]) -> list[int]:
    ids = (parse_id(each) for each in given[: person.MOST])
    return [each for each in ids if each is not None and each > 0]


@blueprint.get("/")
@event_member("can_change_orders")
def index(organizer: str, event: str) -> ResponseReturnValue:
    """Look for a person by name, e-mail or order code."""
    query = words()
    found = person.find(event_scope().event_id, query)
    return pages.page("privacy/index.html", query=query, found=found, most=person.MOST)


@blueprint.get("/person")
@event_member("can_change_orders")
def show(organizer: str, event: str) -> ResponseReturnValue:
    """Everything that is held of the person with the ticked tickets."""
    scope = event_scope()
    held = person.held(scope.event_id, _ids(request.args.getlist("ticket")))
    if held is None:
        flash(gettext("Tick the tickets of the person first."), "info")
        return redirect(url_for("privacy.index", organizer=scope.organizer_slug, event=scope.event_slug), 303)
    return pages.page("privacy/person.html", held=held)


@blueprint.post("/erase")
@event_member("can_change_orders")
def erase(organizer: str, event: str) -> ResponseReturnValue:
    """Erase what was shown, once its confirmation is typed."""
    scope = event_scope()
    where: dict[str, Any] = {"organizer": scope.organizer_slug, "event": scope.event_slug}
    tickets = _ids(request.form.getlist("ticket"))
    held = person.held(scope.event_id, tickets)
    if held is None:
        raise NotFound("These tickets do not exist, or they belong to another event.")
    if request.form.get("confirm", "").strip() != held.label:
        flash(gettext("What was typed is not what the page asked for. Nothing was erased."), "error")
        return redirect(url_for("privacy.show", ticket=tickets, **where), 303)
    erased = erase_person(
        actor=scope.actor, event=scope, ticket_ids=tickets, order_ids=_ids(request.form.getlist("order"))
    )
    db.session.commit()
    said = ngettext(
        "The person’s data is erased from %(count)s ticket. The ticket stays valid.",
        "The person’s data is erased from %(count)s tickets. The tickets stay valid.",
        erased.tickets,
        count=number(erased.tickets),
    )
    flash(said, "success")
    return redirect(url_for("privacy.index", **where), 303)
