"""Pages for organizers: an event's exhibitors, and each of them."""

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core.actors import EventScope
from portal.core.errors import NotFound
from portal.core.history import Change, changes_of
from portal.exhibitors import overview
from portal.exhibitors.clients import client_name
from portal.exhibitors.models import AccessCode, Exhibitor
from portal.exhibitors.views import listing
from portal.exhibitors.views.pages import qr_svg
from portal.exhibitors.vouchers import voucher_page
from portal.leads.figures import count_by_exhibitor, count_in_event, latest_leads, lead_figures
from portal.web import organizer as pages
from portal.web.access import event_member, event_scope
from portal.web.filters import current_locale
from portal.web.lists import asked_page, here, page_part, page_url
from portal.web.organizer import hour_columns
from portal.web.urls import external_url

blueprint = Blueprint("organizer_exhibitors", __name__, url_prefix="/organizer/<organizer>/<event>/exhibitors")

LATEST_LEADS = 10
CHANGES = 50


@blueprint.get("/")
@event_member()
def index(organizer: str, event: str) -> ResponseReturnValue:
    """All exhibitors, to search, filter and sort; for htmx the list alone."""
    scope = event_scope()
    sees_leads, manages = scope.may("can_view_orders"), scope.may("can_change_event_settings")
    tags = overview.tag_choices(scope.event_id)
    wanted = listing.wanted(tags, sees_leads=sees_leads, manages=manages)
    by_leads = count_in_event(scope.event_id) if wanted.sort == "leads" else None
    ids = overview.ordered_ids(scope.event_id, wanted, tags, by_leads)
    part = page_part(len(ids))
    shown = ids[part.offset : part.offset + part.size]
    total, flags = overview.flag_counts(scope.event_id)
    context = {
        "rows": overview.rows(shown),
        "leads": (by_leads or count_by_exhibitor(shown)) if sees_leads else None,
        "wanted": wanted,
        "tags": tags,
        "flags": flags,
        "flag_names": listing.flag_names(),
        "sent_names": listing.sent_names() if manages else {},
        "manages": manages,
        "bulk_url": _bulk_url(scope, wanted),
        "export_url": lambda form, delimiter=None: _kept(scope, wanted, "export", form=form, delimiter=delimiter),
        "total": total,
        "part": part,
        "page_url": page_url,
        "here": here,
        "sort_url": lambda sort: here(sort=_next_order(wanted, sort)),
        "direction": "descending" if (wanted.sort in overview.LARGEST_FIRST) is not wanted.reverse else "ascending",
        "scope": scope,
    }
    if request.headers.get("HX-Target") == "exhibitors":
        return render_template("exhibitors/organizer/_list.html", **context)
    return pages.page("exhibitors/organizer/index.html", **context)


def _bulk_url(scope: EventScope, wanted: overview.ExhibitorFilter) -> Callable[[str], str]:
    """The address that does something with all exhibitors that match."""
    return lambda do: _kept(scope, wanted, "ask", do=do, all=1, next=here())


def _kept(scope: EventScope, wanted: overview.ExhibitorFilter, endpoint: str, **values: Any) -> str:
    """The address of another page that takes the filter along."""
    kept = {name: request.args[name] for name in listing.FILTERS if request.args.get(name)} if wanted.narrows else {}
    return listing.url(scope, endpoint, **values, **kept)


def _next_order(wanted: overview.ExhibitorFilter, sort: str) -> str:
    """What a column's head sorts by: its own order, and the other way round where that is on already."""
    return f"-{sort}" if wanted.sort == sort and not wanted.reverse else sort


@blueprint.get("/<int(max=9007199254740991):exhibitor_id>/")
@event_member()
def detail(organizer: str, event: str, exhibitor_id: int) -> ResponseReturnValue:
    """One exhibitor: contact, what it may do, and, as far as the member may see them, codes, vouchers and leads."""
    scope = event_scope()
    exhibitor = overview.exhibitor_of(scope.event_id, exhibitor_id)
    if exhibitor is None:
        raise NotFound("This exhibitor does not exist, or it belongs to another event.")
    vouchers = None
    if scope.may("can_view_vouchers"):
        locales = (str(current_locale()), scope.locale)
        vouchers = voucher_page(exhibitor_id=exhibitor.id, page=asked_page(), locales=locales)
    manages = scope.may("can_change_event_settings")
    return pages.page(
        "exhibitors/organizer/detail.html",
        exhibitor=exhibitor,
        may={flag: getattr(exhibitor, column.key) for flag, column in overview.FLAGS.items()},
        flag_names=listing.flag_names(),
        language=language(exhibitor.locale),
        used=max((code.last_used for code in exhibitor.access_codes if code.last_used), default=None),
        manages=manages,
        codes=[_shown(code) for code in _codes(exhibitor)] if manages else None,
        vouchers=vouchers,
        page_url=page_url,
        leads=_leads(scope, exhibitor) if scope.may("can_view_orders") else None,
        changes=_changes(scope, exhibitor) if manages else None,
    )


def language(tag: str) -> str:
    """A language by its name; what no one knows as it is."""
    try:
        return Locale.parse(tag.replace("-", "_")).get_display_name(current_locale()) or tag
    except (ValueError, UnknownLocaleError):
        return tag


def _shown(code: AccessCode) -> dict[str, Any]:
    """A code with the link that signs in with it, as a QR code too, and where it was last used."""
    link = external_url("exhibitors.code_link", code=code.code)
    return {"code": code, "link": link, "qr": qr_svg(link), "used_from": client_name(code.last_used_from)}


def _codes(exhibitor: Exhibitor) -> list[AccessCode]:
    return sorted(exhibitor.access_codes, key=lambda code: code.kind)


def _leads(scope: EventScope, exhibitor: Exhibitor) -> dict[str, Any]:
    """The figures of an exhibitor's leads, their picture, and the latest of them."""
    figures = lead_figures(event_id=scope.event_id, zone=ZoneInfo(scope.timezone), exhibitor_id=exhibitor.id)
    return {
        "figures": figures,
        "picture": hour_columns(gettext("Leads an hour"), figures.hours, gettext("Leads")),
        "latest": latest_leads(exhibitor.id, LATEST_LEADS) if figures.total else [],
    }


def _changes(scope: EventScope, exhibitor: Exhibitor) -> Sequence[Change]:
    """What happened to the exhibitor and to its codes."""
    objects = [("exhibitor", exhibitor.id), *(("access_code", code.id) for code in exhibitor.access_codes)]
    return changes_of(event_id=scope.event_id, objects=objects, limit=CHANGES)
