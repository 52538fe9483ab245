"""Who may call: every view function carries exactly one rule, enforced before it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, redirect, request, url_for
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.core.actors import (
    ANONYMOUS,
    Actor,
    ApplicationScope,
    DeviceScope,
    EventScope,
    ExhibitorScope,
    OrganizerScope,
    ResellerScope,
    SignIn,
)
from portal.core.codes import normalise_code
from portal.core.database import db
from portal.core.errors import Forbidden, NotFound, NotSignedIn
from portal.core.statements import reading_ahead
from portal.extensions import csrf
from portal.web import throttle as throttles
from portal.web.applications import check_api_user, check_bearer_event
from portal.web.credentials import SAFE_METHODS as SAFE_METHODS
from portal.web.credentials import check_metrics_token, credentials
from portal.web.limits import wrong_code
from portal.web.loaders import Loaders
from portal.web.loaders import loaders as loaders

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """A declared rule: its kind, and the permission it wants."""

    kind: str
    permission: str | None = None
    check: Callable[["Rule"], ResponseReturnValue | None] = lambda _rule: None
    browser: bool = True
    #: Permissions that open it as well as ``permission`` does.
    others: frozenset[str] = frozenset()

    def opens(self, permissions: frozenset[str]) -> bool:
        """Whether somebody with these permissions may pass."""
        return self.permission is None or self.permission in permissions or bool(self.others & permissions)


def _declare(rule: Rule) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        if hasattr(view, "access_rule"):
            raise RuntimeError(f"{view.__name__} declares two access rules")
        view.access_rule = rule  # type: ignore[attr-defined]
        return view

    return decorate


def rule_of(app: Flask, endpoint: str) -> Rule | None:
    """The rule that an endpoint's view declares."""
    view = app.view_functions[endpoint]
    rule = getattr(view, "access_rule", None)
    if rule is None and (view_class := getattr(view, "view_class", None)) is not None:
        rule = getattr(view_class, "access_rule", None)
    return cast(Rule | None, rule)


# ------------------------------------------------------------------------------------------------ rules for pages


def public(view: View) -> View:
    """A page anybody may open. Its forms are protected against forgery all the same."""
    return _declare(Rule("public"))(view)


def public_api(view: View) -> View:
    """A JSON door anybody may call (health, the API's description)."""
    return _declare(Rule("public", browser=False))(view)


def _to_sign_in(endpoint: str) -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        raise NotSignedIn("Your session has ended. Please sign in again.", scheme="Session")
    target = request.full_path.rstrip("?") if request.method in SAFE_METHODS else ""
    return redirect(url_for(endpoint, next=target or None), 303)


def _not_yours() -> NotFound:
    return NotFound("This page does not exist, or it is not yours.")


def _not_allowed() -> Forbidden:
    return Forbidden("Your teams do not allow this. Ask the people who manage your team.")


def _check_user(_rule: Rule) -> ResponseReturnValue | None:
    sign_in = signed_in()
    if sign_in is None or sign_in.user_id is None:
        return _to_sign_in("accounts.login")
    g.actor = sign_in.actor
    return None


def user(view: View) -> View:
    """A page for any signed-in user (an organizer's member or an admin)."""
    return _declare(Rule("user", check=_check_user))(view)


def _check_admin(rule: Rule) -> ResponseReturnValue | None:
    refused = _check_user(rule)
    if refused is None and not cast(SignIn, signed_in()).is_admin:
        raise _not_yours()
    return refused


def admin(view: View) -> View:
    """A page for the installation's admins; for everybody else it does not exist."""
    return _declare(Rule("admin", check=_check_admin))(view)


def _check_organizer(rule: Rule) -> ResponseReturnValue | None:
    refused = _check_user(rule)
    if refused is not None:
        return refused
    args = cast(dict[str, Any], request.view_args)
    scope = loaders().organizer_scope(cast(SignIn, signed_in()), args["organizer"])
    if scope is None:
        raise _not_yours()
    if not rule.opens(scope.permissions):
        raise _not_allowed()
    g.organizer_scope = scope
    return None


def organizer_member(permission: str | None = None, *others: str) -> Callable[[View], View]:
    """A page under ``<organizer>/-/`` for members of a team of it, with ``permission`` or one of ``others``."""
    return _declare(Rule("organizer_member", permission, _check_organizer, others=frozenset(others)))


def _check_reseller(rule: Rule) -> ResponseReturnValue | None:
    refused = _check_user(rule)
    if refused is not None:
        return refused
    args = cast(dict[str, Any], request.view_args)
    scope = loaders().reseller_scope(cast(SignIn, signed_in()), args["reseller"])
    if scope is None:
        raise _not_yours()
    g.reseller_scope = scope
    return None


def reseller_member(view: View) -> View:
    """A page under ``<reseller>`` for the members of a reseller account."""
    return _declare(Rule("reseller_member", check=_check_reseller))(view)


def _check_member(rule: Rule) -> ResponseReturnValue | None:
    refused = _check_user(rule)
    if refused is not None:
        return refused
    sign_in = cast(SignIn, signed_in())
    args = cast(dict[str, Any], request.view_args)
    scope = loaders().user_scope(sign_in, args["organizer"], args["event"])
    if scope is None:
        raise _not_yours()
    if rule.permission and not scope.may(rule.permission):
        raise _not_allowed()
    g.scope = scope
    g.event_zone = scope.timezone
    return None


def event_member(permission: str | None = None) -> Callable[[View], View]:
    """A page under ``<organizer>/<event>`` for members of a team for it, with ``permission`` where one is named."""
    return _declare(Rule("event_member", permission, _check_member))


def _check_exhibitor(rule: Rule) -> ResponseReturnValue | None:
    sign_in = signed_in()
    if sign_in is None or sign_in.exhibitor is None:
        return _to_sign_in("exhibitors.code_form")
    if rule.permission == "full" and sign_in.exhibitor.code_kind != "full":
        raise Forbidden("The scanning code opens the scanner only. Sign in with the full access code.")
    g.actor = sign_in.actor
    return None


def exhibitor(code: str = "full") -> Callable[[View], View]:
    """A page for the holder of an access code: ``full``, or ``any`` of the two."""
    return _declare(Rule("exhibitor", code, _check_exhibitor))


# -------------------------------------------------------------------------------------------------- rules for APIs


def _check_api_event(rule: Rule) -> ResponseReturnValue | None:
    token = credentials("Token")
    if token is None:
        check_bearer_event(rule.permission)
        return None
    args = cast(dict[str, Any], request.view_args)
    found = loaders().token_scope(token, args["organizer"], args["event"])
    if found is None:
        raise NotSignedIn("Invalid token.")
    g.actor, scope = found
    if scope is None or (rule.permission and not scope.may(rule.permission)):
        raise Forbidden()
    g.scope = scope
    return None


def api_event(permission: str | None = None) -> Callable[[View], View]:
    """A REST door under ``<organizer>/<event>`` for team tokens of a team for it, and for applications of its members.

    A missing organizer, event or permission are the same 403 (platform rules, Authentication).
    """
    return _declare(Rule("api_event", permission, _check_api_event, browser=False))


def api_user(view: View) -> View:
    """A REST door for applications that act for a user, whichever it is, and for nobody else (contract decision 25)."""
    return _declare(Rule("api_user", check=check_api_user, browser=False))(view)


def _check_device(_rule: Rule) -> ResponseReturnValue | None:
    args = cast(dict[str, Any], request.view_args)
    key, program = request.args.get("key", ""), request.headers.get("User-Agent", "")
    with reading_ahead():
        scope = loaders().device_scope(key, args["organizer"], args["event"], args.get("subevent"), program)
    g.actor, g.device_scope = scope.actor, scope
    return None


def device(view: View) -> View:
    """A check-in door under ``<organizer>/<event>`` for the device keys of its lists (``?key=``).

    404 where the event does not exist, else 403 for a key that is not its own (platform rules, Check-in rules).
    """
    return _declare(Rule("device", check=_check_device, browser=False))(view)


def _known_code(code: str | None) -> ExhibitorScope:
    """The exhibitor that a sent code opens; wrong ones are counted."""
    if code is None:
        raise NotSignedIn(scheme="Exhibitor")
    with reading_ahead():
        scope = loaders().exhibitor_scope(code)
    if scope is None:
        db.session.rollback()  # counting is a transaction of its own, and would wait for this one
        wrong_code(normalise_code(code), exempt=False)
        raise NotSignedIn("Invalid access code.", scheme="Exhibitor")
    g.actor, g.scope = scope.actor, scope
    return scope


def _check_app(rule: Rule) -> ResponseReturnValue | None:
    scope = _known_code(credentials("Exhibitor"))
    if rule.permission == "full" and scope.code_kind != "full":
        raise Forbidden("The scanning code opens the scanner only.")
    return None


def _check_scanner(_rule: Rule) -> ResponseReturnValue | None:
    args = cast(dict[str, Any], request.view_args)
    scope = _known_code(request.headers.get("Exhibitor", "").strip() or None)
    if not scope.is_of(args["organizer"], args["event"]):
        raise NotSignedIn("This access code is not known at this event.", scheme="Exhibitor")
    return None


def scanner_api(view: View) -> View:
    """A door under ``<organizer>/<event>`` for its exhibitors: the header `Exhibitor` holds the access code."""
    return _declare(Rule("scanner_api", check=_check_scanner, browser=False))(view)


def app_api(code: str = "full") -> Callable[[View], View]:
    """A door of the App API for the holder of an access code: ``full``, or ``any`` of the two."""
    return _declare(Rule("app_api", code, _check_app, browser=False))


def app_scope() -> ExhibitorScope:
    """The exhibitor of this request; there by the rules `app_api` and `scanner_api`."""
    return cast(ExhibitorScope, g.scope)


def _check_metrics(_rule: Rule) -> ResponseReturnValue | None:
    check_metrics_token(current_app.config["PORTAL"].metrics_token)
    return None


def metrics_token(view: View) -> View:
    """The metrics, for the token of the setting."""
    return _declare(Rule("metrics_token", check=_check_metrics, browser=False))(view)


# --------------------------------------------------------------------------------------------- what views ask for


def signed_in() -> SignIn | None:
    """The signed-in browser, or None."""
    found = current_user._get_current_object()
    return found if isinstance(found, SignIn) else None


def actor() -> Actor:
    """Who makes this request."""
    return cast(Actor, g.get("actor", ANONYMOUS))


def organizer_scope() -> OrganizerScope:
    """The organizer of this request; there by the rule `organizer_member`."""
    return cast(OrganizerScope, g.organizer_scope)


def event_scope() -> EventScope:
    """The event of this request; there by the rules `event_member` and `api_event`."""
    return cast(EventScope, g.scope)


def application_scope() -> ApplicationScope:
    """The application that makes this request; there by the rule `api_user`."""
    return cast(ApplicationScope, g.application)


def reseller_scope() -> ResellerScope:
    """The reseller account of this request; there by the rule `reseller_member`."""
    return cast(ResellerScope, g.reseller_scope)


def device_scope() -> DeviceScope:
    """The check-in device of this request; there by the rule `device`."""
    return cast(DeviceScope, g.device_scope)


def exhibitor_scope() -> ExhibitorScope:
    """The exhibitor of this request; there by the rule `exhibitor`."""
    sign_in = signed_in()
    if sign_in is None or sign_in.exhibitor is None:
        raise RuntimeError("no exhibitor in this request")
    return sign_in.exhibitor


def init_app(app: Flask, supplied: Loaders) -> None:
    """Enforce the rules on every request of ``app``."""
    app.extensions["portal_loaders"] = supplied
    throttle = throttles.of(app)
    rules: dict[str, Rule] = {}

    @app.before_request
    def enforce() -> ResponseReturnValue | None:
        current = request_ctx.request
        endpoint = current.endpoint
        if endpoint is None or endpoint == "static":
            return None
        rule = rules.get(endpoint) or rule_of(app, endpoint)
        if rule is None:
            raise Forbidden()
        rules[endpoint] = rule
        if current.method == "OPTIONS" and not rule.browser:
            return None
        if rule.browser and current.method not in SAFE_METHODS:
            csrf.protect()
        return rule.check(rule) if throttle is None else throttle.counted(rule.check, rule)
