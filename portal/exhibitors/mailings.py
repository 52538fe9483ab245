"""Reads about mailings of access codes: the latest, one with its figures, and what became of each recipient."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from portal.core import clock
from portal.core.database import db
from portal.exhibitors.models import CodeMailing, CodeMailingRecipient, Exhibitor

STATES = ("sent", "waiting", "failed", "cancelled")
_R = CodeMailingRecipient


@dataclass(frozen=True, slots=True)
class Mailing:
    """A mailing with how many of its mails are in which of `STATES`; ``tried`` wait after a failed attempt."""

    id: int
    created: dt.datetime
    actor_label: str
    counts: dict[str, int] = field(default_factory=dict)
    tried: int = 0
    changed: dt.datetime | None = None

    @property
    def total(self) -> int:
        """How many mails it is."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """How many do not wait any more."""
        return self.total - self.counts["waiting"]

    @property
    def running(self) -> bool:
        """Whether mails are still on their way."""
        return self.counts["waiting"] > 0

    @property
    def rate(self) -> int | None:
        """Mails a second so far, while it is running."""
        seconds = (clock.now() - self.created).total_seconds()
        return round(self.done / seconds) or None if self.running and seconds > 1 else None


@dataclass(frozen=True, slots=True)
class Recipient:
    """What became of a mail."""

    exhibitor_id: int
    name: str
    email: str | None
    state: str
    error: str | None
    changed: dt.datetime


def latest(event_id: int, limit: int) -> list[Mailing]:
    """The newest mailings of an event."""
    newest = sa.select(CodeMailing.id).where(CodeMailing.event_id == event_id)
    return _read(CodeMailing.id.in_(newest.order_by(CodeMailing.id.desc()).limit(limit)))


def one(event_id: int, mailing_id: int) -> Mailing | None:
    """A mailing of an event."""
    found = _read(CodeMailing.id == mailing_id, CodeMailing.event_id == event_id)
    return found[0] if found else None


def _read(*conditions: sa.ColumnElement[bool]) -> list[Mailing]:
    counts = (sa.func.count(sa.case((_R.state == state, 1))) for state in STATES)
    tried = sa.func.count(sa.case((sa.and_(_R.state == "waiting", _R.error.is_not(None)), 1)))
    rows = db.session.execute(
        sa.select(CodeMailing.id, CodeMailing.created, CodeMailing.actor_label, tried, sa.func.max(_R.changed), *counts)
        .outerjoin(_R, _R.mailing_id == CodeMailing.id)
        .where(*conditions)
        .group_by(CodeMailing.id, CodeMailing.created, CodeMailing.actor_label)
        .order_by(CodeMailing.id.desc())
    )
    return [
        Mailing(id_, created, label, dict(zip(STATES, each, strict=True)), again, changed)
        for id_, created, label, again, changed, *each in rows
    ]


def recipients(mailing_id: int, *, limit: int, offset: int) -> Sequence[Recipient]:
    """What became of a mailing's mails: the failed ones first, then those that wait, by name."""
    place = sa.case(
        (_R.state == "failed", 0),
        (sa.and_(_R.state == "waiting", _R.error.is_not(None)), 1),
        (_R.state == "waiting", 2),
        else_=3,
    )
    statement = (
        sa.select(_R.exhibitor_id, Exhibitor.name, Exhibitor.contact_email, _R.state, _R.error, _R.changed)
        .join(Exhibitor, Exhibitor.id == _R.exhibitor_id)
        .where(_R.mailing_id == mailing_id)
        .order_by(place, Exhibitor.name, _R.id)
        .limit(limit)
        .offset(offset)
    )
    return [Recipient(*row) for row in db.session.execute(statement)]
