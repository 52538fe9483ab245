"""Pages: the events of an organizer's member, and the home of each."""

from itertools import groupby
from typing import cast

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.core.actors import SignIn
from portal.core.history import as_seen, latest_changes
from portal.events import lists
from portal.web import organizer as pages
from portal.web.access import event_member, event_scope, organizer_member, organizer_scope, signed_in, user
from portal.web.lists import PAGE_SIZE, page_part, page_url, words

blueprint = Blueprint("organizer", __name__, url_prefix="/organizer")

#: With more events than this there is a search field.
MANY = 10
#: So many changes stand on an event's home.
CHANGES = 10


@blueprint.get("/")
@user
def index() -> ResponseReturnValue:
    """All events of the signed-in user, by organizer, with a few figures each."""
    sign_in = cast(SignIn, signed_in())
    total = lists.visible_count(sign_in)
    query = words()
    found = lists.matching(sign_in, query) if query else None
    part = page_part(total if found is None else len(found))
    events = lists.visible_page(sign_in, limit=part.size, offset=part.offset, ids=found)
    return pages.page(
        "events/index.html",
        organizers=[(slug, name, list(group)) for (slug, name), group in groupby(events, _organizer)],
        columns=_columns(events),
        total=total,
        many=total > MANY,
        query=query,
        part=part,
        page_url=page_url,
        without=[] if query else lists.without_events(sign_in),
    )


@blueprint.get("/<organizer>/-/")
@organizer_member()
def overview(organizer: str) -> ResponseReturnValue:
    """The events of one organizer that the signed-in user may see."""
    scope, sign_in = organizer_scope(), cast(SignIn, signed_in())
    found = lists.of_organizer(sign_in, scope.organizer_id)
    part = page_part(len(found))
    events = lists.visible_page(sign_in, limit=part.size, offset=part.offset, ids=found)
    return pages.page(
        "events/overview.html",
        organizer=scope.organizer_name,
        events=events,
        columns=_columns(events),
        part=part,
        page_url=page_url,
    )


def _organizer(event: lists.EventRow) -> tuple[str, str]:
    return event.organizer_slug, event.organizer_name


def _columns(events: list[lists.EventRow]) -> list[tuple[str, dict[int, int]]]:
    """The figures of a page of events: one query a column, for those events whose figures the user may see."""
    columns = []
    for column in pages.features().counts:
        ids = [event.id for event in events if not column.any_of or event.permissions & column.any_of]
        if ids:
            columns.append((str(column.label), dict.fromkeys(ids, 0) | dict(column.counts(ids))))
    return columns


@blueprint.get("/<organizer>/<event>/")
@event_member()
def home(organizer: str, event: str) -> ResponseReturnValue:
    """An event at a glance: figures, small pictures, the dates of a series, the latest changes."""
    scope = event_scope()
    part = dates = changes = None
    if scope.may("can_change_event_settings"):
        changes = [as_seen(change, scope.permissions) for change in latest_changes(scope.event_id, CHANGES)]
    if scope.has_subevents:
        total, over = lists.date_counts(scope.event_id)
        part = page_part(total, first=over // PAGE_SIZE + 1)
        dates = lists.date_page(scope.event_id, limit=part.size, offset=part.offset)
    return pages.page(
        "events/home.html",
        event=lists.event_facts(scope.event_id),
        board=pages.board(scope),
        dates=dates,
        part=part,
        page_url=page_url,
        changes=changes,
    )
