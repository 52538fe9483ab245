"""Which exhibitors a request means: its filter, and the rows that are ticked."""

from typing import Any, cast, get_args

from flask import request, url_for
from flask_babel import gettext

from portal.core.actors import EventScope
from portal.exhibitors import overview
from portal.exhibitors.services.bulk import MOST_AT_ONCE
from portal.leads.figures import count_in_event
from portal.web.lists import words
from portal.web.params import parse_id

#: What of an address is the filter.
FILTERS = ("q", "tag", "flag", "sent", "sort")


def wanted(tags: list[overview.TagChoice], *, sees_leads: bool, manages: bool) -> overview.ExhibitorFilter:
    """The filter in this request; what it cannot mean does not count."""
    given = request.args.get("sort", "")
    sort = given.removeprefix("-")
    sorts = set(get_args(overview.Sort))
    tag, flag, sent = (request.args.get(name, "") for name in ("tag", "flag", "sent"))
    return overview.ExhibitorFilter(
        q=words(),
        tag=next((each.id for each in tags if str(each.id) == tag), None),
        flag=flag if flag in overview.FLAGS else "",
        sent=sent if manages and sent in overview.SENT else "",
        sort=cast(overview.Sort, sort) if sort in (sorts if sees_leads else sorts - {"leads"}) else "name",
        reverse=given.startswith("-"),
    )


def matching(scope: EventScope) -> list[int]:
    """The ids of all exhibitors that the request's filter leaves, in their order."""
    tags = overview.tag_choices(scope.event_id)
    sees_leads = scope.may("can_view_orders")
    found = wanted(tags, sees_leads=sees_leads, manages=scope.may("can_change_event_settings"))
    by_leads = count_in_event(scope.event_id) if found.sort == "leads" else None
    return overview.ordered_ids(scope.event_id, found, tags, by_leads)


def asked_ids(scope: EventScope) -> list[int]:
    """The exhibitors that an address names: all that match its filter (``all=1``), or each by ``id``."""
    if request.args.get("all"):
        return matching(scope)[:MOST_AT_ONCE]
    return _ids(request.args.getlist("id"))


def sent_ids() -> list[int]:
    """The exhibitors that a form names: numbers with commas between them."""
    return _ids(request.form.get("ids", "").split(","))


def _ids(texts: list[str]) -> list[int]:
    numbers = (parse_id(text.strip()) for text in texts if text.strip())
    return list(dict.fromkeys(number for number in numbers if number and 0 < number < 2**63))


def url(scope: EventScope, endpoint: str, **values: Any) -> str:
    """The address of one of the organizer's pages about exhibitors."""
    values |= {"organizer": scope.organizer_slug, "event": scope.event_slug}
    return url_for(f"organizer_exhibitors.{endpoint}", **values)


def flag_names() -> dict[str, tuple[str, str, str]]:
    """What exhibitors may do: as a filter, as a word in a row, as an icon of both."""
    return {
        "scan": (gettext("May scan leads"), gettext("Scanner"), "scan-line"),
        "leads": (gettext("May see leads"), gettext("Leads"), "contact"),
        "vouchers": (gettext("May see vouchers"), gettext("Vouchers"), "ticket"),
    }


def sent_names() -> dict[str, tuple[str, str]]:
    """How it stands with the codes, as filters with their icons."""
    return {
        "unsent": (gettext("Code not sent"), "mail"),
        "failed": (gettext("Sending failed"), "circle-alert"),
        "nobody": (gettext("No e-mail address"), "ban"),
    }
