"""Pages: a forgotten password. Every request is answered alike; the mail's link sets another one, once."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.accounts import passwords
from portal.accounts.services import mailed
from portal.accounts.views.sign_in import blueprint
from portal.core.database import db, reading
from portal.core.errors import InvalidInput, NotFound
from portal.core.mail import BadAddress, address
from portal.web import limits, signin
from portal.web.access import public
from portal.web.urls import mail_base

#: Mails to one address; a further request is answered the same and sends nothing.
MAILS = limits.Limit("reset-mails", 3, 3600)
#: Requests from one network.
MAILS_BY_NETWORK = limits.Limit("reset-mails-by-network", 60, 3600)

_QUIET = {"X-Robots-Tag": "noindex, nofollow"}


@blueprint.route("/login/forgot", methods=["GET", "POST"])
@public
def forgot() -> ResponseReturnValue:
    """Ask for a mail with a link that sets another password."""
    base = mail_base()
    if request.method != "POST" or base is None:
        email = request.args.get("email", "")[:254]
        return render_template("accounts/forgot.html", values={"email": email}, errors={}, possible=base is not None)
    typed = request.form.get("email", "").strip()
    if not _is_address(typed):
        wrong = gettext("This is not an e-mail address. It looks like name@example.org.")
        values, errors = {"email": typed[:254]}, {"email": [wrong]}
        return render_template("accounts/forgot.html", values=values, errors=errors, possible=True), 422
    network = limits.client_address()
    reached = limits.count(MAILS_BY_NETWORK, network)
    if reached > MAILS_BY_NETWORK.amount:
        limits.note(MAILS_BY_NETWORK, reached)
        message = gettext("Very many mails were asked for from this network. No mail was sent this time.")
        limits.refuse(message, limits.wait(MAILS_BY_NETWORK, network))
    if limits.count(MAILS, typed.lower()) <= MAILS.amount:
        mailed.request_reset(email=typed, base_url=base)
        db.session.commit()
    return redirect(url_for("accounts.forgot_sent"), 303)


@blueprint.get("/login/forgot/sent")
@public
def forgot_sent() -> str:
    """What is said after every request."""
    return render_template("accounts/forgot_sent.html")


@blueprint.route("/login/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> ResponseReturnValue:
    """Choose another password by the link of a mail; opening it changes nothing."""
    with reading():
        found = mailed.reset_account(token)
    if found is None:
        return render_template("accounts/link_void.html", invitation=False), 404, _QUIET
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            mailed.reset_password(token=token, password=request.form.get("password", ""))
        except InvalidInput as refused:
            db.session.rollback()
            errors = refused.fields
        except NotFound:
            db.session.rollback()
            return render_template("accounts/link_void.html", invitation=False), 404, _QUIET
        else:
            db.session.commit()
            signin.forget()
            flash(gettext("Your password is changed, and you are signed out everywhere. Sign in with it."), "success")
            return redirect(url_for("accounts.login"), 303)
    page = render_template(
        "accounts/reset.html", token=token, account=found, errors=errors, fewest=passwords.MIN_LENGTH
    )
    return page, 422 if errors else 200, _QUIET


def _is_address(typed: str) -> bool:
    if len(typed) > 254:
        return False
    try:
        address(typed)
    except BadAddress:
        return False
    return True
