"""One place that turns what went wrong into a page, a fragment, or the contract's JSON."""

import json
from typing import Any

import structlog
from flask import Flask, Response, g, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, UnprocessableEntity
from werkzeug.http import HTTP_STATUS_CODES

from portal.core.database import db
from portal.core.errors import DomainError, TooManyRequests

log = structlog.get_logger()

#: Paths under which every answer is JSON (platform rules, Errors).
API_PREFIXES = ("/api/", "/exhibitors/api/", "/pretixdroid/api/", "/eventyaydroid/api/")

_DETAILS = {
    400: "Bad request.",
    404: "Not found.",
    413: "The request is too large.",
    415: "Unsupported media type.",
    500: "Internal server error.",
}
#: A page for people that lies among them, where the contract puts it.
PAGES_AMONG_THEM = frozenset(("/api/v1/oauth/authorize", "/api/v1/oauth/authorize/"))


def is_api(path: str) -> bool:
    """Whether a path belongs to a JSON door."""
    return path.startswith(API_PREFIXES) and path not in PAGES_AMONG_THEM


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response in the portal's form."""
    return Response(json.dumps(body, ensure_ascii=False), status, headers, content_type="application/json")


def init_app(app: Flask) -> None:
    """Answer every error of ``app``."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)


def _domain_error(error: DomainError) -> Response:
    db.session.rollback()
    if is_api(request.path):
        return json_response(error.body(), error.status, error.headers)
    retry_after = error.retry_after if isinstance(error, TooManyRequests) else None
    return page(error.status, gettext(error.message), headers=error.headers, retry_after=retry_after)


def _csrf_error(_error: CSRFError) -> Response:
    return page(400, gettext("This form has expired. Please open the page again and repeat what you did."))


def _http_error(error: HTTPException) -> Response:
    db.session.rollback()
    if error.response is not None and isinstance(error.response, Response):
        return error.response
    status = error.code or 500
    headers: dict[str, str] = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    if not is_api(request.path):
        return page(status, None, headers=headers)
    if isinstance(error, MethodNotAllowed):
        return json_response({"detail": f'Method "{request.method}" not allowed.'}, status, headers)
    data = getattr(error, "data", None) or {}
    if isinstance(error, UnprocessableEntity) and "messages" in data:
        return json_response(_flatten(data["messages"]), 400, headers)
    detail = data.get("message") or _DETAILS.get(status) or HTTP_STATUS_CODES.get(status, "Error") + "."
    return json_response({"detail": detail}, status, headers)


def _flatten(messages: Any) -> Any:
    """webargs groups messages by where they came from; the contracts do not."""
    if isinstance(messages, dict) and set(messages) <= {"json", "query", "form", "headers", "files", "json_or_form"}:
        merged: dict[str, Any] = {}
        for found in messages.values():
            merged |= {"non_field_errors" if key == "_schema" else str(key): value for key, value in found.items()}
        return merged
    return messages


def _crash(error: Exception) -> Response:
    log.error("crash", exc_info=error, request_id=g.get("request_id"), route=str(request.url_rule or ""))
    db.session.rollback()
    if is_api(request.path):
        return json_response({"detail": _DETAILS[500]}, 500)
    return page(500, None)


def page(
    status: int,
    message: str | None,
    *,
    headers: dict[str, str] | None = None,
    retry_after: int | None = None,
) -> Response:
    """The error page, or its fragment for htmx."""
    titles = {
        400: gettext("This did not work"),
        401: gettext("Please sign in"),
        403: gettext("Not for you"),
        404: gettext("Nothing here"),
        405: gettext("This cannot be done here"),
        413: gettext("Too large"),
        429: gettext("Please wait a moment"),
        503: gettext("Not reachable just now"),
    }
    messages = {
        403: gettext("You may not open this page."),
        404: gettext("This page does not exist, or it is not yours."),
        405: gettext("This page does not take that kind of request."),
        413: gettext("What you sent is larger than this server accepts. Nothing was saved."),
        500: gettext("Something broke on our side. Nothing you entered before was lost. Please try again."),
        503: gettext("A service this page needs does not answer. Nothing was lost. Please try again in a minute."),
    }
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    html = render_template(
        "errors/_fragment.html" if fragment else "errors/error.html",
        status=status,
        title=titles.get(status, gettext("Something went wrong")),
        message=message or messages.get(status, gettext("The request could not be understood. Nothing was saved.")),
        request_id=g.get("request_id"),
        retry_after=retry_after,
    )
    return Response(html, status, headers, content_type="text/html; charset=utf-8")
