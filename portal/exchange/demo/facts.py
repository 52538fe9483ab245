"""The demo's fixed sign-ins, codes and keys: one place, for the data and for what is printed about it."""

from dataclasses import dataclass
from hashlib import sha256

ORGANIZER_SLUG = "bigevents"
EVENT_SLUG = "sampleconf"
SERIES_SLUG = "seriesconf"


def _recognisable(name: str, length: int) -> str:
    """A fixed key that begins with ``demo`` and its name, long enough to pass for a real one."""
    return f"demo{name}{sha256(name.encode()).hexdigest()}"[:length]


@dataclass(frozen=True, slots=True)
class SignIn:
    """A user of the demo and the password."""

    email: str
    name: str
    password: str


@dataclass(frozen=True, slots=True)
class DemoFacts:
    """What a visitor of the demo needs to look around."""

    organizer: str = ORGANIZER_SLUG
    event: str = EVENT_SLUG
    series: str = SERIES_SLUG
    exhibitor: str = "Aperture Science"
    access_code: str = "VKHZ2FU84"
    lead_scanning_access_code: str = "WVK2B8PZ"
    team_token: str = _recognisable("token", 64)
    device_keys: tuple[str, ...] = tuple(_recognisable(f"gate{number}", 32) for number in range(1, 5))
    series_device_key: str = _recognisable("door", 32)
    oauth_client_id: str = _recognisable("app", 40)
    oauth_client_secret: str = _recognisable("appsecret", 64)
    organizer_user: SignIn = SignIn("ada@example.org", "Ada Winter", "demo-organizer")
    helper_user: SignIn = SignIn("bob@example.org", "Bob Marsh", "demo-helper")
    admin_user: SignIn = SignIn("admin@example.org", "Administrator", "demo-admin")

    @property
    def device_key(self) -> str:
        """The key of the first gate."""
        return self.device_keys[0]

    @property
    def users(self) -> tuple[SignIn, ...]:
        """All sign-ins."""
        return self.organizer_user, self.helper_user, self.admin_user


def demo_banner_facts() -> DemoFacts:
    """The facts that the demo's data is built from."""
    return DemoFacts()
