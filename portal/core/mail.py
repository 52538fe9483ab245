"""Mail: building messages whose headers cannot be injected, and sending them over SMTP or into files."""

import os
import re
import secrets
import smtplib
import socket
import ssl
import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import segno
import structlog
from flask import current_app

from portal.core import clock
from portal.core.database import db

log = structlog.get_logger()

#: How long the server may take for one answer, and for the whole conversation, when nobody waits.
ANSWER_SECONDS = 20.0
PATIENCE = 60.0

#: Lines end as SMTP wants it, and everything is ASCII on the way: no server is too old for it.
_POLICY = SMTP.clone(cte_type="7bit")


_ATOM = r"[^\s.,;:<>()\[\]\"\\@]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")


class BadAddress(ValueError):
    """An address, or a name beside it, that cannot stand in a header."""


class Server(Protocol):
    """Where mail goes; the setting ``SMTP_URL``."""

    host: str
    port: int
    user: str | None
    password: str | None
    starttls: bool
    ssl: bool
    verify: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that the HTML part shows by ``cid:`` and its name."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """What is to be said to whom. ``html`` is the same as ``text``, for those who like it."""

    to: Sequence[str]
    subject: str
    text: str
    html: str | None = None
    cc: Sequence[str] = ()
    reply_to: str | None = None
    sender_name: str = ""
    locale: str = "en"
    pictures: Sequence[Picture] = ()
    message_id: str | None = None


def qr_picture(name: str, content: str) -> Picture:
    """A QR code as a picture for a mail."""
    out = BytesIO()
    segno.make_qr(content, error="m").save(out, kind="png", scale=6, border=4)
    return Picture(name, out.getvalue())


# ------------------------------------------------------------------------------------------------------- building


def _clean(value: str, what: str) -> str:
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in value):
        raise BadAddress(f"{what} holds a line break or another control character")
    return value.strip()


def one_line(text: str) -> str:
    """Text from a database as a header takes it: without line breaks and other control characters."""
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join(kept.split())


def address(value: str, name: str = "") -> Address:
    """An address for a header: ``person@host``, the host's name in its ASCII form. Raises `BadAddress`."""
    local, _, domain = _clean(value, "an address").partition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    if len(value) > 254 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise BadAddress("not one plain address")
    return Address(display_name=_clean(name, "a name"), username=local, domain=ascii_domain)


def sender(name: str = "") -> Address:
    """Who mails come from: the setting ``MAIL_FROM``, under ``name`` where one is given."""
    own_name, spec = parseaddr(current_app.config["PORTAL"].mail_from)
    return address(spec, name or own_name)


def new_message_id(seed: str | None = None) -> str:
    """An id for a message; the same for the same ``seed``, so that one sent twice is known as one."""
    return f"<{seed or secrets.token_hex(16)}@{sender().domain}>"


def render(template: str, **values: Any) -> str:
    """A mail's template, without what pages take from their request: a worker has none."""
    return current_app.jinja_env.get_template(template).render(values)


def build(mail: Mail) -> EmailMessage:
    """The message. Raises `BadAddress` for anything that would break a header, or where there is no recipient."""
    if not mail.to:
        raise BadAddress("no recipient")
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender(mail.sender_name)
    message["To"] = [address(one) for one in mail.to]
    if mail.cc:
        message["Cc"] = [address(one) for one in mail.cc]
    if mail.reply_to:
        message["Reply-To"] = address(mail.reply_to)
    message["Subject"] = _clean(mail.subject, "the subject")
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = mail.message_id or new_message_id()
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
        part = cast(EmailMessage, message.get_body(("html",)))
        for picture in mail.pictures:
            part.add_related(
                picture.content,
                maintype="image",
                subtype="png",
                cid=f"<{picture.name}>",
                filename=f"{picture.name}.png",
                disposition="inline",
            )
    message["Content-Language"] = _clean(mail.locale, "the language")
    return message


# -------------------------------------------------------------------------------------------------------- sending


def configured() -> bool:
    """Whether mails leave the house (``SMTP_URL`` is set)."""
    return current_app.config["PORTAL"].smtp is not None


def send(message: EmailMessage, *, patience: float | None = None, needed: str | None = None) -> None:
    """Hand ``message`` to the SMTP server within ``patience`` seconds, or write it to a file where there is none.

    Raises `OSError` (`smtplib.SMTPException` is one) where the server did not take it. A server that took it for some
    recipients only has taken it, unless it refused the one who is ``needed``.
    """
    if db.session.registry.has() and db.session().in_transaction():
        raise RuntimeError("no mail is sent while a transaction is open: commit, then send")
    settings = current_app.config["PORTAL"]
    if settings.smtp is None:
        _write(message, settings)
        return
    refused = _Conversation(settings.smtp, _own_name(settings), patience or PATIENCE).hand_over(message)
    if needed is not None and address(needed).addr_spec in refused:
        raise smtplib.SMTPRecipientsRefused(refused)
    if refused:
        log.warning(
            "mail.refused_in_part", recipients=len(refused), codes=sorted({code for code, _ in refused.values()})
        )


def reach(*, patience: float | None = None) -> None:
    """Greet the server, with the credentials of the settings, and send nothing. Raises `OSError` where it is no use."""
    settings = current_app.config["PORTAL"]
    _Conversation(settings.smtp, _own_name(settings), patience or PATIENCE).greet()


def folder(settings: Any) -> Path:
    """Where mails lie as files."""
    return Path(settings.instance_path) / "mail"


def _write(message: EmailMessage, settings: Any) -> None:
    place = folder(settings)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{clock.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    draft = place / f"{name}.part"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(message.as_bytes())
    draft.rename(place / f"{name}.eml")
    if not settings.development:
        log.warning("mail.written", file=f"{name}.eml", reason="SMTP_URL is not set")


def _own_name(settings: Any) -> str:
    """How we greet the server: by our public name, since asking the resolver for it may take long."""
    host = urlsplit(settings.base_url or "").hostname
    return host or sender().domain


class _Conversation:
    """One conversation with the server, over after ``patience`` seconds whatever it does."""

    def __init__(self, server: Server, own_name: str, patience: float) -> None:
        self._server = server
        self._end = time.monotonic() + patience
        self._over = threading.Event()
        options: dict[str, Any] = {"local_hostname": own_name, "timeout": min(ANSWER_SECONDS, patience)}
        self._client = smtplib.SMTP_SSL(context=self._trust(), **options) if server.ssl else smtplib.SMTP(**options)
        # The name that the certificate is checked against; smtplib knows it only where its constructor connects.
        self._client._host = server.host  # type: ignore[attr-defined]

    def hand_over(self, message: EmailMessage) -> dict[str, tuple[int, bytes]]:
        """Send; who was refused where others were not."""
        with self._connected():
            return self._client.send_message(message)

    def greet(self) -> None:
        """See whether the server would talk to us."""
        with self._connected():
            self._client.noop()

    @contextmanager
    def _connected(self) -> Iterator[None]:
        threading.Thread(target=self._watch, name="mail-patience", daemon=True).start()
        try:
            self._introduce()
            yield
        finally:
            self._over.set()
            self._say_goodbye()

    def _introduce(self) -> None:
        code, answer = self._client.connect(self._server.host, self._server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, answer)
        if self._server.starttls:
            self._client.starttls(context=self._trust())
        if self._server.user:
            self._client.login(self._server.user, self._server.password or "")

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self._server.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _watch(self) -> None:
        """Hang up when patience is over: timeouts alone do not help against a server that dribbles."""
        if self._over.wait(self._end - time.monotonic()):
            return
        while not self._over.wait(0.05):
            if self._client.sock is not None:
                with suppress(OSError):
                    self._client.sock.shutdown(socket.SHUT_RDWR)

    def _say_goodbye(self) -> None:
        """Do not wait for an answer: the message is taken or it is not."""
        with suppress(OSError):
            if self._client.sock is not None:
                self._client.sock.settimeout(1)
                self._client.quit()
        self._client.close()
