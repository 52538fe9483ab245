"""Development only: the mails that became files, as a page shows them."""

import base64
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from flask import Blueprint, Response, current_app, render_template

from portal.core.errors import NotFound
from portal.core.mail import folder
from portal.web.access import public

blueprint = Blueprint("mails", __name__, url_prefix="/dev/mails")

SHOWN = 200
_NAME = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}\.eml")
_CID = re.compile(r"cid:([A-Za-z0-9._-]+)")
#: Whatever a mail holds, nothing of it runs or loads anything, and it is nobody's origin.
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Written:
    """A mail that lies in a file."""

    name: str
    source: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        parsed = message_from_bytes(self.source, policy=policy.default)
        if not isinstance(parsed, EmailMessage):
            raise TypeError("the policy makes EmailMessages")
        return parsed

    def body(self, kind: str) -> str:
        """The text or the HTML; empty where there is none."""
        part = self.message.get_body((kind,))
        return "" if part is None else str(part.get_content())

    def pictures(self) -> dict[str, str]:
        """The pictures beside the HTML, as ``data:`` addresses by their name."""
        found: dict[str, str] = {}
        for part in self.message.walk():
            name = (part["Content-ID"] or "").strip("<>")
            if name and part.get_content_maintype() == "image":
                content = base64.b64encode(part.get_payload(decode=True) or b"").decode()  # type: ignore[arg-type]
                found[name] = f"data:{part.get_content_type()};base64,{content}"
        return found


def _folder() -> Path:
    return folder(current_app.config["PORTAL"])


def _read(name: str) -> Written:
    path = _folder() / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound()
    return Written(name, path.read_bytes())


@blueprint.get("/")
@public
def index() -> str:
    """The newest mails."""
    place = _folder()
    names = sorted((path.name for path in place.glob("*.eml") if _NAME.fullmatch(path.name)), reverse=True)
    rows = []
    for name in names[:SHOWN]:
        message = _read(name).message
        rows.append(
            {
                "name": name,
                "to": message["To"],
                "subject": message["Subject"],
                "sent": parsedate_to_datetime(message["Date"]),
            }
        )
    return render_template("dev/mails.html", rows=rows, total=len(names))


@blueprint.get("/<name>")
@public
def show(name: str) -> str:
    """One mail: its text and its source."""
    mail = _read(name)
    headers = [(key, mail.message[key]) for key in ("From", "To", "Cc", "Reply-To", "Subject", "Date")]
    return render_template(
        "dev/mail.html",
        name=name,
        subject=mail.message["Subject"],
        headers=[(key, value) for key, value in headers if value],
        text=mail.body("plain"),
        has_html=bool(mail.body("html")),
        source=mail.source.decode("utf-8", "replace"),
    )


@blueprint.get("/<name>/html")
@public
def html(name: str) -> Response:
    """The HTML part as a mail program would show it, in a sandbox."""
    mail = _read(name)
    pictures = mail.pictures()
    body = _CID.sub(lambda found: pictures.get(found[1], ""), mail.body("html"))
    return Response(body, headers={"Content-Security-Policy": _SANDBOX}, content_type="text/html; charset=utf-8")


@blueprint.get("/<name>/source")
@public
def source(name: str) -> Response:
    """The file itself."""
    return Response(
        _read(name).source,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        content_type="message/rfc822",
    )
