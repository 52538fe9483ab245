"""The page that asks a user whether an application may act for them, and where."""

from typing import Any, cast
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.accounts.oauth import queries, services
from portal.accounts.oauth.models import OAuthGrant
from portal.accounts.oauth.server import server
from portal.core.actors import SignIn
from portal.core.database import db, set_writing
from portal.events.granting import grantable
from portal.web import errors
from portal.web.access import public, signed_in
from portal.web.lifecycle import CONTENT_SECURITY_POLICY
from portal.web.params import parse_id

blueprint = Blueprint("oauth_consent", __name__)


@blueprint.route("/api/v1/oauth/authorize", methods=["GET", "POST"], strict_slashes=False)
@public
def authorize() -> ResponseReturnValue:
    """Ask the user (RFC 6749, 4.1.1), after they signed in; who granted the same before is asked only by force."""
    try:
        asked = server.asked()
    except OAuth2Error as error:
        return _refused(error)
    sign_in = signed_in()
    if sign_in is None or sign_in.user_id is None:
        return redirect(url_for("accounts.login", next=request.full_path), 303)
    if request.method == "POST":
        return _decide(asked, sign_in)
    if request.method == "GET" and request.args.get("approval_prompt") != "force":
        silent = _silently(asked, sign_in.user_id)
        if silent is not None:
            return silent
    return _page(asked, sign_in)


def _silently(asked: Any, user_id: int) -> Response | None:
    """The code for what was granted before; None where the user has to be asked."""

    def found() -> OAuthGrant | None:
        application = asked.request.client.application
        return services.silent_grant(user_id=user_id, application_id=application.id, scopes=asked.request.scope)

    if found() is None:
        return None
    db.session.rollback()  # it was read by a request that does not write
    set_writing(True)
    grant = found()
    return None if grant is None else _send(asked, grant)


def _decide(asked: Any, sign_in: SignIn) -> ResponseReturnValue:
    if request.form.get("decision") != "allow":
        return cast(Response, server.create_authorization_response(request=asked.request, grant_user=None, grant=asked))
    chosen: list[int] | None = None
    if request.form.get("organizers") != "all":
        given = {parse_id(value) for value in request.form.getlist("organizer")}
        chosen = [choice.id for choice in grantable(sign_in) if choice.id in given]
        if not chosen:
            return _page(asked, sign_in, {"organizer": [gettext("Choose an organizer, or allow all of them.")]})
    grant = services.give_access(
        actor=sign_in.actor,
        user_id=cast(int, sign_in.user_id),
        application=asked.request.client.application,
        scopes=asked.request.scope,
        organizers=chosen,
    )
    return _send(asked, grant)


def _send(asked: Any, grant: OAuthGrant) -> Response:
    """Back to the application with a code."""
    answer = server.create_authorization_response(request=asked.request, grant_user=grant, grant=asked)
    db.session.commit()
    return cast(Response, answer)


def _page(asked: Any, sign_in: SignIn, problems: dict[str, list[str]] | None = None) -> Response:
    application = asked.request.client.application
    choices = grantable(sign_in)
    html = render_template(
        "accounts/consent.html",
        application=application,
        made_by=queries.owner_name(application),
        back_to=_readable(asked.redirect_uri),
        scopes=asked.request.scope.split(),
        choices=choices,
        chosen=[parse_id(value) for value in request.form.getlist("organizer")],
        some=request.form.get("organizers") == "some",
        before=bool(queries.grants_to(cast(int, sign_in.user_id), application.id)),
        sign_in=sign_in,
        here=request.full_path,
        errors=problems or {},
    )
    answer = make_response(html, 422 if problems else 200)
    # Browsers hold where a form leads, by way of a redirect too, against this policy.
    target = f"form-action 'self' {_source(asked.redirect_uri)}"
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace("form-action 'self'", target)
    return answer


def _source(uri: str) -> str:
    """Where a redirect goes, as a policy names it: the origin, or the scheme of an app on a phone."""
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not all(char.isalnum() or char in ".-" for char in host):
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _readable(uri: str) -> str:
    parts = urlsplit(uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _refused(error: OAuth2Error) -> ResponseReturnValue:
    """Back to the application where its address is known; else said here, to a person or to a program."""
    if error.redirect_uri or "text/html" not in request.headers.get("Accept", ""):
        status, body, headers = error()
        return server.handle_response(status, dict(body) if body else "", headers)
    if error.error == "invalid_client":
        message = gettext("The application that sent you here is not known. Nothing was granted.")
    else:
        message = gettext(
            "The application that sent you here wants you to go back to an address that it did not register. "
            "Nothing was granted. Tell the people who make it."
        )
    return errors.page(400, message)
