"""Pages: the start, signing in with e-mail and password, signing out."""

from typing import cast

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import ValidationError

from portal.accounts import services
from portal.accounts.schemas import SignInForm
from portal.core.actors import SignIn
from portal.core.database import db
from portal.web import limits, signin
from portal.web.access import public

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/")
@public
def start() -> ResponseReturnValue:
    """Home for who is signed in; for everybody else, the two doors."""
    sign_in = signin.current()
    if sign_in is not None:
        return redirect(signin.home(sign_in), 303)
    return render_template("accounts/start.html")


@blueprint.route("/login", methods=["GET", "POST"])
@public
def login() -> ResponseReturnValue:
    """Sign in with e-mail and password."""
    present = signin.current()
    if request.method == "POST":
        return _sign_in(present)
    target = request.args.get("next")
    if present is not None and present.user_id is not None:
        return redirect(signin.destination(present, target), 303)
    return _form(present, target=target)


def _form(
    present: SignIn | None, *, target: str | None, errors: dict[str, list[str]] | None = None, email: str = ""
) -> ResponseReturnValue:
    page = render_template(
        "accounts/login.html", present=present, target=target or "", errors=errors or {}, values={"email": email}
    )
    return page, 422 if errors else 200


def _sign_in(present: SignIn | None) -> ResponseReturnValue:
    target = request.form.get("next")
    try:
        given = SignInForm().load(request.form)
    except ValidationError as error:
        return _form(
            present,
            target=target,
            errors=cast(dict[str, list[str]], error.messages),
            email=request.form.get("email", ""),
        )
    email, password = given["email"].strip(), given["password"]
    attempt = limits.password_attempt(email)
    verified = services.authenticate(email=email, password=password)
    try:
        if verified is None:
            raise services.SignInRefused("not verified")
        sign_in = services.start_session(
            verified=verified,
            client=services.Client(request.remote_addr or "", request.user_agent.string),
            replaces=present.session_id if present else None,
        )
    except services.SignInRefused:
        db.session.rollback()
        wrong = gettext("This e-mail address and password do not belong together. Check both and try again.")
        return _form(present, target=target, errors={"non_field_errors": [wrong]}, email=email)
    db.session.commit()
    attempt.forgive()
    signin.remember(sign_in)
    return redirect(signin.destination(sign_in, target), 303)


@blueprint.post("/logout")
@public
def logout() -> ResponseReturnValue:
    """End this browser's session."""
    sign_in = signin.current()
    if sign_in is not None:
        services.end_session(sign_in=sign_in)
        db.session.commit()
    signin.forget()
    flash(gettext("You are signed out."), "success")
    return redirect("/", 303)
