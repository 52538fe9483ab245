"""Who acts: the one value that every operation takes first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["user", "token", "application", "exhibitor", "device", "system", "anonymous"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller as operations and the audit log know it.

    ``id`` is the row behind the kind (a user, a team token, an access code, a device); ``label`` is what a person
    reads in a history and never holds a secret. ``is_admin`` marks the installation's administrators, who act under
    their own names at every organizer.
    """

    kind: ActorKind
    id: int | None = None
    label: str = ""
    is_admin: bool = False


SYSTEM = Actor(kind="system", label="system")
ANONYMOUS = Actor(kind="anonymous", label="anonymous")


@dataclass(frozen=True, slots=True)
class EventScope:
    """An event as one caller may see it: the answer to “who asks, for what, and what may they do”."""

    actor: Actor
    organizer_id: int
    organizer_slug: str
    organizer_name: str
    event_id: int
    event_slug: str
    event_name: Mapping[str, str]
    locale: str
    timezone: str
    currency: str
    has_subevents: bool
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether the caller has a team permission here."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class OrganizerScope:
    """An organizer as one of its members (or an admin) may see it, with what all their teams together allow."""

    actor: Actor
    organizer_id: int
    organizer_slug: str
    organizer_name: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether the caller has a team permission at this organizer."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class ApplicationScope:
    """An application that acts for a user, by its access token: what the user let it do."""

    actor: Actor
    grant_id: int
    user_id: int
    scopes: frozenset[str]
    all_organizers: bool


@dataclass(frozen=True, slots=True)
class ResellerScope:
    """A reseller account as one of its members, or an admin, may see it."""

    actor: Actor
    user_id: int
    reseller_id: int
    reseller_name: str


@dataclass(frozen=True, slots=True)
class ExhibitorScope:
    """An exhibitor as the holder of one of its access codes may see it; the flags are the exhibitor's own."""

    actor: Actor
    access_code_id: int
    code_kind: Literal["full", "scanning"]
    exhibitor_id: int
    exhibitor_name: str
    booth: str | None
    locale: str
    allow_lead_scanning: bool
    allow_lead_access: bool
    allow_voucher_access: bool
    lead_scanning_scope_by_device: bool
    organizer_id: int
    organizer_slug: str
    event_id: int
    event_slug: str
    event_name: Mapping[str, str]
    event_locale: str
    timezone: str
    currency: str

    def is_of(self, organizer: str, event: str) -> bool:
        """Whether the exhibitor is one of this event."""
        return (self.organizer_slug.lower(), self.event_slug.lower()) == (organizer.lower(), event.lower())


@dataclass(frozen=True, slots=True)
class DeviceScope:
    """A check-in device: its list in an event, the subevent it scans for, and what it may do there."""

    actor: Actor
    device_id: int
    organizer_slug: str
    event_id: int
    event_slug: str
    locale: str
    timezone: str
    list_id: int
    subevent_id: int | None
    all_products: bool
    all_items: bool
    include_pending: bool
    allow_search: bool
    show_info: bool
    api_version: int | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A signed-in browser, as Flask-Login's ``current_user``: a user's or, with a code, an exhibitor's."""

    token: str
    session_id: int
    actor: Actor
    name: str
    locale: str | None = None
    user_id: int | None = None
    is_admin: bool = False
    exhibitor: ExhibitorScope | None = None

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What the cookie holds: the session's token."""
        return self.token
