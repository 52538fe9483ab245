"""Names in parts: every scheme composes as pretix does."""

import pytest

from portal.core.names import SCHEMES, check_parts, compose

PARTS = {
    "salutation": "Ms",
    "title": "Dr",
    "given_name": "Ada",
    "middle_name": "B.",
    "family_name": "King",
    "degree": "PhD",
    "full_name": "Ada King",
    "calling_name": "Ada",
    "latin_transcription": "Ada",
}


@pytest.mark.parametrize(
    ("scheme", "parts", "expected"),
    [
        ("full", "full_name", "Ada King"),
        ("given_family", "given_name family_name", "Ada King"),
        ("title_given_family", "title given_name family_name", "Dr Ada King"),
        ("given_middle_family", "given_name middle_name family_name", "Ada B. King"),
        ("title_given_middle_family", "title given_name middle_name family_name", "Dr Ada B. King"),
        ("family_given", "family_name given_name", "King Ada"),
        ("family_nospace_given", "given_name family_name", "KingAda"),
        ("family_comma_given", "given_name family_name", "King, Ada"),
        ("calling_full", "calling_name full_name", "Ada King"),
        ("full_transcription", "full_name latin_transcription", "Ada King"),
        ("salutation_given_family", "salutation given_name family_name", "Ada King"),
        ("salutation_title_given_family", "salutation title given_name family_name", "Dr Ada King"),
        ("salutation_title_given_family_degree", "salutation title given_name family_name degree", "Dr Ada King, PhD"),
    ],
)
def test_every_scheme_has_its_parts_in_order_and_composes(scheme: str, parts: str, expected: str) -> None:
    assert SCHEMES[scheme].parts == tuple(parts.split())
    assert compose(PARTS | {"_scheme": scheme}) == expected


def test_the_schemes_above_are_all_there_are() -> None:
    marks = test_every_scheme_has_its_parts_in_order_and_composes.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {scheme for scheme, *_ in marks} == set(SCHEMES)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (None, ""),
        ({}, ""),
        ({"_legacy": " Ada King "}, "Ada King"),
        ({"given_name": "Ada", "family_name": "King"}, "Ada King"),
        ({"_scheme": "given_family", "family_name": " King "}, "King"),
        ({"_scheme": "family_comma_given", "given_name": "Ada"}, "Ada"),
        ({"_scheme": "salutation_title_given_family_degree", "degree": "PhD"}, "PhD"),
        ({"_scheme": "of another server", "given_name": "Ada"}, "Ada"),
    ],
)
def test_missing_parts_leave_no_trace(parts: dict[str, str] | None, expected: str) -> None:
    assert compose(parts) == expected


def test_parts_are_reduced_to_their_scheme() -> None:
    assert check_parts({"_scheme": "full", "full_name": "Ada", "given_name": "x"}) == {
        "_scheme": "full",
        "full_name": "Ada",
    }
    assert check_parts({"given_name": None, "other": "x"}) == {"given_name": ""}


@pytest.mark.parametrize("parts", [None, [], "Ada", {"_scheme": "nonsense"}, {"given_name": 3}, {"_scheme": 3}])
def test_bad_parts_are_refused_with_a_sentence(parts: object) -> None:
    with pytest.raises(ValueError, match=r"^(Names in parts|Unknown name scheme).*\.$"):
        check_parts(parts)
