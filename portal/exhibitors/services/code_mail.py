"""“Send me my code”: one mail with all access codes of a contact address.

The request writes the same outbox row whatever the address; the worker looks whether it is known. Neither the answer
nor its time says who has a code.
"""

from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from flask_babel import force_locale, gettext

from portal.core import outbox
from portal.core.database import db
from portal.core.i18n import localise
from portal.core.mail import BadAddress, Mail, build, new_message_id, one_line, render, send
from portal.events.models import Event
from portal.exhibitors.models import AccessCode, Exhibitor
from portal.web.i18n import spoken
from portal.web.urls import url_under

KIND = "code_request"

_CODES = (
    sa.select(
        Exhibitor.id,
        Exhibitor.name,
        Exhibitor.booth,
        Exhibitor.locale,
        Exhibitor.contact_email,
        Event.name.label("event_name"),
        Event.locale.label("event_locale"),
        AccessCode.kind,
        AccessCode.code,
    )
    .join(Event, Event.id == Exhibitor.event_id)
    .join(AccessCode, AccessCode.exhibitor_id == Exhibitor.id)
    .where(sa.func.lower(Exhibitor.contact_email) == sa.bindparam("email"))
    .order_by(Event.date_from.desc(), Exhibitor.name, Exhibitor.id, AccessCode.kind)
)


@dataclass(frozen=True, slots=True)
class Code:
    """A code as the mail shows it."""

    kind: str
    code: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Booth:
    """An exhibitor as the mail shows it."""

    event: str
    name: str
    booth: str | None
    codes: list[Code]


def normalise_email(typed: str) -> str:
    """The form in which addresses are compared and counted."""
    return typed.strip().lower()[:254]


def request_codes(*, email: str, base_url: str | None) -> None:
    """Ask for the mail. ``base_url`` is what its links begin with, None for none: the worker knows no request."""
    outbox.put(KIND, {"email": normalise_email(email), "base_url": base_url})


def prepare(job: outbox.Job) -> outbox.Work:
    """The mail for a requested address; None where nobody has it."""
    mail = compose(job.payload["email"], job.payload["base_url"], message_id=new_message_id(job.key))
    if mail is None:
        return None
    try:
        return partial(send, build(mail))
    except BadAddress as error:
        raise outbox.Abandon(f"The contact address cannot be used: {error}.") from error


def compose(email: str, base_url: str | None, *, message_id: str | None = None) -> Mail | None:
    """All codes of an address in the language of its first exhibitor, to the address as the organizer wrote it."""
    rows = db.session.execute(_CODES, {"email": email}).all()
    if not rows:
        return None
    locale = spoken(rows[0].locale)
    booths: dict[int, Booth] = {}
    for row in rows:
        event = localise(row.event_name, locale, row.event_locale)
        booth = booths.setdefault(row.id, Booth(event, row.name, row.booth, []))
        link = base_url and url_under(base_url, "exhibitors.code_link", code=row.code)
        booth.codes.append(Code(row.kind, row.code, link))
    shown = list(booths.values())
    events = {booth.event for booth in shown}
    with force_locale(locale):
        many = sum(len(booth.codes) for booth in shown) > 1
        if len(events) > 1:
            subject = gettext("Your access codes")
        elif many:
            subject = gettext("Your access codes for %(event)s", event=shown[0].event)
        else:
            subject = gettext("Your access code for %(event)s", event=shown[0].event)
        values = {"booths": shown, "subject": subject, "locale": locale, "email": rows[0].contact_email}
        return Mail(
            to=[rows[0].contact_email],
            subject=one_line(subject),
            text=render("email/codes.txt", **values),
            html=render("email/codes.html", **values),
            locale=locale,
            message_id=message_id,
        )
