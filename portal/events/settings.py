"""What an event is set to: its stored settings, typed and with their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: What exhibitors see of an attendee where the event has not chosen.
DEFAULT_LEAD_FIELDS = ("attendee_name", "attendee_email", "company")


@dataclass(frozen=True, slots=True)
class EventSettings:
    """The settings that the portal knows; the addresses are for exhibitors' apps."""

    lead_fields: tuple[str, ...] = DEFAULT_LEAD_FIELDS
    lead_notes: bool = True
    lead_tags: tuple[str, ...] = ()
    imprint_url: str | None = None
    privacy_url: str | None = None
    help_url: str | None = None
    terms_url: str | None = None
    logo_url: str | None = None


def read_settings(stored: Mapping[str, Any] | None) -> EventSettings:
    """The settings in ``Event.settings``; what is missing or null takes its default, what is unknown is left out."""
    stored = stored or {}
    defaults = EventSettings()
    return EventSettings(
        lead_fields=_texts(stored.get("lead_fields"), defaults.lead_fields),
        lead_notes=bool(_given(stored.get("lead_notes"), defaults.lead_notes)),
        lead_tags=_texts(stored.get("lead_tags"), defaults.lead_tags),
        imprint_url=stored.get("imprint_url") or None,
        privacy_url=stored.get("privacy_url") or None,
        help_url=stored.get("help_url") or None,
        terms_url=stored.get("terms_url") or None,
        logo_url=stored.get("logo_url") or None,
    )


def _given(value: Any, default: Any) -> Any:
    return default if value is None else value


def _texts(value: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    """A list of texts, each once, in its order."""
    return default if value is None else tuple(dict.fromkeys(str(text) for text in value))
