"""Addresses: absolute ones for mails and codes, and safe ones to go back to."""

from urllib.parse import urlsplit

from flask import current_app, redirect, request, url_for
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


def external_url(endpoint: str, **values: object) -> str:
    """An absolute address for mails and QR codes: under ``BASE_URL``, else under the request's host."""
    base = current_app.config["PORTAL"].base_url
    if base is None:
        return url_for(endpoint, _external=True, **values)  # type: ignore[arg-type]
    return str(base) + url_for(endpoint, _external=False, **values)  # type: ignore[arg-type]
