"""What surrounds every request: its id, its transaction, its headers, its line in the log."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from random import getrandbits
from types import NoneType
from typing import Any

import structlog
from flask import Flask, Request, Response, g
from flask.globals import app_ctx, request_ctx
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.core.database import db, set_writing
from portal.web.access import SAFE_METHODS
from portal.web.body import read_away, unread
from portal.web.errors import is_api
from portal.web.rest import Answer, Unchanged

log = structlog.get_logger()

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)

#: What pages say of windows and frames around them.
PAGE_HEADERS = {"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin"}

#: What a session may hold to be remembered: nobody changes these in place.
_UNCHANGING = (str, int, float, bool, NoneType)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def afterwards(work: Callable[[], None]) -> None:
    """Run ``work`` when this request's own transaction is over (stamps such as “last used”)."""
    g.setdefault("afterwards", []).append(work)


def init_app(app: Flask) -> None:
    """Install the hooks. Call it before the database is bound, so that `afterwards` runs behind its teardown."""

    app.session_interface = Cookies()

    @app.teardown_appcontext
    def run_afterwards(error: BaseException | None) -> None:
        for work in g.pop("afterwards", []):
            try:
                work()
            except Exception as problem:
                log.warning("afterwards.failed", exc_info=problem)
        set_writing(True)

    @app.before_request
    def begin() -> None:
        current, notes = request_ctx.request, app_ctx.g
        notes.started = time.perf_counter()
        given = current.environ.get("HTTP_X_REQUEST_ID")
        notes.request_id = given if given and _REQUEST_ID.fullmatch(given) else f"{getrandbits(128):032x}"
        set_writing(current.method not in SAFE_METHODS)

    always = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    if app.config["PORTAL"].https:
        always["Strict-Transport-Security"] = "max-age=31536000"
    apis = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "private, no-cache"}
    of_answers = (*always.items(), *apis.items())
    of_unchanged = (
        *always.items(),
        *PAGE_HEADERS.items(),
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
        ("Cache-Control", "no-store"),
    )

    @app.after_request
    def finish(response: Response) -> Response:
        if unread() and not read_away():
            response.headers["Connection"] = "close"
        request_id = app_ctx.g.get("request_id", "")
        if isinstance(response, Answer):
            known = of_unchanged if isinstance(response, Unchanged) else of_answers
            response.surroundings = (*known, ("X-Request-ID", request_id))
            return response
        headers, current = response.headers, request_ctx.request
        headers.extend((*always.items(), ("X-Request-ID", request_id)))
        if is_api(current.path):
            for name, value in apis.items():
                headers.setdefault(name, value)
            return response
        headers.extend(PAGE_HEADERS)
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        if current.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store" if response.mimetype == "text/html" else "private, no-cache")
        return response


class Cookies(SecureCookieSessionInterface):
    """The signed cookie, for pages alone: an API neither reads nor sets one."""

    _serializer: URLSafeTimedSerializer | None = None

    def __init__(self, known: int = 2000) -> None:
        #: What cookies hold that were found good, and when each was signed: every request of a browser sends the same.
        self._known: OrderedDict[str, tuple[dict[str, Any], float]] = OrderedDict()
        self._most = known

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs and checks: made once, as the key stays."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The cookie's content; nothing under API paths."""
        if "HTTP_COOKIE" not in request.environ or is_api(request.path):
            return SecureCookieSession()
        given = request.cookies.get(app.config["SESSION_COOKIE_NAME"])
        signed = self.get_signing_serializer(app)
        if not given or signed is None:
            return SecureCookieSession()
        age = int(app.permanent_session_lifetime.total_seconds())
        known = self._known.get(given)
        if known is not None and time.time() - known[1] <= age:
            return SecureCookieSession(known[0])
        try:
            content, when = signed.loads(given, max_age=age, return_timestamp=True)
        except BadSignature:
            return SecureCookieSession()
        if all(isinstance(value, _UNCHANGING) for value in content.values()):
            self._known[given] = (dict(content), when.timestamp())
            if len(self._known) > self._most:
                with suppress(KeyError):  # another thread was faster
                    self._known.popitem(last=False)
        return SecureCookieSession(content)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie where it changed."""
        if is_api(request_ctx.request.path):
            return
        if self.should_set_cookie(app, session):
            super().save_session(app, session, response)
        elif session.accessed and "Vary" not in response.headers:
            response.headers["Vary"] = "Cookie"
        elif session.accessed:
            response.vary.add("Cookie")


def commit() -> None:
    """Commit the request's work: the doors call it once, when all of it is done."""
    db.session.commit()
