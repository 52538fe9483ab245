"""Page: “Send me my code”, answered the same whether the address is known or not."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core.database import db
from portal.core.mail import BadAddress, address
from portal.exhibitors.services import code_mail
from portal.exhibitors.views.codes import blueprint
from portal.web import limits
from portal.web.access import public
from portal.web.urls import mail_base

#: Mails to one address; a further request is answered the same and sends nothing.
MAILS = limits.Limit("code-mails", 3, 3600)
#: Requests from one network; a whole hall may share one.
MAILS_BY_NETWORK = limits.Limit("code-mails-by-network", 60, 3600)


@blueprint.route("/e/send", methods=["GET", "POST"])
@public
def send_code() -> ResponseReturnValue:
    """Ask for a mail with all codes of a contact address."""
    if request.method != "POST":
        return render_template("exhibitors/send_code.html", values={"email": request.args.get("email", "")}, errors={})
    typed = request.form.get("email", "").strip()
    if not _is_address(typed):
        wrong = gettext("This is not an e-mail address. It looks like name@example.org.")
        page = render_template("exhibitors/send_code.html", values={"email": typed[:254]}, errors={"email": [wrong]})
        return page, 422
    network = limits.client_address()
    reached = limits.count(MAILS_BY_NETWORK, network)
    if reached > MAILS_BY_NETWORK.amount:
        limits.note(MAILS_BY_NETWORK, reached)
        message = gettext("Very many codes were asked for from this network. No mail was sent this time.")
        limits.refuse(message, limits.wait(MAILS_BY_NETWORK, network))
    if limits.count(MAILS, code_mail.normalise_email(typed)) <= MAILS.amount:
        code_mail.request_codes(email=typed, base_url=mail_base())
        db.session.commit()
    return redirect(url_for("exhibitors.code_sent"), 303)


@blueprint.get("/e/sent")
@public
def code_sent() -> str:
    """What is said after every request."""
    return render_template("exhibitors/send_code_done.html")


def _is_address(typed: str) -> bool:
    if len(typed) > 254:
        return False
    try:
        address(typed)
    except BadAddress:
        return False
    return True
