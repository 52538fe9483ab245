"""Where the access rules get their actors from, with the stamps of what was used."""

from datetime import datetime
from functools import partial

from flask import g, request

from portal.accounts import queries as accounts
from portal.accounts.oauth.services import stamp_grant
from portal.accounts.services import STAMP_EVERY, stamp_session, stamp_token
from portal.checkin.queries import devices
from portal.checkin.services import devices as device_stamps
from portal.core import clock
from portal.core.actors import (
    Actor,
    ApplicationScope,
    DeviceScope,
    EventScope,
    ExhibitorScope,
    OrganizerScope,
    ResellerScope,
    SignIn,
)
from portal.events import queries as events
from portal.exhibitors import queries as exhibitors
from portal.exhibitors.services import codes as exhibitor_code_stamps
from portal.resellers import queries as resellers
from portal.web import access, lifecycle


class Loaders:
    """Where the access rules get their actors from."""

    def token_scope(self, token: str, organizer: str, event: str) -> tuple[Actor, EventScope | None] | None:
        found = events.token_scope(token, organizer, event)
        if found is None:
            return None
        actor, scope, last_used = found
        if actor.id is not None and (last_used is None or clock.now() - last_used > STAMP_EVERY):
            lifecycle.afterwards(partial(stamp_token, actor.id))
        return actor, scope

    def bearer_scope(self, token: str, organizer: str, event: str) -> tuple[ApplicationScope, EventScope | None] | None:
        found = events.bearer_scope(token, organizer, event)
        if found is None:
            return None
        application, scope, last_used = found
        _stamp_grant(application, last_used)
        return application, scope

    def application_scope(self, token: str) -> ApplicationScope | None:
        found = events.application_scope(token)
        if found is None:
            return None
        application, last_used = found
        _stamp_grant(application, last_used)
        return application

    def reseller_scope(self, sign_in: SignIn, reseller_id: int) -> ResellerScope | None:
        return resellers.reseller_scope(sign_in, reseller_id)

    def user_scope(self, sign_in: SignIn, organizer: str, event: str) -> EventScope | None:
        return events.user_scope(sign_in, organizer, event)

    def organizer_scope(self, sign_in: SignIn, organizer: str) -> OrganizerScope | None:
        return events.organizer_scope(sign_in, organizer)

    def exhibitor_scope(self, code: str) -> ExhibitorScope | None:
        found = exhibitors.stamped_scope(code)
        if found is None:
            return None
        scope, last_used = found
        if last_used is None or clock.now() - last_used > STAMP_EVERY:
            lifecycle.afterwards(partial(exhibitor_code_stamps.stamp, scope.access_code_id, request.user_agent.string))
        return scope

    def device_scope(self, key: str, organizer: str, event: str, subevent: int | None, program: str) -> DeviceScope:
        scope, seen = devices.device_scope(key, organizer, event, subevent)
        app = device_stamps.app_of(program)
        if device_stamps.is_due(seen, app):
            lifecycle.afterwards(partial(device_stamps.stamp, scope.device_id, app))
        return scope


def _stamp_grant(application: ApplicationScope, last_used: datetime | None) -> None:
    if last_used is None or clock.now() - last_used > STAMP_EVERY:
        lifecycle.afterwards(partial(stamp_grant, application.grant_id))


def load_sign_in(token: str) -> SignIn | None:
    """The signed-in browser of a cookie's token, for Flask-Login; None once its session has ended."""
    found = accounts.live_session(token)
    if found is None:
        return None
    scope = None
    if found.access_code_id is not None:
        scope = exhibitors.scope_of_session(found.access_code_id, found.code_hash)
        if scope is None:
            return None
    if clock.now() - found.last_used > STAMP_EVERY:
        lifecycle.afterwards(partial(stamp_session, found.id, slide=scope is None))
    return SignIn(
        token=token,
        session_id=found.id,
        actor=scope.actor if scope else Actor("user", found.user_id, found.name, found.is_admin),
        name=scope.exhibitor_name if scope else found.name,
        locale=scope.locale if scope else found.locale,
        user_id=found.user_id,
        is_admin=found.is_admin,
        exhibitor=scope,
    )


def event_accent() -> str | None:
    """The colour of the event at hand: that of an organizer's page, or of the exhibitor who is signed in."""
    scope = g.get("scope")
    sign_in = access.signed_in()
    if isinstance(scope, EventScope):
        return events.accent(scope.event_id)
    return events.accent(sign_in.exhibitor.event_id) if sign_in is not None and sign_in.exhibitor else None
