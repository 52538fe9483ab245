"""The base of the JSON doors: answers, commits, ids in paths, and what is refused before any door is asked."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from flask import Flask, Request, Response, abort, request
from flask.globals import request_ctx
from werkzeug.datastructures import Headers
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound as NoSuchPath
from werkzeug.routing import RequestRedirect, UnicodeConverter

from portal.core.database import db
from portal.core.errors import DomainError, NotFound
from portal.web import idempotency
from portal.web.body import gather
from portal.web.errors import is_api

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: The REST API; its rules (Accept, idempotency keys) hold below these prefixes.
REST_PREFIXES = idempotency.PREFIXES

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
_NO_BODY = ("", "0")
_VARY = {"Vary": "Accept, Authorization"}


class NotAcceptable(DomainError):
    """The caller takes no JSON."""

    status = 406
    code = "not_acceptable"

    def __init__(self) -> None:
        super().__init__("Could not satisfy the request Accept header.")


class IdConverter(UnicodeConverter):
    """An id in a path: anything but the names of actions, so that a door can answer 404 in its own words."""

    def __init__(self, url_map: Any) -> None:
        super().__init__(url_map)
        self.regex = r"(?!bulk_)[^/]+"


class _Headers(Headers):
    """Headers by their names as they are, each name once."""

    def __init__(self, listed: Iterable[tuple[str, str]] = ()) -> None:
        self._list = list(listed)
        if any("\n" in value or "\r" in value for _, value in self._list):
            raise ValueError("Header values must not contain newline characters.")


class Answer(Response):
    """A JSON answer whose body is whole: nothing about it is worked out again when it is sent.

    ``surroundings`` are the headers that every answer of an API has; `portal.web.lifecycle` sets them.
    """

    surroundings: Sequence[tuple[str, str]] = ()

    def __init__(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        if not body:
            super().__init__(body, status, headers, content_type="application/json" if status == 200 else None)
            return
        # What werkzeug would come to by way of more questions.
        self._status, self._status_code = self._clean_status(status)
        self.headers = _Headers(
            (*(headers or {}).items(), ("Content-Type", "application/json"), ("Content-Length", str(len(body))))
        )
        self.response = [body]
        self.direct_passthrough = False
        self._on_close = []

    def get_wsgi_response(self, environ: "WSGIEnvironment") -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """The body, the status and the headers; an answer without a body is left to werkzeug."""
        if self.status_code in (204, 304) or environ["REQUEST_METHOD"] == "HEAD" or self._on_close:
            body, status, headers = super().get_wsgi_response(environ)
            return body, status, [*headers, *self.surroundings]
        return self.response, self._status, [*self.headers, *self.surroundings]  # type: ignore[return-value]


class Unchanged(Answer):
    """What a page hears that asked whether anything changed, when nothing did: 204, made without asking werkzeug."""

    def __init__(self) -> None:
        self._status, self._status_code = "204 NO CONTENT", 204
        self.headers = _Headers((("Content-Type", "text/html; charset=utf-8"),))
        self.response = []
        self.direct_passthrough = False
        self._on_close = []

    def get_wsgi_response(self, environ: "WSGIEnvironment") -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Nothing, and the headers."""
        return (), self._status, [*self.headers, *self.surroundings]


def dumps(data: Any) -> bytes:
    """JSON in the contracts' form: UTF-8, datetimes in UTC with a ``Z``."""
    return orjson.dumps(data, option=_OPTIONS)


def reply(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; ``data`` may be JSON already."""
    body = data if isinstance(data, bytes) else dumps(data)
    return Answer(body, status, _VARY if headers is None else _VARY | headers)


def empty(status: int = 204, headers: dict[str, str] | None = None) -> Response:
    """An answer without a body, and so without its type."""
    answer = Answer(b"", status, _VARY if headers is None else _VARY | headers)
    answer.headers.pop("Content-Type", None)
    return answer


def done(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Commit the request's work and answer; a request with an idempotency key is remembered in the same commit."""
    response = empty(status) if status == 204 else reply(data, status, headers)
    idempotency.remember(response)
    if db.session.registry.has():
        db.session.commit()
    return response


def init_app(app: Flask) -> None:
    """Install what comes before the access rules: call it before `portal.web.access.init_app`."""
    app.url_map.converters["id"] = IdConverter
    most: int = app.config["PORTAL"].max_body_bytes

    @app.before_request
    def refuse() -> Response | None:
        current = request_ctx.request
        path = current.path
        if "\0" in path:
            abort(404)
        if "HTTP_TRANSFER_ENCODING" in current.environ and not gather(most):
            abort(413)
        if not is_api(path):
            return None
        if current.environ.get("CONTENT_LENGTH", "0") not in _NO_BODY and (current.content_length or 0) > most:
            abort(413)
        if isinstance(current.routing_exception, RequestRedirect):
            return _with_slash(path)
        if isinstance(current.routing_exception, NoSuchPath) and not path.endswith("/"):
            # The routing looks at methods only where the path is written out.
            adapter = request_ctx.url_adapter
            if adapter is not None and (methods := list(adapter.allowed_methods(path + "/"))):
                raise MethodNotAllowed(methods)
        if path.startswith(REST_PREFIXES):
            _check_format(current)
        return None


def _with_slash(path: str) -> Response:
    query = request.query_string.decode("latin-1")
    target = quote(path) + "/" + ("?" + query if query else "")
    if target.startswith("//"):
        raise NotFound()
    status = 301 if request.method in ("GET", "HEAD") else 308
    return Response(b"", status, {"Location": target}, content_type="application/json")


def _check_format(current: Request) -> None:
    accepted = current.environ.get("HTTP_ACCEPT")
    if (
        accepted
        and "application/json" not in accepted
        and "*/*" not in accepted
        and not current.accept_mimetypes["application/json"]
    ):
        raise NotAcceptable()
    if current.query_string and current.args.get("format", "json") != "json":
        raise NotFound()
