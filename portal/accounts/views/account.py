"""Pages of the own account: name, language, address and password, and the browsers that are signed in."""

from typing import Any, cast

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.accounts import passwords, queries, services
from portal.accounts.devices import browser_of, is_handheld
from portal.accounts.services import mailed, users
from portal.accounts.services.sessions import end_one_session, end_sessions, renew_session
from portal.core.actors import SignIn
from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.events import lists
from portal.web import limits, signin
from portal.web import organizer as pages
from portal.web.access import signed_in, user
from portal.web.i18n import LOCALES
from portal.web.lists import page_part, page_url
from portal.web.urls import mail_base

blueprint = Blueprint("account", __name__, url_prefix="/account")

#: Mails that confirm a new address, for one account.
MAILS = limits.Limit("email-change-mails", 5, 3600)


def _me() -> SignIn:
    return cast(SignIn, signed_in())


def _id() -> int:
    return cast(int, _me().user_id)


@blueprint.get("/")
@user
def index() -> ResponseReturnValue:
    """The own account."""
    return _page()


def _page(*, errors: Any = None, values: Any = None) -> ResponseReturnValue:
    me = _me()
    g.event_zone = lists.usual_zone(me)
    part = page_part(queries.session_count(_id()))
    page = pages.page(
        "accounts/account.html",
        account=queries.account(_id()),
        languages=list(LOCALES.items()),
        sessions=[
            (row, browser_of(row.user_agent), is_handheld(row.user_agent))
            for row in queries.session_page(_id(), present=me.session_id, limit=part.size, offset=part.offset)
        ],
        present=me.session_id,
        part=part,
        page_url=page_url,
        errors=errors or {},
        values=values or {},
        fewest=passwords.MIN_LENGTH,
    )
    return page, 422 if errors else 200


@blueprint.post("/profile")
@user
def profile() -> ResponseReturnValue:
    """Set one's name and language."""
    locale = request.form.get("locale", "")
    name = request.form.get("name", "")
    try:
        users.change_profile(actor=_me().actor, user_id=_id(), name=name, locale=locale if locale in LOCALES else None)
    except InvalidInput as refused:
        db.session.rollback()
        return _page(errors=refused.fields, values={"name": name[:300], "locale": locale})
    db.session.commit()
    session.pop("locale", None)  # what this browser chose before gives way to what was chosen now
    flash(gettext("Your profile is saved."), "success")
    return redirect(url_for("account.index"), 303)


def _knows_password(field: str) -> dict[str, list[str]] | None:
    """Whether who sits here is who signed in: they know the password. What is wrong with it, else None."""
    me = queries.account(_id())
    db.session.rollback()  # nothing is locked while a password is checked
    attempt = limits.password_attempt(me.email)
    if services.authenticate(email=me.email, password=request.form.get(field, "")) is None:
        return {field: [gettext("This is not your present password.")]}
    attempt.forgive()
    return None


@blueprint.post("/password")
@user
def password() -> ResponseReturnValue:
    """Change the password; all other browsers have to sign in again."""
    me = _me()
    new = request.form.get("new_password", "")
    wrong = _knows_password("password")
    if wrong is None:
        try:
            users.check_password(new, "new_password")
        except InvalidInput as refused:
            wrong = refused.fields
    if wrong is not None:
        return _page(errors=wrong)
    hashed = passwords.hash_password(new)
    row = users.locked_user(_id())
    users.store_password(actor=me.actor, user=row, hashed=hashed, keep=me.session_id)
    renewed = renew_session(sign_in=me)
    db.session.commit()
    signin.remember(renewed)
    flash(gettext("Your password is changed. All other browsers are signed out."), "success")
    return redirect(url_for("account.index"), 303)


@blueprint.post("/email")
@user
def email() -> ResponseReturnValue:
    """Ask for a mail to a new address; it counts once that is confirmed."""
    typed = request.form.get("new_email", "")[:300]
    base = mail_base()
    errors: dict[str, list[str]] | None = None
    if base is None:
        errors = {"new_email": [gettext("This installation cannot send links. Ask its operator to set BASE_URL.")]}
    else:
        errors = _knows_password("email_password")
    if errors is None and base is not None:
        reached = limits.count(MAILS, str(_id()))
        if reached > MAILS.amount:
            limits.refuse(
                gettext("Very many mails were asked for. No mail was sent this time."), limits.wait(MAILS, str(_id()))
            )
        try:
            address = mailed.request_change(user_id=_id(), email=typed, base_url=base)
        except InvalidInput as refused:
            db.session.rollback()
            errors = {"new_email": refused.fields["email"]}
    if errors is not None:
        return _page(errors=errors, values={"new_email": typed})
    db.session.commit()
    sent = gettext("A mail is on its way to %(email)s. The address changes when you open its link.", email=address)
    flash(sent, "success")
    return redirect(url_for("account.index"), 303)


@blueprint.route("/email/<token>", methods=["GET", "POST"])
@user
def confirm_email(token: str) -> ResponseReturnValue:
    """Confirm a new address by the link of a mail, signed in; opening it changes nothing."""
    found = mailed.change_account(token)
    if found is None or found.user_id != _id():
        return render_template("accounts/link_void.html", invitation=False), 404
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            address = mailed.confirm_change(actor=_me().actor, token=token)
        except InvalidInput as refused:
            db.session.rollback()
            errors = refused.fields
        except NotFound:
            db.session.rollback()
            return render_template("accounts/link_void.html", invitation=False), 404
        else:
            db.session.commit()
            flash(gettext("From now on you sign in with %(email)s.", email=address), "success")
            return redirect(url_for("account.index"), 303)
    page = pages.page("accounts/confirm_email.html", token=token, account=found, errors=errors)
    return page, 422 if errors else 200


@blueprint.post("/sessions/<int(max=9007199254740991):session_id>/end")
@user
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign another of one's browsers out."""
    if session_id == _me().session_id:
        flash(gettext("This is the browser you use now. Sign out to end it."), "info")
    elif end_one_session(actor=_me().actor, user_id=_id(), session_id=session_id):
        db.session.commit()
        flash(gettext("The browser is signed out."), "success")
    else:
        flash(gettext("This browser is not signed in any more."), "info")
    return redirect(url_for("account.index", _anchor="sessions"), 303)


@blueprint.post("/sessions/end")
@user
def end_others() -> ResponseReturnValue:
    """Sign all other browsers out."""
    me = _me()
    ended = end_sessions(actor=me.actor, user=users.locked_user(_id()), keep=me.session_id)
    db.session.commit()
    flash(ngettext("%(num)s other browser is signed out.", "%(num)s other browsers are signed out.", ended), "success")
    return redirect(url_for("account.index", _anchor="sessions"), 303)
