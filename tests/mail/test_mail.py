"""Messages as servers and mail programs get them: headers that hold, both forms, pictures, files, TLS."""

import datetime as dt
import ipaddress
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from portal.config import SmtpServer as SmtpSetting
from portal.core.mail import BadAddress, Mail, address, build, folder, new_message_id, one_line, qr_picture, send
from tests.services import SmtpServer, free_port
from tests.working import mailing, setting

# Mails are made and sent without a database; what waits in it runs on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")

PLAIN = Mail(["booth@example.org"], "Grüße vom Stand", "Schöne Grüße\n")


@pytest.fixture(autouse=True)
def _in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


# ---------------------------------------------------------------------------------------------------- the message


def test_a_mail_has_what_a_good_mail_has() -> None:
    message = build(
        Mail(
            to=["booth@example.org"],
            cc=["miller@example.org", "smith@bücher.example"],
            reply_to="hello@bigevents.example.org",
            sender_name="Big Events, Berlin",
            subject="Grüße vom Stand",
            text="Schöne Grüße",
            html="<p>Schöne Grüße</p>",
            locale="de",
        )
    )
    assert message["From"] == '"Big Events, Berlin" <portal@localhost>'
    assert message["To"] == "booth@example.org"
    assert message["Cc"] == "miller@example.org, smith@xn--bcher-kva.example"
    assert message["Reply-To"] == "hello@bigevents.example.org"
    assert message["Subject"] == "Grüße vom Stand"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "de"
    assert abs(message["Date"].datetime - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert message["Message-ID"].endswith("@localhost>")
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.as_bytes().isascii()


def test_an_id_can_be_made_of_what_the_mail_is_about() -> None:
    assert new_message_id("row-1") == new_message_id("row-1") == "<row-1@localhost>"
    assert new_message_id() != new_message_id()


def test_a_picture_stands_beside_the_html() -> None:
    picture = qr_picture("code", "https://fair.example.org/e/VKHZ2FU84")
    message = build(Mail(["a@example.org"], "Code", "Code", html='<img src="cid:code">', pictures=[picture]))
    parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
    image = next(part for part in parsed.walk() if part.get_content_type() == "image/png")
    assert image["Content-ID"] == "<code>"
    assert image.get_content_disposition() == "inline"
    assert image.get_payload(decode=True) == picture.content
    assert picture.content.startswith(b"\x89PNG")
    assert [part.get_content_type() for part in parsed.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]


BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00"]


@pytest.mark.parametrize("line_break", BREAKS, ids=[ascii(one) for one in BREAKS])
@pytest.mark.parametrize("where", ["subject", "to", "cc", "reply_to", "sender_name", "locale"])
def test_no_header_can_be_injected(where: str, line_break: str) -> None:
    bad = f"a@example.org{line_break}Bcc: victim@example.org"
    values: dict[str, Any] = {"to": ["a@example.org"], "subject": "Hello", "text": "Hello"}
    values[where] = [bad] if where in ("to", "cc") else bad
    with pytest.raises(BadAddress):
        build(Mail(**values))


NO_ADDRESSES = ["", "a", "@b", "a@", "a b@c", "a@b,c@d", "A <a@b>", "a@b@c", "a@..", ".a@b", "a..b@c", "a.@b", "a@-b"]


@pytest.mark.parametrize("bad", NO_ADDRESSES)
def test_only_one_plain_address_is_one(bad: str) -> None:
    with pytest.raises(BadAddress):
        address(bad)


@pytest.mark.parametrize("hostile", ["a" * 240 + "@", "a." * 120 + "@", "a@" + "b-" * 120, "a@" + "b." * 120 + "!"])
def test_an_address_is_judged_at_once(hostile: str) -> None:
    started = time.monotonic()
    with pytest.raises(BadAddress):
        address(hostile)
    assert time.monotonic() - started < 0.1


def test_text_from_a_database_becomes_one_line() -> None:
    assert one_line(" Sample\r\nBcc: x\u2028\tconference\x00 ") == "Sample Bcc: x conference"


def test_without_a_recipient_there_is_no_mail() -> None:
    with pytest.raises(BadAddress, match="no recipient"):
        build(Mail([], "Hello", "Hello"))


# -------------------------------------------------------------------------------------------------------- sending


def test_a_server_gets_it_as_it_was_built(app: Flask, smtp_server: SmtpServer) -> None:
    with mailing(app, smtp_server):
        send(build(PLAIN))
    (received,) = smtp_server.messages
    assert (received.sender, received.recipients) == ("portal@localhost", ["booth@example.org"])
    assert received.message["Subject"] == "Grüße vom Stand"
    assert received.message.get_content().splitlines() == ["Schöne Grüße"]


def test_copies_go_to_their_recipients(app: Flask, smtp_server: SmtpServer) -> None:
    with mailing(app, smtp_server):
        send(build(Mail(["a@example.org"], "Hello", "Hello", cc=["b@example.org"])))
    assert smtp_server.messages[0].recipients == ["a@example.org", "b@example.org"]


def test_patience_holds_while_the_server_stalls(app: Flask, smtp_server: SmtpServer) -> None:
    smtp_server.behaviour = "stall"
    message = build(PLAIN)
    started = time.monotonic()
    with mailing(app, smtp_server), pytest.raises(OSError, match=r".*"):
        send(message, patience=0.4)
    assert time.monotonic() - started < 1.8


def test_patience_holds_against_a_server_that_dribbles(app: Flask, smtp_server: SmtpServer) -> None:
    """Each byte comes in time, the answer never."""

    async def dribble(server: SMTP, _session: Session, _envelope: Envelope, *_rest: object) -> str:
        for _ in range(100):
            await server.push("250-still here")
            await _sleep(0.1)
        return "250 OK"

    smtp_server.handle_MAIL = dribble  # type: ignore[attr-defined]
    started = time.monotonic()
    with mailing(app, smtp_server), pytest.raises(OSError, match=r".*"):
        send(build(PLAIN), patience=0.6)
    assert time.monotonic() - started < 2


async def _sleep(seconds: float) -> None:
    from asyncio import sleep  # noqa: PLC0415 - the server's loop, not the test's

    await sleep(seconds)


def test_without_a_server_it_becomes_a_file(app: Flask) -> None:
    send(build(PLAIN))
    (file,) = folder(app.config["PORTAL"]).glob("*.eml")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    parsed = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert parsed["Subject"] == "Grüße vom Stand"
    assert [path.suffix for path in file.parent.iterdir()] == [".eml"]


# ------------------------------------------------------------------------------------------------------------- TLS

# The server of the tests does not count a connection that begins with TLS as one with TLS.
_implicit = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody else vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(private + signed.public_bytes(pem))
    return path


class _Mailbox:
    """What a server with TLS and a password took."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        assert session.authenticated
        self.taken.append(envelope.content if isinstance(envelope.content, bytes) else b"")
        return "250 OK"


def _check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object) -> AuthResult:
    right = isinstance(given, LoginPassword) and given == LoginPassword(b"portal", b"s3cret")
    return AuthResult(success=right, handled=False)


@contextmanager
def secure_server(certificate: Path, *, starttls: bool) -> Iterator[tuple[_Mailbox, int]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    mailbox, port = _Mailbox(), free_port()
    tls: dict[str, Any] = {"tls_context": context, "require_starttls": True} if starttls else {"ssl_context": context}
    login: dict[str, Any] = {"authenticator": _check, "auth_required": True, "auth_require_tls": starttls}
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **tls, **login)
    controller.start()
    try:
        yield mailbox, port
    finally:
        controller.stop()


@_implicit
@pytest.mark.parametrize("starttls", [True, False], ids=["starttls", "smtps"])
def test_encrypted_and_signed_in(
    app: Flask, certificate: Path, starttls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with secure_server(certificate, starttls=starttls) as (mailbox, port):
        server = SmtpSetting("127.0.0.1", port, "portal", "s3cret", starttls=starttls, ssl=not starttls)
        with setting(app, smtp=server):
            send(build(PLAIN))
        assert len(mailbox.taken) == 1
        wrong = SmtpSetting("127.0.0.1", port, "portal", "wrong", starttls=starttls, ssl=not starttls)
        with setting(app, smtp=wrong), pytest.raises(smtplib.SMTPAuthenticationError):
            send(build(PLAIN))
    assert len(mailbox.taken) == 1


@_implicit
@pytest.mark.parametrize("starttls", [True, False], ids=["starttls", "smtps"])
def test_a_server_nobody_vouches_for_gets_no_password(app: Flask, certificate: Path, starttls: bool) -> None:
    with secure_server(certificate, starttls=starttls) as (mailbox, port):
        server = SmtpSetting("127.0.0.1", port, "portal", "s3cret", starttls=starttls, ssl=not starttls)
        with setting(app, smtp=server), pytest.raises(ssl.SSLCertVerificationError):
            send(build(PLAIN))
        assert mailbox.taken == []
        trusting = SmtpSetting("127.0.0.1", port, "portal", "s3cret", starttls=starttls, ssl=not starttls, verify=False)
        with setting(app, smtp=trusting):
            send(build(PLAIN))
    assert len(mailbox.taken) == 1
