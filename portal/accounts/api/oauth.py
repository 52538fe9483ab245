"""OAuth for applications: tokens for codes, other tokens for old ones, the end of tokens, and where all that is."""

from typing import Any

from flask import Blueprint, Flask, Response

from portal.accounts.oauth.server import AUTH_METHODS, server
from portal.accounts.oauth.services import SCOPES, purge
from portal.core import queue
from portal.core.database import db
from portal.web import limits
from portal.web.access import public_api
from portal.web.errors import json_response
from portal.web.i18n import LOCALES
from portal.web.urls import public_base

blueprint = Blueprint("oauth", __name__)
PREFIX = "/api/v1/oauth"


@blueprint.post(f"{PREFIX}/token", strict_slashes=False)
@public_api
def token() -> Response:
    """Tokens for a code or for a refresh token (RFC 6749, 4.1.3 and 6)."""
    return _settled(server.token_answer())


@blueprint.post(f"{PREFIX}/revoke_token", strict_slashes=False)
@public_api
def revoke_token() -> Response:
    """End a token (RFC 7009)."""
    return _settled(server.revocation_answer())


def _settled(answer: Response) -> Response:
    db.session.commit()  # what a refusal ended stays ended
    if answer.status_code == 401:
        limits.wrong_client()
    return answer


@blueprint.get("/.well-known/oauth-authorization-server")
@public_api
def metadata() -> Response:
    """What a client library wants to know before it starts (RFC 8414)."""
    base = public_base().rstrip("/")
    facts: dict[str, Any] = {
        "issuer": base,
        "authorization_endpoint": f"{base}{PREFIX}/authorize",
        "token_endpoint": f"{base}{PREFIX}/token",
        "revocation_endpoint": f"{base}{PREFIX}/revoke_token",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        "code_challenge_methods_supported": ["S256"],
        "service_documentation": f"{base}/api/docs",
        "ui_locales_supported": list(LOCALES),
    }
    return json_response(facts)


def init_app(app: Flask) -> None:
    """Sweep away every hour what nobody can use any more."""
    queue.hourly(app, "oauth", purge)
