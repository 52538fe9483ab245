"""Pages: signing in with an access code, by typing it or by a link."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.accounts.services import Client
from portal.core.actors import SignIn
from portal.core.codes import normalise_code
from portal.core.database import db, reading
from portal.exhibitors import queries, sign_in
from portal.web import limits, signin
from portal.web.access import public

blueprint = Blueprint("exhibitors", __name__)


@blueprint.route("/e/", methods=["GET", "POST"])
@public
def code_form() -> ResponseReturnValue:
    """Type an access code."""
    if request.method == "POST":
        return _enter(request.form.get("code", ""), target=request.form.get("next"))
    return _form(signin.current(), target=request.args.get("next"))


@blueprint.route("/e/<code>", methods=["GET", "POST"])
@public
def code_link(code: str) -> ResponseReturnValue:
    """The address in mails and QR codes: one button, whatever the code. Opening it signs nobody in."""
    if request.method == "POST":
        return _enter(code, target=None)
    shown = normalise_code(code)
    page = render_template("exhibitors/code_link.html", present=signin.current(), code=code, shown=shown)
    return page, 200, {"X-Robots-Tag": "noindex, nofollow"}


def _form(
    present: SignIn | None, *, target: str | None, error: str | None = None, code: str = ""
) -> ResponseReturnValue:
    errors = {"code": [error]} if error else {}
    page = render_template(
        "exhibitors/code.html", present=present, target=target or "", errors=errors, values={"code": code}
    )
    return page, 422 if error else 200


def _enter(code: str, *, target: str | None) -> ResponseReturnValue:
    present = signin.current()
    typed = code[:80]
    if not normalise_code(typed):
        return _form(present, target=target, error=gettext("Enter your access code."), code=typed)
    with reading():
        known = queries.scope_by_code(typed) is not None
    entered = None
    if known:
        client = Client(request.remote_addr or "", request.user_agent.string)
        entered = sign_in.with_code(code=typed, client=client, replaces=present.session_id if present else None)
    if entered is None:
        db.session.rollback()
        limits.wrong_code(normalise_code(typed), exempt=present is not None)
        wrong = gettext("This code is not known. Compare it with your mail or badge, letter by letter.")
        return _form(present, target=target, error=wrong, code=typed)
    db.session.commit()
    signin.remember(entered)
    return redirect(signin.destination(entered, target), 303)
