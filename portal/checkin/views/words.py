"""What a gate hears, in words for the person who stands at it."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from portal.checkin.queries.desk import Beside
from portal.checkin.queries.questions import AskedQuestion
from portal.checkin.queries.tickets import Ticket
from portal.checkin.services.redeem import Outcome
from portal.core.i18n import localise

#: Reasons of refusals, for figures and the log.
REASONS = {
    "already_redeemed": lazy_gettext("Already in"),
    "unpaid": lazy_gettext("Not paid or cancelled"),
    "product": lazy_gettext("Not on this list"),
    "unknown_ticket": lazy_gettext("Unknown ticket"),
}

_WRONG = {
    "N": lazy_gettext("This is not a number."),
    "S": lazy_gettext("This does not fit in one line."),
    "T": lazy_gettext("This is too long."),
    "B": lazy_gettext("Only a yes lets this ticket in."),
    "C": lazy_gettext("Choose one of these."),
    "M": lazy_gettext("Choose at least one of these."),
    "D": lazy_gettext("This is not a date."),
    "H": lazy_gettext("This is not a time."),
    "W": lazy_gettext("This is not a date with a time."),
}
#: What fields of the form are, by type of question.
_INPUTS = {"N": "text", "S": "text", "D": "date", "H": "time", "W": "datetime-local"}


def shown(ticket: Ticket, beside: Beside) -> dict[str, Any]:
    """A ticket that somebody looks at: in, or what stands in its way."""
    panel: dict[str, Any] = {"ticket": ticket, "beside": beside, "kind": "note", "title": gettext("Not in yet")}
    if ticket.redeemed:
        panel |= {"kind": "waiting", "title": gettext("Is in")}
    elif ticket.cancelled:
        panel |= {"kind": "refused"} | _unpaid(ticket)
    elif not ticket.paid:
        panel |= {"kind": "waiting", "title": gettext("Not paid")}
    return panel


def heard(outcome: Outcome, beside: Beside | None, answers: Mapping[int, str], locale: str) -> dict[str, Any]:
    """What an attempt came to: a word that reads from two metres, a sentence, and what can be done now."""
    panel: dict[str, Any] = {"ticket": outcome.ticket, "beside": beside, "entry": outcome.entry}
    if outcome.status == "ok":
        return panel | {"kind": "done", "title": gettext("Come in")}
    if outcome.status == "incomplete":
        asked = [question(each, answers, locale) for each in outcome.questions]
        # What was answered well goes along: every attempt carries all answers, as those of the phones do.
        kept = {id_: given for id_, given in answers.items() if id_ not in {each["id"] for each in asked}}
        return panel | {"kind": "note", "title": gettext("A question first"), "questions": asked, "kept": kept}
    if outcome.reason == "already_redeemed":
        return panel | {"kind": "refused", "title": gettext("Already in"), "again": True}
    if outcome.reason == "unpaid" and outcome.ticket is not None:
        return panel | {"kind": "refused"} | _unpaid(outcome.ticket)
    if outcome.reason == "product" and outcome.ticket is not None:
        text = gettext("This list does not let in: %(product)s", product=outcome.ticket.item)
        return panel | {"kind": "refused", "title": gettext("Not on this list"), "text": text}
    text = gettext("No ticket of this event has this code. Look for the person by name.")
    return panel | {"kind": "refused", "title": gettext("Unknown ticket"), "text": text}


def _unpaid(ticket: Ticket) -> dict[str, Any]:
    if ticket.cancelled:
        text = gettext("The ticket was cancelled. Nobody can let it in.")
        return {"title": gettext("Cancelled"), "text": text}
    if ticket.checkin_allowed:
        text = gettext("The order is not paid. This list may let it in all the same.")
        return {"title": gettext("Not paid"), "text": text, "override": "ignore_unpaid"}
    text = gettext("The order is not paid. Take the money first, or override.")
    if ticket.order_status == "e":
        text = gettext("The order was never paid and has expired. Take the money first, or override.")
    return {"title": gettext("Not paid"), "text": text, "override": "force"}


def question(asked: AskedQuestion, answers: Mapping[int, str], locale: str) -> dict[str, Any]:
    """A question as a field of the form; with what is wrong where it was answered before."""
    given = answers.get(asked.id)
    wrong = None
    if given is not None:
        wrong = _WRONG[asked.type] if given.strip() or asked.type in "BCM" else gettext("This needs an answer.")
    options: list[tuple[int | str, str]] = [(id_, localise(text, locale)) for id_, text in asked.options.items()]
    if asked.type == "B":
        options = [("True", gettext("Yes")), ("False", gettext("No"))]
    return {
        "id": asked.id,
        "name": f"answer_{asked.id}",
        "type": asked.type,
        "input": _INPUTS.get(asked.type),
        "label": localise(asked.text, locale),
        "required": asked.required,
        "options": options,
        "value": given.split(",") if asked.type == "M" and given else given or "",
        "error": wrong,
    }
