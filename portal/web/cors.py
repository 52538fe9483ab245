"""Other sites' scripts at the JSON doors (CORS): which origins may call, and what their browsers are told."""

from flask import Flask, Response
from flask.globals import request_ctx
from werkzeug.exceptions import NotFound

from portal.config import Config
from portal.web.errors import is_api

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
#: What callers send: credentials, the kind of a body, and what makes a request conditional or repeatable.
REQUEST_HEADERS = (
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Exhibitor",
    "If-Modified-Since",
    "If-None-Match",
    "X-Idempotency-Key",
    "X-Request-ID",
)
#: What scripts may read of an answer beyond what every browser shows them.
ANSWER_HEADERS = ("Allow", "ETag", "Last-Modified", "Location", "Retry-After", "WWW-Authenticate", "X-Request-ID")
#: How long a browser may remember the answer to a preflight.
MAX_AGE = "7200"
ANYBODY = "*"


def init_app(app: Flask, config: Config) -> None:
    """Let the origins of the setting call the JSON doors of ``app``; where it names none, nothing is installed.

    Cookies are never among the credentials, so that no page of another site acts as the person who is signed in here.
    Call it before `portal.web.rest.init_app`: a preflight carries no credentials and must not be redirected.
    """
    allowed = frozenset(config.cors_origins)
    if not allowed:
        return
    anybody = ANYBODY in allowed

    @app.before_request
    def preflight() -> Response | None:
        current = request_ctx.request
        headers = current.headers
        if (
            current.method != "OPTIONS"
            or "Origin" not in headers
            or "Access-Control-Request-Method" not in headers
            or not is_api(current.path)
            or isinstance(current.routing_exception, NotFound)
        ):
            return None
        adapter = request_ctx.url_adapter
        methods = sorted(set(adapter.allowed_methods() if adapter else ()).difference(("OPTIONS",))) or METHODS
        answer = Response(b"", 204)
        if anybody or headers["Origin"] in allowed:
            answer.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
            answer.headers["Access-Control-Allow-Headers"] = ", ".join(REQUEST_HEADERS)
            answer.headers["Access-Control-Max-Age"] = MAX_AGE
        return answer

    exposed = ", ".join(ANSWER_HEADERS)

    @app.after_request
    def allow(response: Response) -> Response:
        current = request_ctx.request
        if not is_api(current.path):
            return response
        origin = current.headers.get("Origin")
        if not anybody:
            response.vary.add("Origin")
        if origin is not None and (anybody or origin in allowed):
            response.headers["Access-Control-Allow-Origin"] = ANYBODY if anybody else origin
            response.headers["Access-Control-Expose-Headers"] = exposed
        return response
