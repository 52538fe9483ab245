"""What callers of the APIs send as credentials, and what is said about those that do not do."""

from hmac import compare_digest

from flask import request
from flask.globals import request_ctx

from portal.core.actors import ApplicationScope
from portal.core.errors import Forbidden, NotFound, NotSignedIn

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))

#: The challenge of OAuth tokens has a parameter at least (RFC 6750).
BEARER = 'Bearer realm="api"'
#: What most of the REST API takes.
EITHER = f"Token, {BEARER}"


def credentials(scheme: str) -> str | None:
    """What stands behind a scheme in ``Authorization``; None where it is another, or nothing."""
    given, _, value = request_ctx.request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return value.strip() if given.lower() == scheme.lower() and value.strip() else None


def not_valid() -> NotSignedIn:
    """What is raised for an OAuth token that is not known, has ended or is too old."""
    return NotSignedIn("Invalid token.", scheme=f'{BEARER}, error="invalid_token"')


def check_scopes(application: ApplicationScope) -> None:
    """Raise where a token's scopes do not allow the method: what writes wants ``write``, all others ``read``."""
    wanted = "read" if request.method in SAFE_METHODS else "write"
    if wanted not in application.scopes:
        challenge = f'{BEARER}, error="insufficient_scope", scope="{wanted}"'
        raise Forbidden(f"This token lacks the scope {wanted}.", headers={"WWW-Authenticate": challenge})


def check_metrics_token(expected: str | None) -> None:
    """Raise where the caller's is another, or where the settings know none."""
    given = credentials("Bearer")
    if expected is None:
        raise NotFound()
    if given is None or not compare_digest(given.encode(), expected.encode()):
        raise NotSignedIn(scheme="Bearer")
