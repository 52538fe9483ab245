"""Page: what an organizer is called, and where answers to its mails go."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.events.organizer_settings import change_organizer, organizer_facts
from portal.web import organizer as pages
from portal.web.access import organizer_member, organizer_scope

blueprint = Blueprint("organizer_settings", __name__, url_prefix="/organizer/<organizer>/-/settings")


@blueprint.route("/", methods=["GET", "POST"])
@organizer_member("can_change_organizer_settings")
def edit(organizer: str) -> ResponseReturnValue:
    """See and change the organizer's settings."""
    scope = organizer_scope()
    facts = organizer_facts(scope.organizer_id)
    values: Any = {"name": facts.name, "email": facts.email or ""}
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        values = {name: request.form.get(name, "")[:300] for name in ("name", "email")}
        try:
            change_organizer(actor=scope.actor, organizer_id=scope.organizer_id, **values)
        except InvalidInput as refused:
            db.session.rollback()
            errors = refused.fields
        else:
            db.session.commit()
            flash(gettext("The settings are saved."), "success")
            return redirect(url_for("organizer_settings.edit", organizer=scope.organizer_slug), 303)
    page = pages.page("accounts/organizer_settings.html", slug=facts.slug, values=values, errors=errors)
    return page, 422 if errors else 200
