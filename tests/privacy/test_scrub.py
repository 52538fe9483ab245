"""A person's words are taken out of texts whole, and others' words stay."""

from typing import Any

import pytest

from portal.privacy.scrub import blanked, pattern_of, scrubbed


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["Max"], "Max and Maximum, MAX.", "… and Maximum, …."),
        (["a@b.example"], {"to": ["A@B.example", 1, None]}, {"to": ["…", 1, None]}),
        (["Jo"], "Jo", "Jo"),
        (["C++ (x)"], "likes C++ (x) a lot", "likes … a lot"),
        (["Ann", "Ann Lee"], "Ann Lee", "…"),
    ],
)
def test_words_are_taken_out_whole(words: list[str], text: Any, expected: Any) -> None:
    pattern = pattern_of(words)
    assert (text if pattern is None else scrubbed(text, pattern)) == expected
    assert pattern_of(["", None, "x"]) is None


def test_fields_of_a_person_lose_their_earlier_values_too() -> None:
    data = {"changed": {"street": ["Hill 7", None], "status": ["n", "p"]}, "attendee_name_parts": {"given": "Zoë"}}
    assert blanked(data) == {
        "changed": {"street": ["…", None], "status": ["n", "p"]},
        "attendee_name_parts": {"given": "…"},
    }
