"""Pages of an exhibitor beside its leads: vouchers with who redeemed them, and the profile with its codes."""

from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core.actors import ExhibitorScope
from portal.core.database import db
from portal.core.errors import Forbidden, NotFound
from portal.exhibitors import vouchers as voucher_reads
from portal.exhibitors.profile import own_profile
from portal.exhibitors.services.own import choose_language
from portal.exhibitors.views.frame import first_page
from portal.tickets.fields import FieldReader, known_locale
from portal.tickets.sight import sight_of
from portal.web.access import actor, exhibitor, exhibitor_scope
from portal.web.filters import current_locale
from portal.web.i18n import LOCALES
from portal.web.lists import page_part, page_url
from portal.web.urls import external_url

blueprint = Blueprint("exhibitor", __name__, url_prefix="/exhibitor")

NO_VOUCHER_ACCESS = (
    "Your organizer has not opened the vouchers to you in the portal. "
    "Ask the organizer to allow access to your vouchers."
)


@blueprint.get("/")
@exhibitor("full")
def home() -> ResponseReturnValue:
    """The first page that is open."""
    return redirect(first_page(exhibitor_scope()), 303)


def closed(scope: ExhibitorScope) -> ResponseReturnValue | None:
    """The page that says that the vouchers are closed, where they are."""
    if scope.allow_voucher_access:
        return None
    if request.headers.get("HX-Request"):
        raise Forbidden(NO_VOUCHER_ACCESS)
    return render_template("exhibitors/closed.html", message=gettext(NO_VOUCHER_ACCESS)), 403


def locales_of(scope: ExhibitorScope) -> tuple[str, str]:
    """The reader's language, then the event's."""
    return str(current_locale()), scope.event_locale


@blueprint.get("/vouchers")
@exhibitor("full")
def vouchers() -> ResponseReturnValue:
    """All vouchers, with how far they are used."""
    scope = exhibitor_scope()
    refused = closed(scope)
    if refused is not None:
        return refused
    page = min(request.args.get("page", 1, type=int), 1_000_000)
    found = voucher_reads.voucher_page(exhibitor_id=scope.exhibitor_id, page=page, locales=locales_of(scope))
    return render_template(
        "exhibitors/vouchers.html",
        vouchers=found,
        page_url=lambda number: url_for("exhibitor.vouchers", page=number if number > 1 else None),
    )


@blueprint.get("/vouchers/<int(max=9007199254740991):voucher_id>")
@exhibitor("full")
def voucher(voucher_id: int) -> ResponseReturnValue:
    """One voucher with its QR code and who redeemed it; for htmx who redeemed it alone."""
    scope = exhibitor_scope()
    refused = closed(scope)
    if refused is not None:
        return refused
    locales = locales_of(scope)
    found = voucher_reads.voucher(exhibitor_id=scope.exhibitor_id, voucher_id=voucher_id, locales=locales)
    if found is None:
        raise NotFound("This voucher does not exist, or it is not yours.")
    sight = sight_of(scope.event_id)
    part = page_part(voucher_reads.redemption_count(found.id))
    redemptions = voucher_reads.redemptions(
        voucher_ids=[found.id],
        reader=FieldReader(sight.shown, locales[0]),
        locales=locales,
        limit=part.size,
        offset=part.offset,
    ).get(found.id, [])
    context = {"voucher": found, "redemptions": redemptions, "part": part, "page_url": page_url}
    if request.headers.get("HX-Request"):
        return render_template("exhibitors/_redemptions.html", **context)
    link = redeem_link(sight.url, found.code)
    back = min(request.args.get("from", 1, type=int), 1_000_000)
    return render_template(
        "exhibitors/voucher.html",
        link=link,
        qr=qr_svg(link or found.code),
        back=url_for("exhibitor.vouchers", page=back if back > 1 else None),
        **context,
    )


def redeem_link(url: str | None, code: str) -> str | None:
    """The shop's address that redeems a code; None where the event has no shop."""
    if not url:
        return None
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode({"voucher": code})) if part)
    return urlunsplit(parts._replace(query=query, fragment=""))


def qr_svg(content: str) -> str:
    """A QR code as an inline SVG that takes its size from the style sheet."""
    return str(segno.make_qr(content, error="m").svg_inline(scale=1, border=2, omitsize=True, dark="#000"))


def qr_data(content: str) -> str:
    """A QR code as a picture inside of an address."""
    return str(segno.make_qr(content, error="m").png_data_uri(scale=6, border=4))


@blueprint.get("/profile")
@exhibitor("full")
def profile() -> ResponseReturnValue:
    """Who one is here, and the own codes: covered until ``show`` names one."""
    scope = exhibitor_scope()
    own = own_profile(scope.exhibitor_id)
    shown = request.args.get("show", "")
    code = own.codes.get(shown)
    link = external_url("exhibitors.code_link", code=code) if code else None
    here = current_locale()
    return render_template(
        "exhibitors/profile.html",
        own=own,
        shown=shown if code else "",
        link=link,
        qr=qr_svg(link) if link else None,
        languages=[(tag, known_locale(tag).get_display_name(here) or tag) for tag in _languages(own.locale)],
        sight=sight_of(scope.event_id),
    )


def _languages(present: str) -> list[str]:
    """The event's languages and the portal's own; the present one in any case."""
    scope = exhibitor_scope()
    shown = sight_of(scope.event_id).shown
    return list(dict.fromkeys((*shown.locales, *LOCALES, present)))


@blueprint.post("/profile/language")
@exhibitor("full")
def language() -> ResponseReturnValue:
    """Choose the language of mails and of the app."""
    scope = exhibitor_scope()
    offered = _languages(scope.locale)
    choose_language(actor=actor(), exhibitor=scope, locale=request.form.get("locale", ""), offered=offered)
    db.session.commit()
    flash(gettext("Saved."), "done")
    return redirect(url_for("exhibitor.profile"), 303)
