"""Redeeming a ticket: all check-in rules, in the order of the platform rules, in one function."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.checkin.models import CheckinRefusal
from portal.checkin.queries import questions, tickets
from portal.checkin.queries.questions import AskedQuestion
from portal.checkin.queries.tickets import Found, Ticket
from portal.checkin.services import answers
from portal.core import clock
from portal.core.actors import Actor, DeviceScope
from portal.core.database import db
from portal.core.errors import Forbidden
from portal.core.statements import clashes, reading_ahead, rows
from portal.tickets.models import Checkin

GONE = "The check-in list or the ticket was deleted."
Status = Literal["ok", "incomplete", "error"]
Reason = Literal["unknown_ticket", "product", "unpaid", "already_redeemed"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a gate sends. Without ``datetime`` it is now; ``nonce`` is known by the position and list it was used on.

    A ``datetime`` that no working clock shows is now as well (see `_moment`).
    """

    secret: str
    datetime: dt.datetime | None = None
    force: bool = False
    ignore_unpaid: bool = False
    nonce: str | None = None
    questions_supported: bool = False
    answers: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gate hears. ``ticket`` is None for an unknown one; ``entry`` is the check-in that was recorded."""

    status: Status
    reason: Reason | None = None
    ticket: Ticket | None = None
    questions: Sequence[AskedQuestion] = ()
    entry: int | None = None


def redeem(*, actor: Actor, gate: DeviceScope, attempt: Attempt) -> Outcome:
    """Check a ticket in on the gate's list, or say why not (platform rules, Check-in rules).

    Of any number of gates at once exactly one admits a ticket without ``force``: a unique index decides. The ticket is
    read before the transaction begins, which holds up other gates: whatever changes it from then on comes after this
    attempt. Raises `Forbidden` where the list or the ticket is deleted in between.
    """
    with reading_ahead():
        found = tickets.find(gate, attempt.secret, attempt.nonce)
    try:
        return _redeem(actor, gate, attempt, found)
    except clashes():
        db.session.rollback()
        raise Forbidden(GONE) from None


def _redeem(actor: Actor, gate: DeviceScope, attempt: Attempt, found: Found | None) -> Outcome:
    if found is None:
        return _refuse(actor, gate, attempt, "unknown_ticket")
    ticket = found.ticket
    if not found.scoped:
        return _refuse(actor, gate, attempt, "product", ticket)
    if found.listed and found.replayed and not ticket.cancelled:
        return Outcome("ok", ticket=ticket.checked_in())
    still_asked = _take_answers(gate, found, attempt)
    if not found.listed:
        return _refuse(actor, gate, attempt, "product", ticket)
    if ticket.cancelled:
        return _refuse(actor, gate, attempt, "unpaid", ticket)
    if not (ticket.paid or attempt.force or (attempt.ignore_unpaid and ticket.checkin_allowed)):
        return _refuse(actor, gate, attempt, "unpaid", ticket)
    if still_asked and attempt.questions_supported and not attempt.force:
        return Outcome("incomplete", ticket=ticket, questions=still_asked)
    entry = _admit(actor, gate, attempt, ticket)
    if entry is None:
        return _refuse(actor, gate, attempt, "already_redeemed", ticket.checked_in())
    return Outcome("ok", ticket=ticket.checked_in(), entry=entry)


def _take_answers(gate: DeviceScope, found: Found, attempt: Attempt) -> list[AskedQuestion]:
    """Save the valid answers, whatever becomes of the attempt; returns the questions that are still to be asked."""
    if not found.has_questions or not (attempt.answers or attempt.questions_supported):
        return []
    ticket = found.ticket
    asked = questions.for_ticket(event_id=gate.event_id, ticket_id=ticket.id, item_id=ticket.item_id)
    valid, still_asked = answers.evaluate(asked, attempt.answers, locale=gate.locale, zone=ZoneInfo(gate.timezone))
    answers.save(ticket.id, valid)
    return still_asked


#: No phone is older, and none is ahead for longer.
_OLDEST, _AHEAD = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.timedelta(days=1)


def _moment(attempt: Attempt, now: dt.datetime) -> dt.datetime:
    """When somebody stood at the gate.

    A phone whose clock was reset, or is far ahead, sends a time that says nothing. A refusal would make it send the
    entry for ever, and the entry happened: it counts from when it was heard of.
    """
    given = attempt.datetime
    return given if given is not None and _OLDEST <= given <= now + _AHEAD else now


_NAMES = (
    *("position_id", "list_id", "datetime", "type", "first", "auto_checked_in"),
    *("forced", "nonce", "device_id", "user_id", "modified"),
)
_VALUES: dict[str, Any] = {name: sa.bindparam(name) for name in _NAMES}
#: Nothing where the ticket is in already, or where the nonce was used; waits for whoever inserts at the same time.
_INSERT = {
    "postgresql": postgresql.insert(Checkin).values(_VALUES).on_conflict_do_nothing().returning(Checkin.id),
    "sqlite": sqlite.insert(Checkin).values(_VALUES).on_conflict_do_nothing().returning(Checkin.id),
}
_USED_NONCE = sa.select(Checkin.id).where(
    Checkin.position_id == sa.bindparam("position"),
    Checkin.list_id == sa.bindparam("list"),
    Checkin.nonce == sa.bindparam("nonce"),
)


def _admit(actor: Actor, gate: DeviceScope, attempt: Attempt, ticket: Ticket) -> int | None:
    """Record an entry, the first one or with ``force`` another, and return it. None where the ticket is in already."""
    now = clock.now()
    entry = {
        "position_id": ticket.id,
        "list_id": gate.list_id,
        "datetime": _moment(attempt, now),
        "type": "entry",
        "first": True,
        "auto_checked_in": False,
        "forced": attempt.force,
        "nonce": attempt.nonce,
        "device_id": actor.id if actor.kind == "device" else None,
        "user_id": actor.id if actor.kind == "user" else None,
        "modified": now,
    }
    insert = _INSERT[db.engine.dialect.name]
    made = () if ticket.redeemed else rows(insert, entry)
    made = made or _with_nonce(gate, attempt, ticket)
    if not made and attempt.force:
        made = rows(insert, entry | {"first": False}) or _with_nonce(gate, attempt, ticket)
    return int(made[0][0]) if made else None


def _with_nonce(gate: DeviceScope, attempt: Attempt, ticket: Ticket) -> Sequence[Sequence[Any]]:
    """The entry that this attempt made before."""
    if attempt.nonce is None:
        return ()
    return rows(_USED_NONCE, {"position": ticket.id, "list": gate.list_id, "nonce": attempt.nonce})


_REFUSAL = sa.insert(CheckinRefusal).values(
    {
        name: sa.bindparam(name)
        for name in ("event_id", "list_id", "position_id", "reason", "datetime", "device_id", "user_id")
    }
)


#: An attempt that a phone makes again and again, until it hears something else, is noted once; once a day where its
#: clock says nothing.
_NOTED = (
    sa.select(CheckinRefusal.id)
    .where(
        CheckinRefusal.list_id == sa.bindparam("list_id"),
        CheckinRefusal.datetime.between(sa.bindparam("since"), sa.bindparam("datetime")),
        CheckinRefusal.reason == sa.bindparam("reason"),
        *(
            CheckinRefusal.__table__.c[name].is_not_distinct_from(sa.bindparam(name))
            for name in ("position_id", "device_id", "user_id")
        ),
    )
    .limit(1)
)


def _refuse(actor: Actor, gate: DeviceScope, attempt: Attempt, reason: Reason, ticket: Ticket | None = None) -> Outcome:
    """Say no, and note it for the figures."""
    now = clock.now()
    moment = _moment(attempt, now)
    refusal = {
        "event_id": gate.event_id,
        "list_id": gate.list_id,
        "position_id": ticket.id if ticket else None,
        "reason": reason,
        "datetime": moment,
        "device_id": actor.id if actor.kind == "device" else None,
        "user_id": actor.id if actor.kind == "user" else None,
    }
    since = moment if moment == attempt.datetime else now - _AHEAD
    if attempt.datetime is None or not rows(_NOTED, refusal | {"since": since}):
        rows(_REFUSAL, refusal)
    return Outcome("error", reason, ticket)
