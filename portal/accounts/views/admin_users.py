"""Pages of the installation's administrators: all users."""

from typing import cast

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.accounts import directory, queries
from portal.accounts.models import User
from portal.accounts.services import users
from portal.accounts.services.sessions import end_sessions
from portal.core.actors import Actor, SignIn
from portal.core.database import db
from portal.core.errors import Conflict, NotFound
from portal.web import organizer as pages
from portal.web.access import admin, signed_in
from portal.web.lists import here, page_part, page_url, words

blueprint = Blueprint("admin_users", __name__, url_prefix="/admin/users")


def _me() -> Actor:
    return cast(SignIn, signed_in()).actor


@blueprint.get("/")
@admin
def all_users() -> ResponseReturnValue:
    """All users, to search."""
    query, admins = words(), request.args.get("admins") == "1"
    part = page_part(directory.user_count(query, admins=admins))
    return pages.page(
        "accounts/admin/users.html",
        rows=directory.user_page(query, limit=part.size, offset=part.offset, admins=admins),
        query=query,
        admins=admins,
        part=part,
        page_url=page_url,
        here=here,
    )


def _user(user_id: int) -> directory.UserRow:
    found = directory.user_of(user_id)
    if found is None:
        raise NotFound("This user does not exist any more.")
    return found


@blueprint.get("/<int(max=9007199254740991):user_id>/")
@admin
def one_user(user_id: int) -> ResponseReturnValue:
    """One user: teams, browsers, and what may be done about them."""
    return pages.page(
        "accounts/admin/user.html",
        row=_user(user_id),
        teams=directory.teams_of(user_id),
        sessions=queries.session_count(user_id),
        me=_me().id,
    )


def _back(user_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin_users.one_user", user_id=user_id), 303)


@blueprint.post("/<int(max=9007199254740991):user_id>/active")
@admin
def set_active(user_id: int) -> ResponseReturnValue:
    """Let a user sign in, or no longer."""
    active = request.form.get("active") == "1"
    user = db.session.get_one(User, _user(user_id).id)
    try:
        users.set_active(actor=_me(), user=user, active=active)
    except Conflict as refused:
        return _refused(user_id, refused)
    db.session.commit()
    said = gettext("%(email)s may sign in again.") if active else gettext("%(email)s is signed out and switched off.")
    flash(said % {"email": user.email}, "success")
    return _back(user_id)


def _refused(user_id: int, refused: Conflict) -> ResponseReturnValue:
    db.session.rollback()
    flash(gettext(refused.message), "error")
    return _back(user_id)


@blueprint.post("/<int(max=9007199254740991):user_id>/admin")
@admin
def set_admin(user_id: int) -> ResponseReturnValue:
    """Make a user an administrator, or no longer."""
    wanted, row = request.form.get("admin") == "1", _user(user_id)
    try:
        users.set_admin(actor=_me(), user_id=user_id, is_admin=wanted)
    except Conflict as refused:
        return _refused(user_id, refused)
    db.session.commit()
    if wanted:
        flash(gettext("%(email)s is an administrator now.", email=row.email), "success")
    else:
        flash(gettext("%(email)s is no administrator any more.", email=row.email), "success")
    return _back(user_id) if user_id != _me().id or wanted else redirect(url_for("organizer.index"), 303)


@blueprint.post("/<int(max=9007199254740991):user_id>/sessions/end")
@admin
def end_user_sessions(user_id: int) -> ResponseReturnValue:
    """Sign a user out everywhere."""
    ended = end_sessions(actor=_me(), user=users.locked_user(_user(user_id).id))
    db.session.commit()
    flash(ngettext("%(num)s browser is signed out.", "%(num)s browsers are signed out.", ended), "success")
    return _back(user_id)
