"""What organizers do on the map of seats: block, free, take back, and paste a list."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput
from portal.seating import map as drawing
from portal.seating.map import MapSeat
from portal.seating.queries import Place
from portal.seating.services import history as changes
from portal.seating.services import selection
from portal.seating.services.blocking import change_seats
from portal.seating.views import blueprint
from portal.seating.views.map import common, filters, fresh, here
from portal.web import organizer as pages
from portal.web.access import actor, event_member
from portal.web.filters import number, said
from portal.web.params import parse_id

#: So many sold seats are named before they are blocked or freed.
NAMED = 12
#: So many lines of a list are shown, those that name no seat first; of a line that names more than a few the ends.
SHOWN_LINES = 1000
FEW = 3
_LARGEST = 2**53


@blueprint.post("/change")
@event_member("can_change_event_settings")
def change(organizer: str, event: str) -> ResponseReturnValue:
    """Block or free one seat, a row, a zone, the marked ones, or those of a filter. Sold ones are named before."""
    scope, place = here()
    blocked = "block" in request.form
    target = request.form.get("block" if blocked else "free", "")
    ids = _targets(scope, place, target)
    reason = request.form.get("reason", "")
    if not ids:
        return _told(scope, place, gettext("No seat was chosen. Nothing changed."), "note")
    if not request.form.get("sure"):
        sold = _sold(scope, place, ids, blocked=blocked)
        if sold:
            return _ask(scope, place, ids, sold, reason, blocked=blocked)
    try:
        done = change_seats(
            actor=actor(), scope=scope, subevent_id=place.subevent_id, seat_ids=ids, blocked=blocked, reason=reason
        )
    except InvalidInput as problem:
        db.session.rollback()
        words = " ".join(said(message) for messages in problem.fields.values() for message in messages)
        return _told(scope, place, words or gettext(problem.message), "refused")
    db.session.commit()
    if done.id is None:
        text = gettext("Blocked already. Nothing changed.") if blocked else gettext("Not blocked. Nothing changed.")
        return _told(scope, place, text, "note")
    count = len(done.changed)
    if blocked:
        text = ngettext("%(count)s seat blocked", "%(count)s seats blocked", count, count=number(count))
    else:
        text = ngettext("%(count)s seat freed", "%(count)s seats freed", count, count=number(count))
    return _told(scope, place, text, "done", changed=done.changed, change_id=done.id)


@blueprint.post("/undo")
@event_member("can_change_event_settings")
def undo(organizer: str, event: str) -> ResponseReturnValue:
    """Take a change back; what someone changed since stays, and the answer says so."""
    scope, place = here()
    try:
        done = changes.undo(actor=actor(), scope=scope, change_id=parse_id(request.form.get("change", "")) or 0)
    except Conflict as problem:
        db.session.rollback()
        return _told(scope, place, gettext(problem.message), "note")
    db.session.commit()
    restored, left = len(done.restored), len(done.left_alone)
    words = []
    if restored:
        words.append(
            ngettext(
                "Undone: %(count)s seat is as it was before.",
                "Undone: %(count)s seats are as they were before.",
                restored,
                count=number(restored),
            )
        )
    if left:
        words.append(
            ngettext(
                "%(count)s seat was changed since and stays as it is.",
                "%(count)s seats were changed since and stay as they are.",
                left,
                count=number(left),
            )
        )
    kind = "done" if restored else "note"
    return _told(scope, place, " ".join(words), kind, changed=done.restored, change_id=done.id, undoes=True)


@blueprint.post("/list")
@event_member("can_change_event_settings")
def pasted(organizer: str, event: str) -> ResponseReturnValue:
    """What each line of a pasted list names; nothing changes before it is confirmed."""
    scope, place = here()
    text = request.form.get("text", "")
    problem = ""
    lines: Sequence[selection.Line] = []
    try:
        lines = selection.read_lines(scope=scope, subevent_id=place.subevent_id, text=text)
    except InvalidInput as refused:
        problem = " ".join(said(message) for messages in refused.fields.values() for message in messages)
    ids = list(dict.fromkeys(seat for line in lines for seat in line.seat_ids))
    wrong = [line for line in lines if line.problem]
    shown = [*wrong, *(line for line in lines if not line.problem)][:SHOWN_LINES]
    good = len(shown) - len(wrong[:SHOWN_LINES])
    context = common(scope, place) | {"text": text, "lines": _which(scope, place, shown), "ids": ids}
    context |= {"problem": problem, "wrong": len(wrong), "wrong_more": len(wrong) - (len(shown) - good)}
    context["good_more"] = len(lines) - len(wrong) - good
    return make_response(pages.page("seating/list.html", **context), 422 if problem else 200)


def _which(scope: EventScope, place: Place, lines: Sequence[selection.Line]) -> list[tuple[selection.Line, str]]:
    """Each line with the names of its seats: all where they are few, else the first and the last."""
    ends = [line.seat_ids if len(line.seat_ids) <= FEW else [line.seat_ids[0], line.seat_ids[-1]] for line in lines]
    names = selection.names_of(place, [seat for few in ends for seat in few])
    found = []
    for line, few in zip(lines, ends, strict=True):
        named = [names.get(seat, "") for seat in few]
        text = ", ".join(named)
        if len(line.seat_ids) > FEW:
            text = gettext("%(first)s to %(last)s", first=named[0], last=named[1])
        found.append((line, text))
    return found


# ------------------------------------------------------------------------------------------------------------ seats


def _targets(scope: EventScope, place: Place, target: str) -> list[int]:
    """The seats that a button means: ``seat:12``, ``row:3`` and ``zone`` of a zone, ``filter``, or the marked ones."""
    kind, _, name = target.partition(":")
    given = request.form
    if kind == "seat":
        return _ids([name])
    if kind == "row":
        return selection.matching(scope=scope, subevent_id=place.subevent_id, zone=given.get("zone", ""), row=name)
    if kind == "zone":
        return selection.matching(scope=scope, subevent_id=place.subevent_id, zone=given.get("zone", ""))
    if kind == "filter":
        return selection.matching(scope=scope, subevent_id=place.subevent_id, **filters())
    return _ids([*given.getlist("seat"), *given.get("ids", "").split(",")])


def _ids(texts: Sequence[str]) -> list[int]:
    found = (parse_id(text.strip()) for text in texts if text.strip())
    return list(dict.fromkeys(min(max(id_ or 0, 0), _LARGEST) for id_ in found))


def _sold(scope: EventScope, place: Place, ids: Sequence[int], *, blocked: bool) -> list[MapSeat]:
    """Those that belong to somebody and would change."""
    seats = drawing.seats(scope, place, drawing.products(scope), ids=ids)
    return [seat for seat in seats if seat.state in drawing.HELD and seat.blocked != blocked]


def _ask(
    scope: EventScope, place: Place, ids: list[int], sold: list[MapSeat], reason: str, *, blocked: bool
) -> Response:
    """Name what is sold, and let the person decide: all, or all others."""
    taken = {seat.id for seat in sold}
    context = common(scope, place) | {
        "ids": ids,
        "others": [id_ for id_ in ids if id_ not in taken],
        "sold": sold[:NAMED],
        "more": max(0, len(sold) - NAMED),
        "sold_count": len(sold),
        "reason": reason,
        "blocked": blocked,
        "zone": request.form.get("zone"),
    }
    if request.headers.get("HX-Request"):
        answer = make_response(render_template("seating/_ask.html", **context))
        answer.headers["HX-Retarget"] = "#ask"
        answer.headers["HX-Reswap"] = "innerHTML"
        return answer
    return make_response(pages.page("seating/ask.html", **context))


def _told(
    scope: EventScope,
    place: Place,
    text: str,
    kind: str,
    *,
    changed: Sequence[int] = (),
    change_id: int | None = None,
    undoes: bool = False,
) -> Response:
    """What happened: for htmx the seats drawn anew and a message that can undo it, else the page again."""
    where: dict[str, Any] = {
        "organizer": scope.organizer_slug,
        "event": scope.event_slug,
        "subevent": place.subevent_id,
    }
    if not request.headers.get("HX-Request"):
        flash(text, kind)
        zone = request.form.get("zone")
        target = url_for("seating.index", **where, zone=zone, _anchor="seats-table" if zone is not None else None)
        return make_response(redirect(target, 303))
    answer = make_response(render_template("seating/_answer.html", **fresh(list(changed))))
    toast: dict[str, Any] = {"message": text, "kind": kind}
    if change_id is not None:
        toast["undo"] = {"url": url_for("seating.undo", **where), "values": {"change": change_id}, "swap": "none"}
        if undoes:
            toast["undo"]["label"] = gettext("Redo")
    events: dict[str, Any] = {"toast": toast}
    if change_id is not None:
        events["seats-changed"] = {"change": change_id, "undoes": undoes}
    answer.headers["HX-Trigger"] = json.dumps(events)
    return answer
