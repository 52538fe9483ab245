"""Sending an exhibitor its access code while somebody waits: compose, send with no transaction open, write it down."""

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from flask_babel import force_locale

from portal.core import audit, clock, mail
from portal.core.actors import Actor, EventScope
from portal.core.database import db, reading, side_write
from portal.core.errors import DomainError, NotFound, Unavailable
from portal.core.i18n import localise
from portal.core.outbox import describe
from portal.core.sentences import Sentence
from portal.core.statements import run
from portal.events.mail_templates import DEFAULTS, fill
from portal.events.models import Event, Organizer
from portal.events.settings import read_settings
from portal.exhibitors.models import AccessCode
from portal.exhibitors.queries import EXHIBITORS
from portal.web.i18n import spoken
from portal.web.urls import url_under

#: How long the mail server may take, and how long the caller waits for it, in seconds.
PATIENCE = 4.0
DEADLINE = 4.5

NO_SERVER = Sentence("No mail server is set (SMTP_URL).")

_QR = "access-code"
_MAX_SUBJECT = 250
_e = EXHIBITORS.c
_codes: sa.Table = AccessCode.metadata.tables["access_codes"]

_EXHIBITOR = (
    sa.select(
        _e.name,
        _e.booth,
        _e.contact_name,
        _e.contact_email,
        _e.contact_cc_email,
        _e.locale,
        Event.name.label("event_name"),
        Event.locale.label("event_locale"),
        Event.settings,
        Organizer.name.label("organizer_name"),
        Organizer.email.label("organizer_email"),
    )
    .join(Event, Event.id == _e.event_id)
    .join(Organizer, Organizer.id == Event.organizer_id)
    .where(_e.event_id == sa.bindparam("event"), _e.id == sa.bindparam("exhibitor"))
)
_CODES = sa.select(_codes.c.kind, _codes.c.code).where(_codes.c.exhibitor_id == sa.bindparam("exhibitor"))
#: What is written down about a mail is no change of the exhibitor, so its ``modified`` stays.
_STATE = sa.update(EXHIBITORS).where(_e.id == sa.bindparam("exhibitor")).values(modified=_e.modified)


_IS_PRESENT = sa.exists().where(
    _codes.c.exhibitor_id == _e.id, _codes.c.kind == "full", _codes.c.code == sa.bindparam("code")
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail with a code: to whom above all, and with which code."""

    mail: mail.Mail
    to: str
    code: str


class NoAddress(DomainError):
    """There is nobody to write to."""

    code = "no_address"

    def __init__(self) -> None:
        super().__init__(Sentence("This exhibitor has no email address."))


@dataclass(frozen=True, slots=True)
class Words:
    """A mail's subject and text, filled in."""

    subject: str
    text: str


def words(
    *,
    settings: Mapping[str, Any] | None,
    locale: str,
    event_locale: str,
    values: Mapping[str, str],
) -> Words:
    """The event's own words, else the portal's, in the reader's language; ``values`` are those of the placeholders."""
    own = read_settings(settings)
    subject, text = (
        localise(given, locale, event_locale) or localise(DEFAULTS[name], locale, event_locale, "en")
        for name, given in (("mail_subject", own.mail_subject), ("mail_text", own.mail_text))
    )
    return Words(mail.one_line(fill(subject, values))[:_MAX_SUBJECT], fill(text, values))


def send_access_code(*, actor: Actor, event: EventScope, exhibitor_id: int, base_url: str) -> None:
    """Send an exhibitor's code to its contact and copies; the answer is known within 5 seconds.

    Call it with no transaction open, and commit afterwards: that it was sent is then written in the session. Raises
    `NotFound`, `NoAddress`, or `Unavailable` where it could not be sent, which is written down at once.
    """
    with reading():
        letter = compose(event_id=event.event_id, exhibitor_id=exhibitor_id, base_url=base_url)
    try:
        problem = _hand_over(mail.build(letter.mail), needed=letter.to)
    except mail.BadAddress as error:
        problem = f"An address cannot be used: {error}."
    if problem is not None:
        with side_write() as connection:
            note_failed(connection, exhibitor_id=exhibitor_id, problem=problem)
        raise Unavailable("The email could not be sent.")
    note_sent(
        actor=actor,
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        exhibitor_id=exhibitor_id,
        letter=letter,
    )


def note_sent(*, actor: Actor, organizer_id: int, event_id: int, exhibitor_id: int, letter: Letter) -> None:
    """Write down that a code was sent, in the session. One that was replaced on the way does not count as sent."""
    values = {"exhibitor": exhibitor_id, "code": letter.code}
    run(_STATE.where(_IS_PRESENT).values(code_sent=clock.now(), code_sent_error=None), values)
    audit.record(
        actor=actor,
        action="exhibitor.code_sent",
        organizer_id=organizer_id,
        event_id=event_id,
        object_kind="exhibitor",
        object_id=exhibitor_id,
        data={"to": letter.to, "copies": len(letter.mail.cc)},
    )


def note_failed(connection: sa.Connection, *, exhibitor_id: int, problem: str) -> None:
    """Write down why a code could not be sent."""
    connection.execute(_STATE.values(code_sent_error=problem[:300]), {"exhibitor": exhibitor_id})


def compose(*, event_id: int, exhibitor_id: int, base_url: str) -> Letter:
    """The mail to an exhibitor, in its language; its links begin with ``base_url``. Raises `NotFound`, `NoAddress`."""
    row = db.session.execute(_EXHIBITOR, {"event": event_id, "exhibitor": exhibitor_id}).one_or_none()
    if row is None:
        raise NotFound()
    if not row.contact_email:
        raise NoAddress()
    codes = {kind: code for kind, code in run(_CODES, {"exhibitor": exhibitor_id})}
    if "full" not in codes:
        raise Unavailable("This exhibitor has no access code. Make a new one first.")
    locale = spoken(row.locale)
    link = url_under(base_url, "exhibitors.code_link", code=codes["full"])
    values = {
        "exhibitor": row.name,
        "event": localise(row.event_name, row.locale, row.event_locale),
        "code": codes["full"],
        "link": link,
        "scanning_code": codes.get("scanning", ""),
        "booth": row.booth or "",
        "contact_name": row.contact_name or row.name,
    }
    written = words(settings=row.settings, locale=row.locale, event_locale=row.event_locale, values=values)
    context = letter_context(written, code=codes["full"], link=link, organizer=row.organizer_name)
    context |= {"locale": locale, "answerable": bool(row.organizer_email)}
    with force_locale(locale):
        written_mail = mail.Mail(
            to=[row.contact_email],
            cc=[each for each in (row.contact_cc_email or "").split(",") if each.strip()],
            reply_to=row.organizer_email,
            sender_name=mail.one_line(row.organizer_name),
            subject=written.subject,
            text=mail.render("email/access_code.txt", **context),
            html=mail.render("email/access_code.html", **context),
            pictures=[mail.qr_picture(_QR, link)],
            locale=locale,
        )
    return Letter(written_mail, row.contact_email, codes["full"])


def letter_context(written: Words, *, code: str, link: str, organizer: str) -> dict[str, Any]:
    """What the mail's templates need."""
    return {
        "subject": written.subject,
        "written": written.text,
        "paragraphs": [part.split("\n") for part in written.text.split("\n\n")],
        "code": code,
        "link": link,
        "picture": f"cid:{_QR}",
        "organizer": organizer,
    }


def can_send() -> bool:
    """Whether mails go somewhere: to a server, or in development into files."""
    return mail.configured() or current_app.config["PORTAL"].development


def _hand_over(message: EmailMessage, *, needed: str) -> str | None:
    """Why the mail could not be sent to the one who is ``needed``; None where it was.

    The server is spoken to on a thread of its own: names that resolve slowly and handshakes that hang heed no limit.
    """
    if not can_send():
        return NO_SERVER
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    outcome: Future[None] = Future()

    def work() -> None:
        try:
            with app.app_context():
                mail.send(message, patience=PATIENCE, needed=needed)
        except Exception as error:
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    threading.Thread(target=work, name="send-access-code", daemon=True).start()
    try:
        outcome.result(timeout=DEADLINE)
    except TimeoutError:
        return Sentence("The mail server did not answer in time.")
    except Exception as error:
        return describe(error)
    return None
