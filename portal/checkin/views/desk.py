"""The gate's console: search as one types, check in by hand through the gates' own rules, take back."""

from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.checkin.models import CheckinList
from portal.checkin.queries import desk as reads
from portal.checkin.queries import gates
from portal.checkin.queries.figures import figures
from portal.checkin.queries.search import SHORTEST, search, ticket_by_id
from portal.checkin.queries.state import state_of
from portal.checkin.services import lists
from portal.checkin.services.redeem import Attempt, Outcome, redeem
from portal.checkin.services.undo import undo_checkin
from portal.checkin.views import CHECKS_IN, LIST, blueprint
from portal.checkin.views import words as said
from portal.checkin.views.lists import date_boxes
from portal.core.actors import DeviceScope, EventScope
from portal.core.database import db, reading
from portal.core.errors import Conflict, InvalidInput
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import current_locale
from portal.web.lists import words
from portal.web.params import parse_id

_LARGEST = 2**53


@blueprint.get(f"{LIST}/")
@event_member(CHECKS_IN)
def desk(organizer: str, event: str, list_id: int) -> ResponseReturnValue:
    """The console of a list: what a search finds, or one ticket."""
    scope = event_scope()
    row, gate = _gate(scope, list_id)
    query = words()
    panel = None
    ticket_id = parse_id(request.args.get("ticket", ""))
    if gate is not None and ticket_id is not None:
        ticket = ticket_by_id(gate, min(max(ticket_id, 0), _LARGEST))
        if ticket is not None:
            panel = said.shown(ticket, reads.beside([ticket.id], gate.list_id)[ticket.id])
    return _answer(scope, row, gate, query, panel)


@blueprint.post(f"{LIST}/redeem")
@event_member(CHECKS_IN)
def redeem_by_hand(organizer: str, event: str, list_id: int) -> ResponseReturnValue:
    """Check a ticket in by hand: the gates' rules, with questions, and with an override where they allow one."""
    scope = event_scope()
    row, gate = _gate(scope, list_id)
    if gate is None:
        return _answer(scope, row, gate, "", None)
    answers = _answers()
    attempt = Attempt(
        secret=request.form.get("secret", "")[:500],
        force="force" in request.form,
        ignore_unpaid="ignore_unpaid" in request.form,
        questions_supported=True,
        answers=answers,
    )
    outcome = redeem(actor=actor(), gate=gate, attempt=attempt)
    db.session.commit()
    with reading():
        return _answer(scope, row, gate, words_sent(), _panel(gate, outcome, answers))


@blueprint.post(f"{LIST}/undo")
@event_member(CHECKS_IN)
def undo(organizer: str, event: str, list_id: int) -> ResponseReturnValue:
    """Take a check-in back, for a reason."""
    scope = event_scope()
    row, gate = _gate(scope, list_id)
    entry = min(max(parse_id(request.form.get("checkin", "")) or 0, 0), _LARGEST)
    ticket_id = min(max(parse_id(request.form.get("ticket", "")) or 0, 0), _LARGEST)
    notice, problem = None, None
    try:
        undone = undo_checkin(actor=actor(), scope=scope, checkin_id=entry, reason=request.form.get("reason", ""))
        db.session.commit()
        ticket_id = undone.position_id
        notice = gettext("Taken back. The ticket may enter again.")
        if undone.still_in:
            notice = gettext("Taken back. The ticket had entered more than once and is still in.")
    except InvalidInput as found:
        db.session.rollback()
        problem = " ".join(message for messages in found.fields.values() for message in messages)
    except Conflict as found:
        db.session.rollback()
        notice = gettext(found.message)
    with reading():
        panel = None
        ticket = ticket_by_id(gate, ticket_id) if gate is not None else None
        if ticket is not None and gate is not None:
            panel = said.shown(ticket, reads.beside([ticket.id], gate.list_id)[ticket.id])
            panel |= {"notice": notice, "undo_error": problem}
        return _answer(scope, row, gate, words_sent(), panel, status=422 if problem else 200)


def words_sent() -> str:
    """The search that a form was sent from."""
    return request.form.get("q", "").replace("\0", "").strip()[:200]


def _gate(scope: EventScope, list_id: int) -> tuple[CheckinList, DeviceScope | None]:
    """The list, and its gate; None where a series' list is for all dates and none is chosen."""
    row = lists.own_list(scope, list_id)
    chosen = None
    if scope.has_subevents and row.subevent_id is None:
        given = parse_id(request.values.get("date", ""))
        chosen = given if given in {id_ for id_, _, _ in gates.date_choices(scope.event_id)} else None
        if chosen is None:
            return row, None
    return row, gates.hand_gate(scope, row, chosen, actor(), str(current_locale()))


def _answers() -> Mapping[int, str]:
    """What was answered; a question of the form without a value has the empty answer."""
    form = request.form
    asked = [id_ for given in form.getlist("asked")[:500] if (id_ := parse_id(given)) is not None]
    return {id_: ",".join(form.getlist(f"answer_{id_}"))[:20_000] for id_ in asked}


def _panel(gate: DeviceScope, outcome: Outcome, answers: Mapping[int, str]) -> dict[str, Any]:
    beside = None
    if outcome.ticket is not None:
        beside = reads.beside([outcome.ticket.id], gate.list_id)[outcome.ticket.id]
    return said.heard(outcome, beside, answers, gate.locale)


def _answer(
    scope: EventScope,
    row: CheckinList,
    gate: DeviceScope | None,
    query: str,
    panel: dict[str, Any] | None,
    *,
    status: int = 200,
) -> Response:
    """The console: for htmx what is below its search, else the page."""
    context: dict[str, Any] = {"scope": scope, "row": row, "q": query, "panel": panel, "shortest": SHORTEST}
    context["date"] = gate.subevent_id if gate and row.subevent_id is None else None
    context["dates"] = date_boxes(scope) if row.subevent_id is None else []
    context["ready"] = gate is not None
    if gate is not None:
        found = search(gate, query)
        context["found"] = found
        context["beside"] = reads.beside([ticket.id for ticket in found], gate.list_id) if found else {}
        tickets, entries = figures(gate, state_of(gate))
        context |= {"expected": tickets.total(), "entered": entries.total()}
    if request.headers.get("HX-Target") == "gate":
        return make_response(render_template("checkin/_gate.html", **context), status)
    return make_response(pages.page("checkin/desk.html", **context), status)
