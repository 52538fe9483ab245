"""What the fields of an exhibitor take by the REST API, what is refused, and how it is kept."""

from typing import Any

from tests.exhibitors.test_api_write import create
from tests.fair import Fair
from tests.seating.conftest import Api


def refused(api: Api, values: dict[str, Any]) -> dict[str, Any]:
    """The same error by all three doors, and nothing written."""
    answers = [
        api.call("POST", "/exhibitors/", json={"name": "New", **values}),
        api.call("PUT", f"/exhibitors/{api.fair.rival}/", json={"name": "New", **values}),
        api.call("PATCH", f"/exhibitors/{api.fair.rival}/", json=values),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400], [answer.text for answer in answers]
    errors = [answer.get_json() for answer in answers]
    assert errors[0] == errors[1] == errors[2]
    assert [entry["name"] for entry in api.results("/exhibitors/")] == ["Aperture Science", "Black Mesa"]
    found: dict[str, Any] = errors[0]
    return found


ERRORS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"name": ""}, {"name": ["This field may not be blank."]}),
    ({"name": " "}, {"name": ["This field may not be blank."]}),
    ({"name": None}, {"name": ["This field may not be null."]}),
    ({"name": ["x"]}, {"name": ["Not a valid string."]}),
    ({"name": True}, {"name": ["Not a valid string."]}),
    ({"name": "x" * 191}, {"name": ["Ensure this field has no more than 190 characters."]}),
    ({"name": "a\0b"}, {"name": ["Null characters are not allowed."]}),
    ({"internal_id": "x" * 256}, {"internal_id": ["Ensure this field has no more than 255 characters."]}),
    ({"internal_id": {}}, {"internal_id": ["Not a valid string."]}),
    ({"booth": "x" * 101}, {"booth": ["Ensure this field has no more than 100 characters."]}),
    ({"contact_email": "nobody"}, {"contact_email": ["Enter a valid email address."]}),
    ({"contact_email": "a@b"}, {"contact_email": ["Enter a valid email address."]}),
    ({"contact_email": "a@example.org,b@example.org"}, {"contact_email": ["Enter a valid email address."]}),
    ({"contact_email": "A <a@example.org>"}, {"contact_email": ["Enter a valid email address."]}),
    ({"contact_email": "a@example.org\nBcc: b@example.org"}, {"contact_email": ["Enter a valid email address."]}),
    ({"contact_email": "ü@example.org"}, {"contact_email": ["Enter a valid email address."]}),
    ({"contact_email": "x" * 250 + "@example.org"}, {"contact_email": [...]}),
    ({"contact_cc_email": "a@example.org,nobody"}, {"contact_cc_email": ["“nobody” is not a valid email address."]}),
    ({"contact_cc_email": "a@x;b@y"}, {"contact_cc_email": ["“a@x;b@y” is not a valid email address."]}),
    (
        {"contact_cc_email": ",".join(f"a{n}@example.org" for n in range(51))},
        {"contact_cc_email": ["Please do not give more than 50 addresses."]},
    ),
    ({"locale": "xx"}, {"locale": ["“xx” is not a language that is known."]}),
    ({"locale": "de formal"}, {"locale": ["“de formal” is not a language that is known."]}),
    ({"locale": None}, {"locale": ["This field may not be null."]}),
    ({"comment": None}, {"comment": ["This field may not be null."]}),
    ({"contact_name_parts": None}, {"contact_name_parts": ["This field may not be null."]}),
    ({"contact_name_parts": "Cave"}, {"contact_name_parts": ["Names in parts are an object of strings."]}),
    ({"contact_name_parts": {"given_name": 1}}, {"contact_name_parts": ["Names in parts are an object of strings."]}),
    ({"contact_name_parts": {"_scheme": "klingon"}}, {"contact_name_parts": ["Unknown name scheme “klingon”."]}),
    (
        {"contact_name_parts": {"_scheme": "full", "full_name": "x" * 501}},
        {"contact_name_parts": ["A name has at most 500 characters."]},
    ),
    (
        {"contact_name_parts": {"_scheme": "full", "full_name": "a\0b"}},
        {"contact_name_parts": ["Null characters are not allowed."]},
    ),
    ({"exhibitor_tags": ["Gold Sponsor", "Lead"]}, {"exhibitor_tags": ["There is no tag “Lead”."]}),
    ({"exhibitor_tags": "Gold Sponsor"}, {"exhibitor_tags": ['Expected a list of items but got type "str".']}),
    ({"exhibitor_tags": [1]}, {"exhibitor_tags": ["Not a valid string."]}),
    ({"exhibitor_tags": None}, {"exhibitor_tags": ["This field may not be null."]}),
    ({"exhibitor_tags": ["x"] * 10_001}, {"exhibitor_tags": ["Please do not pass more than 10,000 entries."]}),
    *(
        ({name: value}, {name: [message]})
        for name in (
            "allow_lead_scanning",
            "allow_lead_access",
            "allow_voucher_access",
            "lead_scanning_scope_by_device",
        )
        for value, message in ((None, "This field may not be null."), ("maybe", "Must be a valid boolean."))
    ),
    ({"booth": [], "locale": "xx"}, {"booth": ["Not a valid string."], "locale": [...]}),
]


def test_what_cannot_be_stored_is_named(api: Api) -> None:
    for values, errors in ERRORS:
        found = refused(api, values)
        assert found == errors or (set(found) == set(errors) and any(... in each for each in errors.values())), values


def test_a_body_that_is_no_object(api: Api) -> None:
    for body in ("[]", "null", '"x"', "{", "", '{"name": "\\ud800"}'):
        response = api.call("POST", "/exhibitors/", data=body, content_type="application/json")
        assert response.status_code == 400, body
    assert api.call("POST", "/exhibitors/", data="<x/>", content_type="text/xml").status_code == 415


def test_a_name_is_required(api: Api, fair: Fair) -> None:
    for method, path in (("POST", "/exhibitors/"), ("PUT", f"/exhibitors/{fair.exhibitor}/")):
        response = api.call(method, path, json={"booth": "A2"})
        assert (response.status_code, response.get_json()) == (400, {"name": ["This field is required."]})


ACCEPTED: list[tuple[str, Any, Any]] = [
    ("internal_id", "", None),
    ("internal_id", 42, "42"),
    ("internal_id", " ABC ", "ABC"),
    ("booth", "", None),
    ("contact_email", "", None),
    ("contact_email", " cave@as.example.org ", "cave@as.example.org"),
    ("contact_email", "cave@münchen.de", "cave@münchen.de"),
    ("contact_email", "o'neill+fair@as.example.org", "o'neill+fair@as.example.org"),
    ("contact_cc_email", "", None),
    ("contact_cc_email", None, None),
    ("contact_cc_email", "a@as.example.org , b@as.example.org,,a@as.example.org", "a@as.example.org,b@as.example.org"),
    ("locale", "de-informal", "de-informal"),
    ("locale", "pt-br", "pt-br"),
    ("comment", "two\nlines", "two\nlines"),
    ("allow_lead_access", "true", True),
    ("allow_lead_access", 1, True),
    ("allow_lead_access", False, False),
    ("exhibitor_tags", ["Gold Sponsor", "Gold Sponsor"], ["Gold Sponsor"]),
    ("exhibitor_tags", [], []),
]


def test_what_is_accepted_and_how_it_is_kept(api: Api) -> None:
    for name, value, stored_as in ACCEPTED:
        assert create(api, **{name: value})[name] == stored_as
        changed = api.call("PATCH", f"/exhibitors/{api.fair.exhibitor}/", json={name: value})
        assert changed.get_json()[name] == stored_as


NAMES: list[tuple[dict[str, str], str | None]] = [
    ({"_scheme": "full", "full_name": "Cave Johnson"}, "Cave Johnson"),
    ({"_scheme": "given_family", "given_name": "Cave", "family_name": "Johnson"}, "Cave Johnson"),
    ({"_scheme": "family_comma_given", "given_name": "Cave", "family_name": "Johnson"}, "Johnson, Cave"),
    (
        {
            "_scheme": "salutation_title_given_family_degree",
            "salutation": "Mr",
            "title": "Dr",
            "given_name": "Cave",
            "family_name": "Johnson",
            "degree": "PhD",
        },
        "Dr Cave Johnson, PhD",
    ),
    ({"_scheme": "full", "full_name": ""}, None),
    ({}, None),
]


def test_the_contact_name_is_composed(api: Api) -> None:
    for parts, name in NAMES:
        made = create(api, contact_name_parts=parts, contact_name="ignored")
        assert (made["contact_name"], made["contact_name_parts"]) == (name, parts)
        path, body = f"/exhibitors/{api.fair.exhibitor}/", {"contact_name_parts": parts}
        changed = api.call("PATCH", path, json=body).get_json()
        assert (changed["contact_name"], changed["contact_name_parts"]) == (name, parts)
