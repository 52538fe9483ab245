"""Pages that give vouchers to an exhibitor and take them back: by search, by a pasted list, with who redeemed them."""

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import Forbidden, InvalidInput, InvalidList, NotFound
from portal.exhibitors import overview, voucher_links
from portal.exhibitors.models import Exhibitor
from portal.exhibitors.services import vouchers as services
from portal.exhibitors.services.vouchers import Attachment
from portal.exhibitors.views.listing import url
from portal.exhibitors.views.organizer import blueprint
from portal.exhibitors.vouchers import redemption_count, redemptions, voucher, voucher_page
from portal.tickets.fields import LABELS, FieldReader, shown_fields
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import current_locale, number, said
from portal.web.lists import asked_page, page_part, page_url, words
from portal.web.params import parse_id

ONE = "/<int(max=9007199254740991):exhibitor_id>/vouchers"
#: What organizers see of those who redeemed a voucher.
PERSON = ("attendee_name", "company", "attendee_email")


def _exhibitor(scope: EventScope, exhibitor_id: int) -> Exhibitor:
    found = overview.exhibitor_of(scope.event_id, exhibitor_id)
    if found is None:
        raise NotFound("This exhibitor does not exist, or it belongs to another event.")
    return found


@blueprint.get(ONE)
@event_member("can_view_vouchers")
def vouchers(organizer: str, event: str, exhibitor_id: int) -> ResponseReturnValue:
    """The exhibitor's vouchers, and the search for more."""
    scope = event_scope()
    return _page(scope, _exhibitor(scope, exhibitor_id))


def _page(scope: EventScope, exhibitor: Exhibitor, **more: Any) -> str:
    query = words()
    changes = scope.may("can_change_vouchers")
    locales = (str(current_locale()), scope.locale)
    return pages.page(
        "exhibitors/organizer/vouchers.html",
        **{
            "exhibitor": exhibitor,
            "vouchers": voucher_page(exhibitor_id=exhibitor.id, page=asked_page(), locales=locales),
            "page_url": page_url,
            "query": query,
            "found": voucher_links.search(scope.event_id, query, exhibitor_id=exhibitor.id)
            if query and changes
            else None,
            "changes": changes,
            "sees_orders": scope.may("can_view_orders"),
            "pasted": "",
            "lines": None,
            "errors": {},
        }
        | more,
    )


@blueprint.post(f"{ONE}/attach")
@event_member("can_change_vouchers")
def voucher_attach(organizer: str, event: str, exhibitor_id: int) -> ResponseReturnValue:
    """Attach those that are ticked, or give one another comment."""
    scope = event_scope()
    exhibitor = _exhibitor(scope, exhibitor_id)
    comment = request.form.get("exhibitor_comment", "").strip() if "exhibitor_comment" in request.form else None
    if comment == "" and "comment_only" not in request.form:
        comment = None
    ids = [each for text in request.form.getlist("id") if (each := parse_id(text))]
    if not ids:
        flash(gettext("Tick the vouchers to attach."), "refused")
        return _back(scope, exhibitor.id)
    return _attach(scope, exhibitor, [Attachment("id", id_, comment) for id_ in dict.fromkeys(ids)])


def _attach(scope: EventScope, exhibitor: Exhibitor, attachments: list[Attachment]) -> ResponseReturnValue:
    try:
        added, commented = services.bulk_attach(
            actor=actor(), event=scope, exhibitor_id=exhibitor.id, attachments=attachments
        )
    except InvalidList as refused:
        db.session.rollback()
        wrong = [said(message) for entry in refused.entries for found in entry.values() for message in found]
        errors = {"non_field_errors": [gettext("Nothing was attached."), *wrong[:20]]}
        return _page(scope, exhibitor, errors=errors), 422
    except InvalidInput as refused:
        db.session.rollback()
        return _page(scope, exhibitor, errors=refused.fields), 422
    db.session.commit()
    count = len(added)
    if count or not commented:
        message = ngettext("%(count)s voucher attached", "%(count)s vouchers attached", count, count=number(count))
    else:
        message = gettext("The comment is saved.")
    flash(message, "done")
    return _back(scope, exhibitor.id)


def _back(scope: EventScope, exhibitor_id: int) -> ResponseReturnValue:
    return redirect(url(scope, "vouchers", exhibitor_id=exhibitor_id), 303)


@blueprint.post(f"{ONE}/paste")
@event_member("can_change_vouchers")
def voucher_paste(organizer: str, event: str, exhibitor_id: int) -> ResponseReturnValue:
    """Say line by line what a pasted list would do; with ``attach`` do it for the lines that can be."""
    scope = event_scope()
    exhibitor = _exhibitor(scope, exhibitor_id)
    text = request.form.get("codes", "")[:2_000_000]
    lines = voucher_links.read_pasted(scope.event_id, text, exhibitor_id=exhibitor.id)
    if not lines:
        return _page(scope, exhibitor, pasted=text, errors={"codes": [gettext("Paste one code a line.")]}), 422
    if "attach" in request.form:
        good = [Attachment("code", line.code, line.comment) for line in lines if line.good]
        return _attach(scope, exhibitor, good)
    return _page(scope, exhibitor, pasted=text, lines=lines, counts=voucher_links.count_states(lines))


@blueprint.post(f"{ONE}/detach")
@event_member("can_change_vouchers")
def voucher_detach(organizer: str, event: str, exhibitor_id: int) -> ResponseReturnValue:
    """Take back those that are ticked; the vouchers stay."""
    scope = event_scope()
    ids = [each for text in request.form.getlist("id") if (each := parse_id(text))]
    gone = len(services.detach(actor=actor(), event=scope, exhibitor_id=exhibitor_id, voucher_ids=ids))
    db.session.commit()
    flash(ngettext("%(count)s voucher taken back", "%(count)s vouchers taken back", gone, count=number(gone)), "done")
    return _back(scope, exhibitor_id)


@blueprint.get(f"{ONE}/<int(max=9007199254740991):voucher_id>")
@event_member("can_view_orders")
def voucher_redemptions(organizer: str, event: str, exhibitor_id: int, voucher_id: int) -> ResponseReturnValue:
    """Who redeemed one of the exhibitor's vouchers, and when: for who may see vouchers and orders."""
    scope = event_scope()
    if not scope.may("can_view_vouchers"):
        raise Forbidden("Your teams do not allow this. Ask the people who manage your team.")
    exhibitor = _exhibitor(scope, exhibitor_id)
    locales = (str(current_locale()), scope.locale)
    found = voucher(exhibitor_id=exhibitor.id, voucher_id=voucher_id, locales=locales)
    if found is None:
        raise NotFound("This voucher does not exist, or the exhibitor does not have it.")
    shown = shown_fields(
        event_id=scope.event_id,
        chosen=[name for name in PERSON if name in LABELS],
        locale=scope.locale,
        locales=[scope.locale],
    )
    part = page_part(redemption_count(found.id))
    who = redemptions(
        voucher_ids=[found.id],
        reader=FieldReader(shown, locales[0]),
        locales=locales,
        limit=part.size,
        offset=part.offset,
    )
    return pages.page(
        "exhibitors/organizer/redemptions.html",
        exhibitor=exhibitor,
        voucher=found,
        redemptions=who.get(found.id, []),
        part=part,
        page_url=page_url,
    )
