"""Addresses: absolute ones for mails and codes, and safe ones to go back to."""

from urllib.parse import urlsplit

from flask import current_app, redirect, request
from werkzeug.wrappers import Response


def safe_next(target: str | None) -> str | None:
    """``target`` where it is a path of this site, else None."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(char < " " or char == "\\" for char in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def redirect_back(default: str = "/") -> Response:
    """To the page that a form names in ``next``, if it is one of ours."""
    return redirect(safe_next(request.form.get("next")) or default, 303)


def public_base() -> str:
    """What absolute addresses begin with: ``BASE_URL``, else the request's own host.

    Keep it for work that has no request: a mail that a worker writes.
    """
    return str(current_app.config["PORTAL"].base_url or request.root_url.rstrip("/"))


def mail_base() -> str | None:
    """What links begin with in a mail that a stranger may ask for: ``BASE_URL``.

    Without it the request's host counts in development and where it is this very machine. Any other could be a
    stranger's own, to which the link would carry a code: then there is none.
    """
    config = current_app.config["PORTAL"]
    host = urlsplit(request.root_url).hostname
    known = config.base_url or config.development or host in ("localhost", "127.0.0.1", "::1")
    return public_base() if known else None


def url_under(base: str, endpoint: str, **values: object) -> str:
    """An absolute address under ``base``, with or without a request."""
    parts = urlsplit(base)
    adapter = current_app.url_map.bind(parts.netloc, url_scheme=parts.scheme)
    return base.rstrip("/") + adapter.build(endpoint, values)


def external_url(endpoint: str, **values: object) -> str:
    """An absolute address for mails and QR codes: under ``BASE_URL``, else under the request's host."""
    return url_under(public_base(), endpoint, **values)
