"""Sending access codes to many exhibitors: asked for once, sent by the worker, with what became of each.

The database settles what happens at the same time: a form's key makes one mailing, and an exhibitor waits for one mail
at most, whoever asks for it.
"""

import datetime as dt
import smtplib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from portal.core import audit, clock, mail, outbox
from portal.core.actors import Actor, EventScope
from portal.core.database import db, side_write
from portal.core.errors import Conflict, DomainError, InvalidInput, NotFound, Unavailable
from portal.core.sentences import Sentence
from portal.core.statements import one_of_ids, run
from portal.events.models import Event
from portal.exhibitors.models import CodeMailing, CodeMailingRecipient
from portal.exhibitors.queries import EXHIBITORS
from portal.exhibitors.services import send

KIND = "access_code"

_mailings: sa.Table = CodeMailing.metadata.tables["code_mailings"]
_recipients: sa.Table = CodeMailingRecipient.metadata.tables["code_mailing_recipients"]
_m, _r, _e = _mailings.c, _recipients.c, EXHIBITORS.c


def _insert(table: sa.Table) -> Any:
    return (sqlite if db.engine.dialect.name == "sqlite" else postgresql).insert(table)


def start(
    *, actor: Actor, event: EventScope, exhibitor_ids: Sequence[int], key: str, base_url: str, again: bool = True
) -> int:
    """Put a mail to each exhibitor that has an address into the queue; the mailing's id.

    The same ``key`` is the same mailing. Without ``again`` those are left out whose present code was sent already. Who
    waits for a mail already gets no second one. Raises `InvalidInput` where nobody is left, `Unavailable` without a
    mail server.
    """
    if not send.can_send():
        raise Unavailable("No mail server is set (SMTP_URL). No mail was sent.")
    made = run(
        _insert(_mailings).on_conflict_do_nothing(index_elements=["event_id", "key"]).returning(_m.id),
        {
            "event_id": event.event_id,
            "key": key[:64],
            "created": clock.now(),
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "actor_label": actor.label[:255],
            "base_url": base_url,
        },
    ).scalar()
    if made is None:
        known = sa.select(_m.id).where(_m.event_id == event.event_id, _m.key == key[:64])
        return int(run(known).scalar_one())
    conditions = [_e.event_id == event.event_id, one_of_ids(_e.id, "ids"), sa.func.coalesce(_e.contact_email, "") != ""]
    if not again:
        conditions.append(_e.code_sent.is_(None))
    source = (
        sa.select(
            sa.literal(made, sa.BigInteger()),
            _e.id,
            sa.literal("waiting"),
            sa.literal(1),
            sa.literal(clock.now(), _r.changed.type),
        )
        .where(*conditions)
        .order_by(_e.id)
    )
    columns = ["mailing_id", "exhibitor_id", "state", "attempt", "changed"]
    statement = _insert(_recipients).from_select(columns, source).on_conflict_do_nothing().returning(_r.id)
    added = list(run(statement, {"ids": list(exhibitor_ids)}).scalars())
    if not added:
        nobody = Sentence("Nobody is left to write to: no address, code sent already, or a mail is on its way.")
        raise InvalidInput({"non_field_errors": [nobody]})
    for recipient_id in added:
        outbox.put(KIND, {"recipient": recipient_id, "attempt": 1})
    _record(actor, event, "code_mailing.started", made, {"exhibitors": len(added)})
    return int(made)


def retry(*, actor: Actor, event: EventScope, mailing_id: int) -> int:
    """Try again what failed, and at once what waits after a failed attempt; how many mails."""
    _lock(event, mailing_id)
    elsewhere = _recipients.alias()
    busy = sa.exists().where(
        elsewhere.c.exhibitor_id == _r.exhibitor_id, elsewhere.c.state == "waiting", elsewhere.c.id != _r.id
    )
    statement = (
        sa.update(_recipients)
        .where(
            _r.mailing_id == mailing_id,
            sa.or_(_r.state == "failed", sa.and_(_r.state == "waiting", _r.error.is_not(None))),
            ~busy,
        )
        .values(state="waiting", error=None, attempt=_r.attempt + 1, changed=clock.now())
        .returning(_r.id, _r.attempt)
    )
    try:
        with db.session.begin_nested():
            again = run(statement).all()
    except IntegrityError:
        raise Conflict("Somebody else is sending to the same exhibitors just now. Try again in a moment.") from None
    for recipient_id, attempt in again:
        outbox.put(KIND, {"recipient": recipient_id, "attempt": attempt})
    if again:
        _record(actor, event, "code_mailing.retried", mailing_id, {"exhibitors": len(again)})
    return len(again)


def cancel(*, actor: Actor, event: EventScope, mailing_id: int) -> int:
    """Take back the mails that are not sent yet; how many."""
    _lock(event, mailing_id)
    statement = (
        sa.update(_recipients)
        .where(_r.mailing_id == mailing_id, _r.state == "waiting")
        .values(state="cancelled", changed=clock.now())
        .returning(_r.id)
    )
    count = len(run(statement).all())
    if count:
        _record(actor, event, "code_mailing.cancelled", mailing_id, {"exhibitors": count})
    return count


def _lock(event: EventScope, mailing_id: int) -> None:
    found = run(sa.select(_m.id).where(_m.id == mailing_id, _m.event_id == event.event_id).with_for_update())
    if found.scalar() is None:
        raise NotFound("This mailing does not exist, or it belongs to another event.")


def _record(actor: Actor, event: EventScope, action: str, mailing_id: int, data: dict[str, Any]) -> None:
    audit.record(
        actor=actor,
        action=action,
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="code_mailing",
        object_id=mailing_id,
        data=data,
    )


# ---------------------------------------------------------------------------------------------------- in the worker

_JOB = (
    sa.select(
        _r.exhibitor_id,
        _m.event_id,
        _m.actor_kind,
        _m.actor_id,
        _m.actor_label,
        _m.base_url,
        Event.organizer_id,
    )
    .select_from(_recipients)
    .join(_mailings, _m.id == _r.mailing_id)
    .join(Event, Event.id == _m.event_id)
    .where(_r.id == sa.bindparam("recipient"), _r.attempt == sa.bindparam("attempt"), _r.state == "waiting")
)


def prepare(job: outbox.Job) -> outbox.Work:
    """The mail to a recipient that still waits for it."""
    row = run(_JOB, {name: job.payload[name] for name in ("recipient", "attempt")}).one_or_none()
    if row is None:
        return None
    try:
        letter = send.compose(event_id=row.event_id, exhibitor_id=row.exhibitor_id, base_url=row.base_url)
        message = mail.build(replace(letter.mail, message_id=mail.new_message_id(job.key)))
    except DomainError as error:
        return partial(_give_up, job, row.exhibitor_id, error.message)
    except mail.BadAddress as error:
        return partial(_give_up, job, row.exhibitor_id, f"An address cannot be used: {error}.")
    if not send.can_send():
        return partial(_give_up, job, row.exhibitor_id, send.NO_SERVER)
    return partial(_hand_over, job, row, letter, message)


def _hand_over(job: outbox.Job, row: Any, letter: send.Letter, message: Any) -> None:
    if not _note(job, error=None):
        return
    try:
        mail.send(message, needed=letter.to)
    except OSError as error:
        problem = outbox.describe(error)
        if _is_final(error) or job.attempts > len(outbox.BACKOFF):
            _give_up(job, row.exhibitor_id, problem)
        with side_write() as connection:
            send.note_failed(connection, exhibitor_id=row.exhibitor_id, problem=problem)
        _note(job, error=problem[:300])
        raise
    run(_newest(job).values(state="sent", error=None, changed=clock.now()))
    send.note_sent(
        actor=Actor(row.actor_kind, row.actor_id, row.actor_label),
        organizer_id=row.organizer_id,
        event_id=row.event_id,
        exhibitor_id=row.exhibitor_id,
        letter=letter,
    )
    db.session.commit()


def _newest(job: outbox.Job) -> sa.Update:
    """A change of the recipient, where this attempt is still the newest and not taken back."""
    return sa.update(_recipients).where(
        _r.id == job.payload["recipient"], _r.attempt == job.payload["attempt"], _r.state == "waiting"
    )


def _note(job: outbox.Job, **values: Any) -> bool:
    """Write down how it stands with the recipient, at once; whether it still waits."""
    with side_write() as connection:
        statement = _newest(job).values(changed=clock.now(), **values).returning(_r.id)
        return connection.execute(statement).scalar() is not None


def _give_up(job: outbox.Job, exhibitor_id: int, problem: str) -> None:
    _note(job, state="failed", error=problem[:300])
    with side_write() as connection:
        send.note_failed(connection, exhibitor_id=exhibitor_id, problem=problem)
    raise outbox.Abandon(problem)


def _is_final(error: Exception) -> bool:
    """Whether the server said that it will never take this mail."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500


#: Mailings are kept so long; what became of each code stays with its exhibitor.
KEPT = dt.timedelta(days=180)


def purge() -> int:
    """Forget mailings of long ago; how many. The worker calls it every hour."""
    with side_write() as connection:
        return connection.execute(sa.delete(_mailings).where(_m.created < clock.now() - KEPT)).rowcount
