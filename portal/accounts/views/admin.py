"""Pages of the installation's administrators: all organizers."""

from typing import cast

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.accounts import queries
from portal.accounts.services.users import normal_address
from portal.core.actors import Actor, SignIn
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.events.directory import organizer_count, organizer_page
from portal.events.organizers import create_organizer
from portal.web import organizer as pages
from portal.web.access import admin, signed_in
from portal.web.lists import page_part, page_url, words

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


def _me() -> Actor:
    return cast(SignIn, signed_in()).actor


@blueprint.get("/organizers/")
@admin
def organizers() -> ResponseReturnValue:
    """All organizers, to search."""
    query = words()
    part = page_part(organizer_count(query))
    rows = organizer_page(query, limit=part.size, offset=part.offset)
    return pages.page("accounts/admin/organizers.html", rows=rows, query=query, part=part, page_url=page_url)


@blueprint.route("/organizers/new", methods=["GET", "POST"])
@admin
def new_organizer() -> ResponseReturnValue:
    """A new organizer, with a team that may everything and its first member."""
    if request.method != "POST":
        return pages.page("accounts/admin/new_organizer.html", values={}, errors={})
    given = {name: request.form.get(name, "")[:300] for name in ("name", "slug", "email")}
    try:
        members = [_member(given["email"])] if given["email"].strip() else []
        made = create_organizer(actor=_me(), name=given["name"], slug=given["slug"].strip(), members=members)
    except InvalidInput as refused:
        db.session.rollback()
        errors = {name: [gettext(message) for message in found] for name, found in refused.fields.items()}
        return pages.page("accounts/admin/new_organizer.html", values=given, errors=errors), 422
    db.session.commit()
    flash(gettext("The organizer is there."), "success")
    return redirect(url_for("organizer.overview", organizer=made.slug), 303)


def _member(email: str) -> int:
    found = queries.user_by_email(normal_address(email))
    if found is None:
        unknown = gettext("Nobody signs in with this address yet. Leave it empty and invite them.")
        raise InvalidInput({"email": [unknown]})
    return found.id
