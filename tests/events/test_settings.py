"""An event's settings: read with defaults, checked before they are stored."""

from typing import Any

import pytest

from portal.events.settings import DEFAULT_LEAD_FIELDS, EventSettings, check_settings, read_settings


def test_nothing_stored_is_all_defaults() -> None:
    assert read_settings(None) == read_settings({}) == EventSettings()
    assert EventSettings().lead_fields == DEFAULT_LEAD_FIELDS


def test_what_is_sound_is_stored_and_read_again() -> None:
    stored, errors = check_settings(
        {
            "imprint_url": "https://example.org/imprint",
            "help_url": "",
            "terms_url": None,
            "lead_fields": ["company", "question_SIZE", "product", "company"],
            "lead_notes": False,
            "lead_tags": [" hot ", "hot", "cold"],
            "unknown": 5,
        }
    )
    assert errors == []
    assert stored == {
        "imprint_url": "https://example.org/imprint",
        "lead_fields": ["company", "question_SIZE", "item"],
        "lead_notes": False,
        "lead_tags": ["hot", "cold"],
    }
    settings = read_settings(stored)
    assert (settings.lead_fields, settings.lead_tags) == (("company", "question_SIZE", "item"), ("hot", "cold"))
    assert (settings.lead_notes, settings.help_url) == (False, None)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("imprint_url", "javascript:alert(1)", "imprint_url: “javascript:alert(1)” is no address …"),
        ("privacy_url", "https://", "privacy_url: “https://” is no address …"),
        ("help_url", "https://example.org/a b", "help_url: “https://example.org/a b” is no address …"),
        ("terms_url", "https://[::1", "terms_url: “https://[::1” is no address …"),
        ("logo_url", 5, "logo_url: must be an address of at most 500 characters"),
        ("logo_url", "https://example.org/" + "x" * 500, "logo_url: must be an address of at most 500 characters"),
        ("lead_notes", 1, "lead_notes: must be true or false"),
        ("lead_fields", "company", "lead_fields: must be a list of strings"),
        ("lead_fields", ["company", "secret"], "lead_fields[1]: no field “secret”"),
        ("lead_tags", [""], "lead_tags[0]: must be a string that is not empty"),
        ("lead_tags", ["x" * 191], "lead_tags[0]: has 191 characters, at most 190 are allowed"),
        ("lead_tags", [str(number) for number in range(201)], "lead_tags: has 201 entries, at most 200 are allowed"),
    ],
)
def test_what_is_not_is_told(name: str, value: Any, told: str) -> None:
    stored, (error,) = check_settings({name: value})
    assert stored == {}
    assert str(error).startswith(told.removesuffix("…").rstrip())
