"""What is asked of applications that act for users by their access tokens."""

from typing import Any, cast

from flask import g, request

from portal.core.actors import ApplicationScope
from portal.core.errors import Forbidden, NotSignedIn
from portal.web.credentials import BEARER, EITHER, check_scopes, credentials, not_valid
from portal.web.loaders import loaders


def check_bearer_event(permission: str | None) -> None:
    """Let an application into an event of its user, where a team of theirs has the permission."""
    token = credentials("Bearer")
    if token is None:
        raise NotSignedIn(scheme=EITHER)
    args = cast(dict[str, Any], request.view_args)
    found = loaders().bearer_scope(token, args["organizer"], args["event"])
    if found is None:
        raise not_valid()
    application, scope = found
    _enter(application)
    if scope is None or (permission and not scope.may(permission)):
        raise Forbidden()
    g.scope = scope


def check_api_user(_rule: object) -> None:
    """Let an application in that acts for a user, whichever it is; a team's token is known, and refused."""
    token = credentials("Token")
    if token is not None:
        found = loaders().token_scope(token, "", "")
        if found is None:
            raise NotSignedIn("Invalid token.")
        g.actor = found[0]
        raise Forbidden("A team's token is not accepted here. Use an OAuth token of a user.")
    token = credentials("Bearer")
    if token is None:
        raise NotSignedIn(scheme=BEARER)
    application = loaders().application_scope(token)
    if application is None:
        raise not_valid()
    _enter(application)


def _enter(application: ApplicationScope) -> None:
    g.actor, g.application = application.actor, application
    check_scopes(application)
