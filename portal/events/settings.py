"""What an event is set to: its stored settings, typed and with their defaults, and what may be stored."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from portal.core.i18n import LocalisedString
from portal.events.mail_templates import TEMPLATES, check_templates

#: What exhibitors see of an attendee where the event has not chosen.
DEFAULT_LEAD_FIELDS = ("attendee_name", "attendee_email", "company")

#: What an event may choose from, beside ``question_<identifier>``.
LEAD_FIELDS = (*DEFAULT_LEAD_FIELDS, "street", "zipcode", "city", "state", "country", "phone", "item")

#: Other names that are understood, and what they mean.
_OTHER_NAMES = {"product": "item"}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_QUESTION = re.compile(r"question_[^\s\x00]{1,190}")
_MAX_URL, _MAX_TEXT, _MAX_TEXTS = 500, 190, 200


@dataclass(frozen=True, slots=True)
class EventSettings:
    """The settings that the portal knows; the addresses are for exhibitors' apps.

    ``mail_subject`` and ``mail_text`` are the mail with an exhibitor's access code, empty for the portal's own words.
    """

    lead_fields: tuple[str, ...] = DEFAULT_LEAD_FIELDS
    lead_notes: bool = True
    lead_tags: tuple[str, ...] = ()
    imprint_url: str | None = None
    privacy_url: str | None = None
    help_url: str | None = None
    terms_url: str | None = None
    logo_url: str | None = None
    accent: str | None = None
    mail_subject: LocalisedString = field(default_factory=dict)
    mail_text: LocalisedString = field(default_factory=dict)


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
        accent=stored.get("accent") or None,
        mail_subject=stored.get("mail_subject") or {},
        mail_text=stored.get("mail_text") or {},
    )


def _given(value: Any, default: Any) -> Any:
    return default if value is None else value


def _texts(value: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    """A list of texts, each once, in its order."""
    return default if value is None else tuple(dict.fromkeys(str(text) for text in value))


SETTING_NAMES = frozenset(each.name for each in fields(EventSettings))


class SettingError(ValueError):
    """A setting cannot be stored; ``name`` says which, with an index inside a list."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


def check_settings(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[SettingError]]:
    """What to store of settings that somebody sends, and what is wrong with them.

    Null ones take their defaults and are not stored, unknown ones are left out.
    """
    stored: dict[str, Any] = {}
    errors: list[SettingError] = []
    for name in sorted(SETTING_NAMES & given.keys()):
        if given[name] is None:
            continue
        try:
            stored[name] = _checked(name, given[name])
        except SettingError as error:
            errors.append(error)
    return {name: value for name, value in stored.items() if value is not None}, errors


def _checked(name: str, value: Any) -> Any:
    if name == "lead_notes":
        if not isinstance(value, bool):
            raise SettingError(name, "must be true or false")
        return value
    if name == "lead_fields":
        return _checked_fields(name, value)
    if name == "lead_tags":
        return _checked_texts(name, value)
    if name in TEMPLATES:
        return _checked_templates(name, value)
    if name == "accent":
        return _checked_colour(name, value)
    return _checked_address(name, value)


def _checked_colour(name: str, value: Any) -> str | None:
    if value == "":
        return None
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise SettingError(name, "must be a colour such as #0b5566")
    return value.lower()


def _checked_address(name: str, value: Any) -> str | None:
    if value == "":
        return None
    if not isinstance(value, str) or len(value) > _MAX_URL:
        raise SettingError(name, f"must be an address of at most {_MAX_URL} characters")
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or any(char.isspace() or char == "\x00" for char in value):
        raise SettingError(name, f"“{value}” is no address that starts with http:// or https://")
    return value


def _checked_templates(name: str, value: Any) -> dict[str, str] | None:
    stored, errors = check_templates(name, value)
    for language, reason in errors.items():
        raise SettingError(f"{name}.{language}" if language else name, reason)
    return stored or None


def _checked_texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list | tuple):
        raise SettingError(name, "must be a list of strings")
    if len(value) > _MAX_TEXTS:
        raise SettingError(name, f"has {len(value)} entries, at most {_MAX_TEXTS} are allowed")
    for number, entry in enumerate(value):
        if not isinstance(entry, str) or not entry.strip() or "\x00" in entry:
            raise SettingError(f"{name}[{number}]", "must be a string that is not empty")
        if len(entry) > _MAX_TEXT:
            raise SettingError(f"{name}[{number}]", f"has {len(entry)} characters, at most {_MAX_TEXT} are allowed")
    return list(dict.fromkeys(entry.strip() for entry in value))


def _checked_fields(name: str, value: Any) -> list[str]:
    chosen = [_OTHER_NAMES.get(entry, entry) for entry in _checked_texts(name, value)]
    for number, entry in enumerate(chosen):
        if entry not in LEAD_FIELDS and not _QUESTION.fullmatch(entry):
            raise SettingError(f"{name}[{number}]", f"no field “{entry}”")
    return list(dict.fromkeys(chosen))
