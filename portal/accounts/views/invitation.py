"""Page: an invitation to a team, as the link in its mail opens it. Opening it changes nothing."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.accounts import passwords, services
from portal.accounts.services import invitations
from portal.accounts.services.users import check_password, normal_name
from portal.accounts.views.sign_in import blueprint
from portal.core.actors import SignIn
from portal.core.database import db, reading
from portal.core.errors import InvalidInput, NotFound
from portal.web import signin
from portal.web.access import public
from portal.web.i18n import current_locale

_QUIET = {"X-Robots-Tag": "noindex, nofollow"}


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@public
def invitation(token: str) -> ResponseReturnValue:
    """Join the team: with one button for who has an account, with a name and a password for newcomers."""
    present = signin.current()
    with reading():
        found = invitations.invited(token)
    if found is None:
        return render_template("accounts/link_void.html", invitation=True), 404, _QUIET
    if request.method != "POST":
        return _page(token, found, present)
    if found.user_id is None:
        return _newcomer(token, found, present)
    if present is None or present.user_id != found.user_id:
        return _page(token, found, present)
    joined = invitations.accept(sign_in=present, token=token)
    db.session.commit()
    flash(gettext("You are in the team %(team)s now.", team=joined.team), "success")
    return redirect(url_for("organizer.overview", organizer=joined.organizer_slug), 303)


def _page(
    token: str, found: invitations.Invited, present: SignIn | None, *, errors: Any = None, name: str = ""
) -> ResponseReturnValue:
    page = render_template(
        "accounts/invitation.html",
        token=token,
        invited=found,
        present=present,
        mine=present is not None and found.user_id is not None and present.user_id == found.user_id,
        errors=errors or {},
        values={"name": name},
        fewest=passwords.MIN_LENGTH,
    )
    return page, 422 if errors else 200, _QUIET


def _newcomer(token: str, found: invitations.Invited, present: SignIn | None) -> ResponseReturnValue:
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        clean = normal_name(name)
        check_password(password)
        hashed = passwords.hash_password(password)
        sign_in = invitations.accept_as_newcomer(
            token=token,
            name=clean,
            hashed=hashed,
            client=services.Client(request.remote_addr or "", request.user_agent.string),
            locale=current_locale(),
            replaces=present.session_id if present else None,
        )
    except InvalidInput as refused:
        db.session.rollback()
        return _page(token, found, present, errors=refused.fields, name=name[:200])
    except NotFound:
        db.session.rollback()
        return render_template("accounts/link_void.html", invitation=True), 404, _QUIET
    db.session.commit()
    signin.remember(sign_in)
    flash(gettext("Welcome. You are in the team %(team)s now.", team=found.team), "success")
    return redirect(url_for("organizer.overview", organizer=found.organizer_slug), 303)
