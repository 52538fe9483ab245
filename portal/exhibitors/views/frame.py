"""The frame around an exhibitor's pages: where one is, and what can be opened."""

from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import gettext

from portal.core.actors import ExhibitorScope
from portal.core.i18n import localise
from portal.web.access import signed_in
from portal.web.filters import current_locale

PREFIX = "/exhibitor/"


def first_page(scope: ExhibitorScope) -> str:
    """The page that an exhibitor starts on: the first that its organizer opened."""
    if scope.code_kind != "full":
        return url_for("scanning.index")
    if scope.allow_lead_access:
        return url_for("leads.index")
    return url_for("exhibitor.vouchers" if scope.allow_voucher_access else "exhibitor.profile")


def navigation(scope: ExhibitorScope) -> list[dict[str, Any]]:
    """The entries of the side and bottom bars: only what is allowed."""
    items: list[dict[str, Any]] = []
    if scope.code_kind != "full":
        return items
    if scope.allow_lead_access:
        items.append({"label": gettext("Leads"), "icon": "contact", "href": url_for("leads.index")})
    if scope.allow_lead_scanning:
        items.append({"label": gettext("Scan"), "icon": "scan-line", "href": url_for("scanning.index")})
    if scope.allow_voucher_access:
        items.append({"label": gettext("Vouchers"), "icon": "ticket", "href": url_for("exhibitor.vouchers")})
    items.append({"label": gettext("Profile"), "icon": "store", "href": url_for("exhibitor.profile")})
    for item in items:
        item["active"] = request.path == item["href"] or request.path.startswith(item["href"] + "/")
    return items


def frame() -> dict[str, Any]:
    """What the layout shows for an access code: the scanning code has the scanner alone, and no bar."""
    if not request.path.startswith(PREFIX):
        return {}
    sign_in = signed_in()
    scope = sign_in.exhibitor if sign_in else None
    if scope is None:
        return {}
    event = localise(scope.event_name, str(current_locale()), scope.event_locale)
    booth = gettext("Booth %(booth)s", booth=scope.booth) if scope.booth else None
    return {
        "nav": navigation(scope),
        "place": {"name": scope.exhibitor_name, "detail": booth, "href": first_page(scope)},
        "who": {
            "name": event,
            "detail": gettext("Signed in with the access code")
            if scope.code_kind == "full"
            else gettext("Signed in with the scanning code"),
        },
        "sign_out_url": url_for("accounts.logout"),
        "scope": scope,
    }


def init_app(app: Flask) -> None:
    """Give the frame to the templates, and the event's zone to the times on exhibitors' pages."""
    app.context_processor(frame)

    @app.before_request
    def set_zone() -> None:
        if request.path.startswith(PREFIX):
            sign_in = signed_in()
            if sign_in and sign_in.exhibitor:
                g.event_zone = sign_in.exhibitor.timezone
