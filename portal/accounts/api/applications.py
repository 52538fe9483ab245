"""Pages for a user's own applications: make one, edit it, see a new secret once, delete it."""

from typing import Any, cast

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.accounts.models import OAuthApplication
from portal.accounts.oauth import applications as services
from portal.accounts.oauth import queries
from portal.core.actors import SignIn
from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.events import lists
from portal.web import organizer as pages
from portal.web.access import actor, signed_in, user
from portal.web.urls import public_base

blueprint = Blueprint("applications", __name__, url_prefix="/account/applications")

_ONE = "/<int(max=9007199254740991):application_id>/"


def _owner_id() -> int:
    return cast(int, cast(SignIn, signed_in()).user_id)


def _own(application_id: int) -> OAuthApplication:
    found = queries.application_of(_owner_id(), application_id)
    if found is None:
        raise NotFound("This application does not exist, or it is not yours.")
    return found


@blueprint.get("/")
@user
def index() -> ResponseReturnValue:
    """The user's own applications, with how many people use each."""
    g.event_zone = lists.usual_zone(cast(SignIn, signed_in()))
    own = queries.applications_of(_owner_id())
    used = queries.users_of_applications([application.id for application in own])
    return pages.page("accounts/applications.html", applications=own, used=used)


@blueprint.route("/new", methods=["GET", "POST"])
@user
def create() -> ResponseReturnValue:
    """Make an application; the answer shows its secret, once."""
    if request.method != "POST":
        return _form(None)
    try:
        application, secret = services.create_application(actor=actor(), owner_id=_owner_id(), **_given())
    except InvalidInput as error:
        return _form(None, error)
    db.session.commit()
    return _detail(application, secret)


@blueprint.get(_ONE)
@user
def detail(application_id: int) -> ResponseReturnValue:
    """One application: what a program needs to know of it."""
    return _detail(_own(application_id))


@blueprint.route(f"{_ONE}edit", methods=["GET", "POST"])
@user
def edit(application_id: int) -> ResponseReturnValue:
    """Change the name and the addresses."""
    application = _own(application_id)
    if request.method != "POST":
        return _form(application)
    try:
        services.change_application(actor=actor(), application=application, **_given())
    except InvalidInput as error:
        return _form(application, error)
    db.session.commit()
    flash(gettext("Saved."), "success")
    return redirect(url_for(".detail", application_id=application.id), 303)


@blueprint.post(f"{_ONE}secret")
@user
def renew_secret(application_id: int) -> ResponseReturnValue:
    """Make another secret; the answer shows it, once."""
    application = _own(application_id)
    secret = services.renew_secret(actor=actor(), application=application)
    db.session.commit()
    return _detail(application, secret)


@blueprint.post(f"{_ONE}delete")
@user
def delete(application_id: int) -> ResponseReturnValue:
    """Delete an application and all access that it has."""
    application = _own(application_id)
    name = application.name
    services.delete_application(actor=actor(), application=application)
    db.session.commit()
    flash(gettext("“%(name)s” is deleted. All access that it had has ended.", name=name), "success")
    return redirect(url_for(".index"), 303)


def _given() -> dict[str, Any]:
    form = request.form
    return {"name": form.get("name", ""), "redirect_uris": form.get("redirect_uris", "").splitlines()}


def _detail(application: OAuthApplication, secret: str | None = None) -> ResponseReturnValue:
    return pages.page(
        "accounts/application.html",
        application=application,
        secret=secret,
        used=queries.users_of_applications([application.id]).get(application.id, 0),
        base=public_base(),
    )


def _form(application: OAuthApplication | None, error: InvalidInput | None = None) -> ResponseReturnValue:
    """The form, as it was sent where something is wrong with it."""
    values: dict[str, str] = {}
    if error is not None:
        db.session.rollback()
        values = request.form.to_dict()
    elif application is not None:
        values = {"name": application.name, "redirect_uris": "\n".join(application.redirect_uris)}
    errors = {name: [gettext(each) for each in found] for name, found in (error.fields if error else {}).items()}
    page = pages.page("accounts/application_form.html", application=application, values=values, errors=errors)
    return page, 422 if errors else 200
