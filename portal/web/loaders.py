"""Where the access rules get actors from: `portal.app` supplies it, since accounts and events stand above this kit."""

from typing import Protocol, cast

from flask import current_app

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


class Loaders(Protocol):
    """One question each, answered by one query."""

    def token_scope(self, token: str, organizer: str, event: str) -> tuple[Actor, EventScope | None] | None:
        """The team token's actor and its scope in the event; None for a token that is not valid."""

    def bearer_scope(self, token: str, organizer: str, event: str) -> tuple[ApplicationScope, EventScope | None] | None:
        """Who acts with an access token and its scope in the event; None for a token that is not valid."""

    def application_scope(self, token: str) -> ApplicationScope | None:
        """Who acts with an access token, wherever it is; None for a token that is not valid."""

    def reseller_scope(self, sign_in: SignIn, reseller_id: int) -> ResellerScope | None:
        """The reseller account as a signed-in user may see it; None where it does not exist for them."""

    def user_scope(self, sign_in: SignIn, organizer: str, event: str) -> EventScope | None:
        """What a signed-in user may do in the event; None where it does not exist for them."""

    def organizer_scope(self, sign_in: SignIn, organizer: str) -> OrganizerScope | None:
        """What a signed-in user may do at the organizer; None where it does not exist for them."""

    def exhibitor_scope(self, code: str) -> ExhibitorScope | None:
        """The exhibitor that an access code belongs to."""

    def device_scope(self, key: str, organizer: str, event: str, subevent: int | None, program: str) -> DeviceScope:
        """The check-in device with a key, running ``program``.

        Raises `NotFound` for an event that does not exist, `Forbidden` for another event's key or subevent.
        """


def loaders() -> Loaders:
    """The loaders that the app supplied."""
    return cast(Loaders, current_app.extensions["portal_loaders"])
