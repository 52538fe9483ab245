"""Codes, money, localised strings and folded text."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.codes import ALPHABET, hash_token, make_code, make_token, normalise_code
from portal.core.i18n import localise
from portal.core.money import money, parse_money
from portal.core.text import fold, like_words, search_text


def test_codes_have_no_look_alikes() -> None:
    assert len(ALPHABET) == 32
    assert not set("01IO") & set(ALPHABET)
    code = make_code(9)
    assert len(code) == 9
    assert set(code) <= set(ALPHABET)


def test_a_code_is_found_however_it_is_typed() -> None:
    assert {normalise_code(typed) for typed in ("VKHZ2FU84", "vkhz 2fu84", "VKHZ-2FU-84", " v.k.h.z2fu84\t")} == {
        "VKHZ2FU84"
    }


@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing(typed: str) -> None:
    once = normalise_code(typed)
    assert len(once) <= 64
    assert normalise_code(once) == once


def test_tokens_are_long_random_and_hashed() -> None:
    tokens = {make_token() for _ in range(50)}
    assert len(tokens) == 50
    assert all(len(token) == 64 for token in tokens)
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [("12", "12.00"), ("12.5", "12.50"), (0, "0.00"), ("-3.10", "-3.10"), (Decimal("7.1"), "7.10")],
)
def test_money_has_two_places(given_value: object, expected: str) -> None:
    assert money(parse_money(given_value)) == expected


@pytest.mark.parametrize("bad", ["12.345", "NaN", "Infinity", "1e400", "", "x", 1.5, None, True, [], "9" * 20])
def test_what_is_no_money_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="money"):
        parse_money(bad)


@pytest.mark.parametrize(
    ("value", "locales", "expected"),
    [
        ({"en": "Day", "de": "Tag"}, ("de", "en"), "Tag"),
        ({"en": "Day", "de": "Tag"}, ("de-formal",), "Tag"),
        ({"en": "Day"}, ("fr", "en"), "Day"),
        ({"it": "Giorno"}, ("fr", None), "Giorno"),
        ({"en": "", "de": "Tag"}, ("en",), "Tag"),
        ("plain", ("de",), "plain"),
        (None, ("de",), ""),
        ({}, (), ""),
    ],
)
def test_localised_strings(value: object, locales: tuple[str | None, ...], expected: str) -> None:
    assert localise(value, *locales) == expected  # type: ignore[arg-type]


def test_folding_ignores_case_accents_and_spaces() -> None:
    assert fold("  Jürgen   GROSS ") == fold("jurgen groß") == "jurgen gross"
    assert fold("Ｗｉｄｅ") == "wide"
    assert fold("Ørsted Łukasz") == "orsted lukasz"


def test_search_text_keeps_parts_apart() -> None:
    assert search_text("Ada", None, "", "King Ltd") == "ada\nking ltd"


def test_percent_and_underscore_are_letters() -> None:
    assert like_words("50%_a\\") == ["%50\\%\\_a\\\\%"]
    assert like_words("two  Words") == ["%two%", "%words%"]
    assert like_words(" ") == []
