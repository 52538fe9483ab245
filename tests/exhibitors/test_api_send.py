"""Sending an access code by the REST API: a real mail server that accepts, refuses, stalls and breaks off."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core import mail
from portal.core.database import db
from portal.events.models import Event, Organizer
from portal.exhibitors.models import Exhibitor
from portal.exhibitors.services import send
from tests.fair import Fair
from tests.seating.conftest import Api
from tests.services import SmtpServer, free_port
from tests.working import mailing, setting

Stored = Callable[[Any], list[Any]]
Audited = Callable[[], list[Any]]

STATE = sa.select(Exhibitor.code_sent, Exhibitor.code_sent_error, Exhibitor.modified).order_by(Exhibitor.id)
FAILED = (503, {"detail": "The email could not be sent."})


def ask(api: Api, exhibitor: int, **kwargs: Any) -> tuple[int, Any]:
    response = api.call("POST", f"/exhibitors/{exhibitor}/send_access_code/", **kwargs)
    return response.status_code, response.get_json() if response.data else None


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def write_settings(app: Flask, fair: Fair, **values: Any) -> None:
    with app.app_context():
        event = db.session.get_one(Event, fair.event)
        event.settings = event.settings | values
        db.session.commit()


# ------------------------------------------------------------------------------------------------------ what is sent


def test_it_is_sent_while_the_caller_waits(
    api: Api, fair: Fair, smtp: SmtpServer, stored: Stored, audited: Audited
) -> None:
    before = stored(STATE)[0]
    assert ask(api, fair.exhibitor) == (204, None)
    (received,) = smtp.messages
    assert received.recipients == ["johnson@as.example.org", "miller@as.example.org", "smith@as.example.org"]
    message = received.message
    assert message["To"] == "johnson@as.example.org"
    assert message["Cc"] == "miller@as.example.org, smith@as.example.org"
    assert message["Reply-To"] == "hello@bigevents.example.org"
    assert message["From"] == "Big Events <portal@localhost>"
    assert message["Content-Language"] == "de"
    sent, error, modified = stored(STATE)[0]
    assert sent is not None
    assert (error, modified) == (None, before[2])
    (entry,) = audited()
    assert (entry[0], entry[2]) == ("exhibitor.code_sent", fair.exhibitor)
    assert fair.full_code not in str(entry)


def test_code_link_and_picture_are_in_the_mail(api: Api, fair: Fair, smtp: SmtpServer) -> None:
    ask(api, fair.exhibitor)
    message = smtp.messages[0].message
    link = f"http://localhost/e/{fair.full_code}"
    text, html = body(message, "plain"), body(message, "html")
    for part in (text, html):
        assert fair.full_code in part
        assert link in part
    assert f'href="{link}"' in html
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert len(pictures) == 1
    assert pictures[0].get_content().startswith(b"\x89PNG")
    assert pictures[0]["Content-ID"] == "<access-code>"
    assert 'src="cid:access-code"' in html


def test_the_portals_own_words_in_two_languages(app: Flask, api: Api, fair: Fair, smtp: SmtpServer) -> None:
    ask(api, fair.exhibitor)
    ask(api, fair.rival)
    german, english = (each.message for each in smtp.messages)
    assert german["Subject"] == "Ihr Zugangscode für Beispielkonferenz"
    assert "Guten Tag Dr Cave Johnson," in body(german, "plain")
    assert "Ihr Stand: A2" in body(german, "plain")
    assert fair.scanning_code in body(german, "plain")
    assert english["Subject"] == "Your access code for Sample conference"
    assert "Hello Black Mesa," in body(english, "plain")
    assert english["Cc"] is None


def test_the_events_own_words(app: Flask, api: Api, fair: Fair, smtp: SmtpServer) -> None:
    write_settings(
        app,
        fair,
        mail_subject={"en": "Code of {exhibitor}", "de": "Code von {exhibitor}"},
        mail_text={"en": "Dear {contact_name} <b>&amp;</b>\nBooth {booth}\n\nUntil soon, {event} {nothing}"},
    )
    ask(api, fair.exhibitor)
    ask(api, fair.rival)
    own, english = (each.message for each in smtp.messages)
    assert own["Subject"] == "Code von Aperture Science"
    assert english["Subject"] == "Code of Black Mesa"
    text, html = body(own, "plain"), body(own, "html")
    assert text.startswith("Dear Dr Cave Johnson <b>&amp;</b>\nBooth A2\n\nUntil soon, Beispielkonferenz {nothing}\n\n")
    assert f"{fair.full_code}\n" in text
    assert f"http://localhost/e/{fair.full_code}\n" in text
    assert "Dear Dr Cave Johnson &lt;b&gt;&amp;amp;&lt;/b&gt;" in html


def test_an_answer_is_promised_only_where_it_has_an_address(app: Flask, api: Api, fair: Fair, smtp: SmtpServer) -> None:
    ask(api, fair.rival)
    with app.app_context():
        db.session.get_one(Organizer, fair.organizer).email = None
        db.session.commit()
    ask(api, fair.rival)
    promising, silent = (each.message for each in smtp.messages)
    assert (promising["Reply-To"], silent["Reply-To"]) == ("hello@bigevents.example.org", None)
    for kind in ("plain", "html"):
        assert "Big Events sent this mail. An answer goes to them." in body(promising, kind)
        assert "Big Events sent this mail." in body(silent, kind)
        assert "An answer goes" not in body(silent, kind)


def test_names_cannot_inject_anything(app: Flask, api: Api, fair: Fair, smtp: SmtpServer) -> None:
    with app.app_context():
        exhibitor = db.session.get_one(Exhibitor, fair.exhibitor)
        exhibitor.name, exhibitor.contact_name = "Evil\r\nBcc: all@example.org {code}", "<script>{link}</script>"
        organizer = db.session.get_one(Organizer, fair.organizer)
        organizer.name, organizer.email = 'Big, "Events"\r\nX-Evil: 1', None
        db.session.commit()
    write_settings(app, fair, mail_subject={"de": "{exhibitor}"}, mail_text={"de": "{contact_name}"})
    assert ask(api, fair.exhibitor) == (204, None)
    message = smtp.messages[0].message
    assert message["Subject"] == "Evil Bcc: all@example.org {code}"
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert message["Reply-To"] is None
    assert body(message, "plain").startswith("<script>{link}</script>")
    assert "<script>" not in body(message, "html")
    assert len(smtp.messages[0].recipients) == 3


def test_links_begin_with_the_public_address(app: Flask, api: Api, fair: Fair, smtp_server: SmtpServer) -> None:
    with mailing(app, smtp_server), setting(app, smtp=app.config["PORTAL"].smtp, base_url="https://fair.example.org"):
        assert ask(api, fair.exhibitor) == (204, None)
    assert f"https://fair.example.org/e/{fair.full_code}" in body(smtp_server.messages[0].message, "plain")


def test_it_is_sent_once_for_one_key(api: Api, fair: Fair, smtp: SmtpServer) -> None:
    for _ in range(2):
        assert ask(api, fair.exhibitor, headers={"X-Idempotency-Key": "k"}) == (204, None)
    assert len(smtp.messages) == 1
    smtp.behaviour = "refuse"
    assert ask(api, fair.exhibitor, headers={"X-Idempotency-Key": "again"}) == FAILED
    smtp.behaviour = "accept"
    assert ask(api, fair.exhibitor, headers={"X-Idempotency-Key": "again"}) == (204, None)
    assert len(smtp.messages) == 2


# ------------------------------------------------------------------------------------------------- what goes wrong


def test_an_exhibitor_without_an_address(app: Flask, api: Api, fair: Fair, smtp: SmtpServer) -> None:
    with app.app_context():
        db.session.get_one(Exhibitor, fair.exhibitor).contact_email = None
        db.session.commit()
    assert ask(api, fair.exhibitor) == (400, {"detail": "This exhibitor has no email address."})
    assert smtp.attempts == 0


def test_an_exhibitor_that_does_not_exist(api: Api, fair: Fair, smtp: SmtpServer) -> None:
    """Contract decision 3: 404 here."""
    for one in (fair.foreign_exhibitor, 999_999, 0, "abc"):
        assert ask(api, one) == (404, {"detail": "Not found."})  # type: ignore[arg-type]
    assert smtp.attempts == 0


def test_no_mail_server_is_set(api: Api, fair: Fair, stored: Stored, audited: Audited) -> None:
    assert ask(api, fair.exhibitor) == FAILED
    assert stored(STATE)[0][:2] == (None, "No mail server is set (SMTP_URL).")
    assert audited() == []


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("refuse", "SMTPRecipientsRefused: 550 5.1.1 No such mailbox"),
        ("refuse later", "SMTPRecipientsRefused: 451 4.3.0 Try again later"),
        ("break off", "SMTP"),
    ],
)
def test_a_server_that_does_not_take_it(
    api: Api, fair: Fair, smtp: SmtpServer, stored: Stored, audited: Audited, behaviour: Any, reason: str
) -> None:
    assert ask(api, fair.exhibitor) == (204, None)
    first = stored(STATE)[0]
    smtp.behaviour = behaviour
    assert ask(api, fair.exhibitor) == FAILED
    sent, error, modified = stored(STATE)[0]
    assert (sent, modified) == (first[0], first[2])
    assert error.startswith(reason)
    assert len(audited()) == 1
    smtp.behaviour = "accept"
    assert ask(api, fair.exhibitor) == (204, None)
    assert stored(STATE)[0][1] is None


@pytest.mark.parametrize(("refused", "status"), [("johnson@as.example.org", 503), ("miller@as.example.org", 204)])
def test_a_server_that_takes_it_for_some_only(
    api: Api,
    fair: Fair,
    smtp: SmtpServer,
    stored: Stored,
    monkeypatch: pytest.MonkeyPatch,
    refused: str,
    status: int,
) -> None:
    """What counts is whether the contact gets it."""

    async def take(_server: Any, _session: Any, envelope: Any, recipient: str, _options: Any) -> str:
        if recipient == refused:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(recipient)
        return "250 OK"

    monkeypatch.setattr(smtp, "handle_RCPT", take)
    assert ask(api, fair.exhibitor)[0] == status
    assert len(smtp.messages) == 1
    assert (stored(STATE)[0][1] is None) is (status == 204)


def test_nobody_listens(app: Flask, api: Api, fair: Fair, stored: Stored) -> None:
    server = SmtpServer()
    server.port = free_port()
    with mailing(app, server):
        assert ask(api, fair.exhibitor) == FAILED
    assert stored(STATE)[0][1] == "ConnectionRefusedError: Connection refused"


def test_an_address_that_no_header_takes(app: Flask, api: Api, fair: Fair, smtp: SmtpServer, stored: Stored) -> None:
    with app.app_context():
        db.session.get_one(Exhibitor, fair.exhibitor).contact_cc_email = "a@example.org\nBcc: b@example.org"
        db.session.commit()
    assert ask(api, fair.exhibitor) == FAILED
    assert stored(STATE)[0][1].startswith("An address cannot be used")
    assert smtp.attempts == 0


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says anything."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("ssl", [False, True])
def test_a_server_that_says_nothing(
    app: Flask, api: Api, fair: Fair, monkeypatch: pytest.MonkeyPatch, stored: Stored, ssl: bool
) -> None:
    monkeypatch.setattr(send, "PATIENCE", 0.3)
    monkeypatch.setattr(send, "DEADLINE", 0.5)
    server = SmtpServer()
    with silent_server() as server.port, mailing(app, server, ssl=ssl):
        started = time.monotonic()
        assert ask(api, fair.exhibitor) == FAILED
        assert time.monotonic() - started < 1.5
    assert stored(STATE)[0][1] is not None


def test_names_that_resolve_too_slowly(
    app: Flask, api: Api, fair: Fair, monkeypatch: pytest.MonkeyPatch, stored: Stored
) -> None:
    monkeypatch.setattr(send, "DEADLINE", 0.2)
    released = threading.Event()
    monkeypatch.setattr(mail, "send", lambda *_args, **_kwargs: released.wait(10))
    server = SmtpServer()
    with mailing(app, server):
        assert ask(api, fair.exhibitor) == FAILED
    released.set()
    assert stored(STATE)[0][1] == "The mail server did not answer in time."


def test_a_server_that_stalls_costs_five_seconds_and_no_transaction(
    app: Flask, api: Api, fair: Fair, smtp: SmtpServer, stored: Stored
) -> None:
    smtp.behaviour = "stall"
    answers: list[tuple[int, Any]] = []

    def wait() -> None:
        answers.append(ask(Api(app.test_client(), fair), fair.exhibitor))

    started = time.monotonic()
    thread = threading.Thread(target=wait)
    thread.start()
    deadline = started + 3
    while not smtp.attempts and time.monotonic() < deadline:
        time.sleep(0.02)
    written = time.monotonic()
    assert api.call("PATCH", f"/exhibitors/{fair.exhibitor}/", json={"booth": "Z"}).status_code == 200
    assert time.monotonic() - written < 1
    assert thread.is_alive()
    thread.join(10)
    assert time.monotonic() - started < 5
    assert answers == [FAILED]
    assert stored(STATE)[0][1] is not None
    smtp.resume()
