"""Pages that send access codes: one while somebody waits, many in the background with what became of each."""

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import NotFound, Unavailable
from portal.exhibitors import mailings as reads
from portal.exhibitors import overview
from portal.exhibitors.services import mailings, send
from portal.exhibitors.views.listing import url
from portal.exhibitors.views.organizer import blueprint
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import number, said
from portal.web.lists import here, page_part, page_url
from portal.web.urls import public_base

MANAGE = "can_change_event_settings"
ONE = "/mailings/<int(max=9007199254740991):mailing_id>"
LATEST = 50


@blueprint.post("/<int(max=9007199254740991):exhibitor_id>/send")
@event_member(MANAGE)
def send_one(organizer: str, event: str, exhibitor_id: int) -> ResponseReturnValue:
    """Send an exhibitor its code while the browser waits, and say whether the mail server took it."""
    scope = event_scope()
    db.session.rollback()  # what the access rules read; no transaction is open while the mail is on its way
    try:
        send.send_access_code(actor=actor(), event=scope, exhibitor_id=exhibitor_id, base_url=public_base())
    except send.NoAddress:
        db.session.rollback()
        flash(gettext("This exhibitor has no e-mail address. Enter one, then send the code."), "refused")
    except Unavailable as refused:
        db.session.rollback()
        exhibitor = overview.exhibitor_of(scope.event_id, exhibitor_id)
        reason = exhibitor.code_sent_error if exhibitor else None
        flash(f"{gettext(refused.message)} {said(reason)}".strip(), "refused")
    else:
        db.session.commit()
        flash(gettext("The code is sent."), "done")
    return redirect(url(scope, "detail", exhibitor_id=exhibitor_id), 303)


@blueprint.get("/mailings")
@event_member(MANAGE)
def mailing_list(organizer: str, event: str) -> ResponseReturnValue:
    """The latest mailings and how they went."""
    found = reads.latest(event_scope().event_id, LATEST)
    return pages.page("exhibitors/organizer/mailings.html", mailings=found)


@blueprint.get(ONE)
@event_member(MANAGE)
def mailing(organizer: str, event: str, mailing_id: int) -> ResponseReturnValue:
    """A mailing: how far it is, and what became of each mail; for htmx the part that changes."""
    scope = event_scope()
    found = reads.one(scope.event_id, mailing_id)
    if found is None:
        raise NotFound("This mailing does not exist, or it belongs to another event.")
    part = page_part(found.total)
    context: dict[str, Any] = {
        "mailing": found,
        "recipients": reads.recipients(mailing_id, limit=part.size, offset=part.offset),
        "part": part,
        "page_url": page_url,
        "here": here(page=part.number if part.number > 1 else None),
        "states": _states(),
        "scope": scope,
    }
    if request.headers.get("HX-Target") == "mailing":
        return render_template("exhibitors/organizer/_mailing.html", **context)
    return pages.page("exhibitors/organizer/mailing.html", **context)


def _states() -> dict[str, tuple[str, str]]:
    """The states of a mail in words, and what kind of state each is."""
    return {
        "sent": (gettext("Sent"), "done"),
        "waiting": (gettext("Waiting"), "waiting"),
        "failed": (gettext("Failed"), "refused"),
        "cancelled": (gettext("Taken back"), "note"),
    }


@blueprint.post(f"{ONE}/retry")
@event_member(MANAGE)
def mailing_retry(organizer: str, event: str, mailing_id: int) -> ResponseReturnValue:
    """Try the failed ones again."""
    scope = event_scope()
    count = mailings.retry(actor=actor(), event=scope, mailing_id=mailing_id)
    return _done(
        scope,
        mailing_id,
        ngettext("%(count)s mail is tried again", "%(count)s mails are tried again", count, count=number(count))
        if count
        else gettext("No mail is left to try again."),
    )


@blueprint.post(f"{ONE}/cancel")
@event_member(MANAGE)
def mailing_cancel(organizer: str, event: str, mailing_id: int) -> ResponseReturnValue:
    """Take back what is not sent yet."""
    scope = event_scope()
    count = mailings.cancel(actor=actor(), event=scope, mailing_id=mailing_id)
    return _done(
        scope,
        mailing_id,
        ngettext("%(count)s mail is taken back", "%(count)s mails are taken back", count, count=number(count))
        if count
        else gettext("All mails were on their way already."),
    )


def _done(scope: EventScope, mailing_id: int, message: str) -> ResponseReturnValue:
    db.session.commit()
    flash(message, "done")
    return redirect(url(scope, "mailing", mailing_id=mailing_id), 303)
