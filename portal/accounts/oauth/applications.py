"""What changes applications: their owner makes, edits and deletes them."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from portal.accounts.models import OAuthApplication
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.codes import hash_token, make_code, make_token
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.core.sentences import Sentence

MAX_NAME = 190
MAX_URIS = 20
MAX_URI = 2000
#: http is for a program on the user's own machine (RFC 8252).
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))

NAME_MISSING = Sentence("Enter a name.")
NAME_TOO_LONG = Sentence("A name has at most 190 characters.")
NO_URI = Sentence("Enter at least one address.")
TOO_MANY = Sentence("Enter at most 20 addresses.")
TOO_LONG = Sentence("An address has at most 2,000 characters.")
NOT_AN_ADDRESS = Sentence("Each address stands on a line of its own, complete, without spaces and without #.")
NOT_SAFE = Sentence(
    "Use https. http is for localhost only; an app on a phone has a scheme with a dot, such as org.example.app:/back."
)


def redirect_uri_problem(uri: str) -> str | None:
    """Why codes must not be sent to an address; None where they may."""
    if len(uri) > MAX_URI:
        return TOO_LONG
    if not uri.isascii() or not uri.isprintable() or " " in uri or "#" in uri or "\\" in uri:
        return NOT_AN_ADDRESS
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return NOT_AN_ADDRESS
    if parts.username is not None or not parts.scheme:
        return NOT_AN_ADDRESS
    if parts.scheme in ("http", "https"):
        if not host:
            return NOT_AN_ADDRESS
        return None if parts.scheme == "https" or host in _LOOPBACK else NOT_SAFE
    return None if "." in parts.scheme else NOT_SAFE


def _checked(name: str, redirect_uris: Sequence[str]) -> tuple[str, list[str]]:
    errors: dict[str, list[str]] = {}
    name = name.replace("\0", "").strip()
    if not name or len(name) > MAX_NAME:
        errors["name"] = [NAME_TOO_LONG if name else NAME_MISSING]
    uris = list(dict.fromkeys(uri for each in redirect_uris if (uri := each.strip())))
    problems = dict.fromkeys(problem for uri in uris if (problem := redirect_uri_problem(uri)))
    if not uris or len(uris) > MAX_URIS:
        problems = {TOO_MANY if uris else NO_URI: None}
    if problems:
        errors["redirect_uris"] = list(problems)
    if errors:
        raise InvalidInput(errors)
    return name, uris


def create_application(
    *, actor: Actor, owner_id: int, name: str, redirect_uris: Sequence[str]
) -> tuple[OAuthApplication, str]:
    """A new application, and its secret: it is returned once and kept as a hash."""
    name, uris = _checked(name, redirect_uris)
    secret = make_token()
    application = OAuthApplication(
        owner_id=owner_id,
        name=name,
        client_id=make_code(24).lower(),
        client_secret_hash=hash_token(secret),
        redirect_uris=uris,
    )
    db.session.add(application)
    db.session.flush()
    _record(actor, "application.created", application)
    return application, secret


def change_application(*, actor: Actor, application: OAuthApplication, name: str, redirect_uris: Sequence[str]) -> None:
    """Give an application another name or other addresses."""
    name, uris = _checked(name, redirect_uris)
    if (name, uris) == (application.name, application.redirect_uris):
        return
    application.name, application.redirect_uris = name, uris
    db.session.flush()
    _record(actor, "application.changed", application)


def renew_secret(*, actor: Actor, application: OAuthApplication) -> str:
    """Another secret, returned once; the previous one no longer counts. Tokens live on."""
    secret = make_token()
    application.client_secret_hash = hash_token(secret)
    db.session.flush()
    _record(actor, "application.secret_renewed", application)
    return secret


def delete_application(*, actor: Actor, application: OAuthApplication) -> None:
    """Delete an application; with it goes whatever anybody granted it."""
    _record(actor, "application.deleted", application)
    db.session.delete(application)
    db.session.flush()


def _record(actor: Actor, action: str, application: OAuthApplication) -> None:
    record(
        actor=actor,
        action=action,
        object_kind="application",
        object_id=application.id,
        data={"name": application.name, "redirect_uris": list(application.redirect_uris)},
    )
