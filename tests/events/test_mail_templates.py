"""An event's own words for mails: what may be stored, and how placeholders are filled in."""

from typing import Any

import pytest

from portal.core.i18n import localise
from portal.events.mail_templates import DEFAULTS, PLACEHOLDERS, check_template, check_templates, fill
from portal.events.settings import check_settings, read_settings

VALUES = {name: name.upper() for name in PLACEHOLDERS}


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("name", ["mail_subject", "mail_text"])
def test_the_portals_own_words_may_be_stored_and_leave_nothing_open(name: str, locale: str) -> None:
    text = localise(DEFAULTS[name], locale)
    assert text == DEFAULTS[name][locale]
    assert check_template(name, text) is None
    assert "{" not in fill(text, VALUES)


WRONG: list[tuple[str, Any, str, str]] = [
    ("mail_text", "Hello", "mail_text", "must be an object of texts by language"),
    ("mail_text", ["Hello"], "mail_text", "must be an object"),
    ("mail_text", {"en": 1}, "mail_text.en", "must be a string"),
    ("mail_text", {"en": "Hello {name}"}, "mail_text.en", "names {name}, which nothing stands for"),
    ("mail_text", {"en": "ok", "de": "{Code} { code } {}"}, "mail_text.de", "names {Code}, { code }, {}, which"),
    ("mail_text", {"en": "x" * 10_001}, "mail_text.en", "has 10001 characters, at most 10000"),
    ("mail_text", {"en": "a\0b"}, "mail_text.en", "null character"),
    ("mail_text", {"English": "Hello"}, "mail_text.English", "is no language code"),
    ("mail_subject", {"en": "x" * 201}, "mail_subject.en", "has 201 characters, at most 200"),
    ("mail_subject", {"en": "two\nlines"}, "mail_subject.en", "has more than one line"),
    ("mail_subject", {"en": "{link} {foo}"}, "mail_subject.en", "What can be named: {exhibitor}, {event}"),
]


@pytest.mark.parametrize(("name", "value", "where", "reason"), WRONG, ids=lambda value: str(value)[:30])
def test_what_may_not_be_stored(name: str, value: Any, where: str, reason: str) -> None:
    stored, errors = check_settings({name: value})
    assert stored == {}
    assert [error.name for error in errors] == [where]
    assert reason in errors[0].reason


def test_what_is_stored() -> None:
    given = {"en": " Hello {contact_name}\r\nBye ", "de": "", "fr": None}
    stored, errors = check_settings({"mail_text": given, "mail_subject": {}})
    assert (stored, errors) == ({"mail_text": {"en": "Hello {contact_name}\nBye"}}, [])
    assert read_settings(stored).mail_text == {"en": "Hello {contact_name}\nBye"}
    assert read_settings(stored).mail_subject == {}


def test_all_languages_are_checked_at_once() -> None:
    stored, errors = check_templates("mail_text", {"en": "{a}", "de": "{b}", "fr": "Bonjour"})
    assert stored == {"fr": "Bonjour"}
    assert set(errors) == {"en", "de"}


FILLED = [
    ("{code} and {code}", "CODE and CODE"),
    ("{{code}}", "{CODE}"),
    ("{unknown} {code", "{unknown} {code"),
    ("One\nBooth: {booth}\nTwo", "One\nBooth: BOOTH\nTwo"),
]


@pytest.mark.parametrize(("text", "filled"), FILLED)
def test_placeholders(text: str, filled: str) -> None:
    assert fill(text, VALUES) == filled


def test_values_are_not_looked_into() -> None:
    assert fill("{exhibitor}", {"exhibitor": "{code}", "code": "SECRET"}) == "{code}"


def test_a_line_that_has_nothing_to_say_is_left_out() -> None:
    assert fill("One\n\nBooth: {booth}\n\nTwo {code}", {"booth": "", "code": "C"}) == "One\n\nTwo C"
