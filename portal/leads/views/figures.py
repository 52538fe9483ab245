"""An exhibitor's figures: when, from which device and how well its leads came in."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal.leads.queries import counts
from portal.leads.schemas import read_filter
from portal.leads.views import listing
from portal.leads.views.pages import blueprint
from portal.tickets.sight import sight_of
from portal.web.access import exhibitor, exhibitor_scope


@blueprint.get("/figures")
@exhibitor("full")
def figures() -> ResponseReturnValue:
    """The pictures, each with its numbers behind it."""
    scope = exhibitor_scope()
    counted = counts.figures(exhibitor_id=scope.exhibitor_id, timezone=scope.timezone)
    day = read_filter(request.args)[0].day
    return render_template("leads/figures.html", **listing.pictures(scope, sight_of(scope.event_id), counted, day))
