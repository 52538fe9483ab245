"""The page where a user sees which applications may act for them, and ends it."""

from typing import cast

from flask import Blueprint, flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.accounts.oauth import queries, services
from portal.core.actors import SignIn
from portal.core.database import db
from portal.core.errors import NotFound
from portal.events import lists
from portal.events.granting import organizer_names
from portal.web import organizer as pages
from portal.web.access import actor, signed_in, user

blueprint = Blueprint("granted_access", __name__, url_prefix="/account/access")


def _user_id() -> int:
    return cast(int, cast(SignIn, signed_in()).user_id)


@blueprint.get("/")
@user
def index() -> ResponseReturnValue:
    """What the user granted: to which application, where, and when it was last used."""
    g.event_zone = lists.usual_zone(cast(SignIn, signed_in()))
    granted = queries.grants_of(_user_id())
    names = organizer_names({each for grant in granted for each in grant.organizer_ids})
    return pages.page("accounts/access.html", granted=granted, names=names)


@blueprint.post("/<int(max=9007199254740991):grant_id>/end")
@user
def end(grant_id: int) -> ResponseReturnValue:
    """End what the user granted, at once."""
    grant = queries.grant_of(_user_id(), grant_id)
    if grant is None:
        raise NotFound("This access does not exist, or it has ended already.")
    name = grant.application.name
    services.end_access(actor=actor(), grant=grant)
    db.session.commit()
    flash(gettext("“%(name)s” can no longer act for you.", name=name), "success")
    return redirect(url_for(".index"), 303)
