"""Creating, changing and deleting exhibitors by the REST API: every field and rule."""

from collections.abc import Callable
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Flask

from portal.accounts.models import Session
from portal.core.codes import ALPHABET
from portal.core.database import db
from portal.exhibitors.models import AccessCode, Exhibitor, ExhibitorVoucher, exhibitor_tag_links
from portal.leads.models import Lead, LeadVersion
from portal.vouchers.models import Voucher
from tests.browserless import sign_in_code
from tests.fair import Fair
from tests.seating.conftest import Api

Stored = Callable[[Any], list[Any]]
Audited = Callable[[], list[Any]]

FULL = {
    "name": "Aperture Science",
    "internal_id": "X-1",
    "contact_name_parts": {
        "_scheme": "salutation_title_given_family",
        "family_name": "Johnson",
        "given_name": "Cave",
        "salutation": "",
        "title": "Dr",
    },
    "contact_email": "johnson@as.example.org",
    "contact_cc_email": "miller@as.example.org,smith@as.example.org",
    "booth": "A2",
    "locale": "de",
    "lead_scanning_scope_by_device": True,
    "allow_lead_scanning": True,
    "allow_lead_access": True,
    "allow_voucher_access": True,
    "comment": "Pays late",
    "exhibitor_tags": ["Gold Sponsor"],
}
DEFAULTS: dict[str, Any] = {
    "internal_id": None,
    "contact_name": None,
    "contact_name_parts": {},
    "contact_email": None,
    "contact_cc_email": None,
    "booth": None,
    "locale": "en",
    "lead_scanning_scope_by_device": False,
    "allow_lead_scanning": False,
    "allow_lead_access": False,
    "allow_voucher_access": False,
    "comment": "",
    "exhibitor_tags": [],
}
READ_ONLY = {
    "id": 4711,
    "contact_name": "Somebody Else",
    "access_code": "MINE",
    "lead_scanning_access_code": "MINETOO",
    "code_sent": "2026-01-01",
    "unknown": [1],
}


def create(api: Api, **values: Any) -> dict[str, Any]:
    response = api.call("POST", "/exhibitors/", json={"name": "New", **values})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.get_json()
    return made


# -------------------------------------------------------------------------------------------------------- create


def test_create_with_every_field(api: Api, fair: Fair, audited: Audited) -> None:
    response = api.call("POST", "/exhibitors/", json=FULL | READ_ONLY)
    assert response.status_code == 201
    made = response.get_json()
    expected = FULL | {
        "id": made["id"],
        "contact_name": "Dr Cave Johnson",
        "access_code": made["access_code"],
        "lead_scanning_access_code": made["lead_scanning_access_code"],
    }
    assert made == expected
    assert made["id"] not in (4711, fair.exhibitor)
    assert api.get(f"/exhibitors/{made['id']}/").get_json() == made
    assert audited() == [("exhibitor.created", "Ada’s script", made["id"], {"name": "Aperture Science"})]


def test_create_with_a_name_alone(api: Api) -> None:
    made = create(api, name="  Plain  ")
    assert {name: value for name, value in made.items() if name in DEFAULTS} == DEFAULTS
    assert made["name"] == "Plain"


def test_codes_are_made_by_the_portal(api: Api) -> None:
    """Contract decision 23: 9 and 8 characters, none of which looks like another."""
    made = [create(api, **READ_ONLY) for _ in range(5)]
    full, scanning = ([each[name] for each in made] for name in ("access_code", "lead_scanning_access_code"))
    assert {len(code) for code in full} == {9}
    assert {len(code) for code in scanning} == {8}
    assert len({*full, *scanning}) == 10
    assert set("".join(full + scanning)) <= set(ALPHABET)
    assert not set(ALPHABET) & set("01IO")


def test_the_language_is_the_events_where_none_is_given(app: Flask, api: Api, fair: Fair) -> None:
    with app.app_context():
        db.session.execute(sa.text("UPDATE events SET locale = 'de' WHERE id = :id"), {"id": fair.event})
        db.session.commit()
    made = create(api)
    assert made["locale"] == "de"
    assert create(api, locale="en")["locale"] == "en"
    api.call("PATCH", f"/exhibitors/{made['id']}/", json={"locale": "fr"})
    assert api.call("PUT", f"/exhibitors/{made['id']}/", json={"name": "New"}).get_json()["locale"] == "de"


def test_a_form_is_a_body_too(api: Api) -> None:
    made = api.call(
        "POST",
        "/exhibitors/",
        data={"name": "Form", "allow_lead_scanning": "on", "booth": "", "exhibitor_tags": "Gold Sponsor"},
    ).get_json()
    assert (made["name"], made["allow_lead_scanning"], made["booth"]) == ("Form", True, None)
    assert made["exhibitor_tags"] == ["Gold Sponsor"]


def test_new_exhibitors_can_be_found(api: Api, stored: Stored) -> None:
    made = create(api, **(FULL | {"name": "Straße & Söhne"}))
    text = stored(sa.select(Exhibitor.search_text).where(Exhibitor.id == made["id"]))[0][0]
    assert text.split("\n") == ["strasse & sohne", "a2", "dr cave johnson", "johnson@as.example.org", "x-1"]
    api.call("PATCH", f"/exhibitors/{made['id']}/", json={"booth": "Z9"})
    assert "z9" in stored(sa.select(Exhibitor.search_text).where(Exhibitor.id == made["id"]))[0][0]


# ------------------------------------------------------------------------------------------------- PATCH and PUT


def test_patch_changes_what_is_given_and_nothing_else(api: Api, fair: Fair, audited: Audited) -> None:
    before = api.get(f"/exhibitors/{fair.exhibitor}/").get_json()
    response = api.call("PATCH", f"/exhibitors/{fair.exhibitor}/", json={"internal_id": "ABC", **READ_ONLY})
    assert response.status_code == 200
    assert response.get_json() == before | {"internal_id": "ABC"}
    assert api.get(f"/exhibitors/{fair.exhibitor}/").get_json() == before | {"internal_id": "ABC"}
    assert [entry[0] for entry in audited()] == ["exhibitor.changed"]
    assert audited()[0][3] == {"name": "Aperture Science", "changed": {"internal_id": [None, "ABC"]}}


def test_a_patch_that_changes_nothing_leaves_no_trace(api: Api, fair: Fair, audited: Audited, stored: Stored) -> None:
    modified = sa.select(Exhibitor.modified).where(Exhibitor.id == fair.exhibitor)
    before, body = stored(modified), api.get(f"/exhibitors/{fair.exhibitor}/").get_json()
    for values in ({}, body, READ_ONLY):
        response = api.call("PATCH", f"/exhibitors/{fair.exhibitor}/", json=values)
        assert (response.status_code, response.get_json()) == (200, body)
    assert api.call("PUT", f"/exhibitors/{fair.exhibitor}/", json=body).get_json() == body
    assert (stored(modified), audited()) == (before, [])


def test_patch_of_tags(api: Api, fair: Fair, audited: Audited) -> None:
    path = f"/exhibitors/{fair.rival}/"
    assert api.call("PATCH", path, json={"exhibitor_tags": ["Gold Sponsor"]}).get_json()["exhibitor_tags"] == [
        "Gold Sponsor"
    ]
    assert api.call("PATCH", path, json={"booth": "Z"}).get_json()["exhibitor_tags"] == ["Gold Sponsor"]
    assert api.call("PATCH", path, json={"exhibitor_tags": []}).get_json()["exhibitor_tags"] == []
    assert audited()[-1][3]["changed"] == {"exhibitor_tags": [["Gold Sponsor"], []]}
    assert api.get(f"/exhibitors/{fair.exhibitor}/").get_json()["exhibitor_tags"] == ["Gold Sponsor"]


def test_put_resets_what_is_missing(api: Api, fair: Fair) -> None:
    """Contract decision 24."""
    codes = {"access_code": fair.full_code, "lead_scanning_access_code": fair.scanning_code}
    response = api.call("PUT", f"/exhibitors/{fair.exhibitor}/", json={"name": "Aperture", "access_code": "NO"})
    assert response.status_code == 200
    assert response.get_json() == {"id": fair.exhibitor, "name": "Aperture", **DEFAULTS, **codes}
    assert api.call("PUT", f"/exhibitors/{fair.exhibitor}/", json=FULL).get_json() == {
        "id": fair.exhibitor,
        **FULL,
        **codes,
        "contact_name": "Dr Cave Johnson",
    }


# -------------------------------------------------------------------------------------------------------- delete


def test_delete_takes_leads_codes_sessions_and_links_and_leaves_vouchers(
    app: Flask, api: Api, fair: Fair, stored: Stored, audited: Audited
) -> None:
    with app.app_context():
        db.session.add(LeadVersion(lead_id=fair.leads[0], notes="older"))
        db.session.commit()
    browser = app.test_client()
    sign_in_code(browser, fair.full_code)
    assert browser.get("/exhibitor/profile").status_code == 200
    response = api.call("DELETE", f"/exhibitors/{fair.exhibitor}/")
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    assert api.get(f"/exhibitors/{fair.exhibitor}/").status_code == 403
    assert browser.get("/exhibitor/profile").status_code == 303
    for model in (Lead, AccessCode, ExhibitorVoucher):
        assert stored(sa.select(model.id).where(model.exhibitor_id == fair.exhibitor)) == []
        assert stored(sa.select(model.id).where(model.exhibitor_id == fair.rival)) != []
    assert stored(sa.select(LeadVersion.id)) == []
    assert stored(sa.select(Session.id)) == []
    assert stored(sa.select(exhibitor_tag_links.c.tag_id)) == []
    assert len(stored(sa.select(Voucher.id))) == 4
    entry = audited()[-1]
    assert (entry[0], entry[2]) == ("exhibitor.deleted", fair.exhibitor)
    assert entry[3] == {"name": "Aperture Science", "leads": 5, "vouchers": 2}
    assert api.call("DELETE", f"/exhibitors/{fair.exhibitor}/").status_code == 403


def test_the_id_of_a_deleted_exhibitor_is_not_given_again(api: Api, fair: Fair) -> None:
    def made(name: str) -> int:
        return int(orjson.loads(api.call("POST", "/exhibitors/", json={"name": name}).data)["id"])

    first = made("Gone soon")
    assert api.call("DELETE", f"/exhibitors/{first}/").status_code == 204
    assert made("Another one") > first


def test_methods_that_are_not_there(api: Api, fair: Fair) -> None:
    for method, path, allowed in (
        ("DELETE", "/exhibitors/", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", f"/exhibitors/{fair.exhibitor}/", {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"}),
        ("GET", f"/exhibitors/{fair.exhibitor}/send_access_code/", {"OPTIONS", "POST"}),
        ("POST", f"/exhibitors/{fair.exhibitor}/leads/", {"GET", "HEAD", "OPTIONS"}),
    ):
        response = api.call(method, path)
        assert response.status_code == 405
        assert set(response.headers["Allow"].split(", ")) == allowed


# --------------------------------------------------------------------------------------------------- idempotency


def test_a_repeated_request_is_not_executed_again(api: Api, fair: Fair, audited: Audited) -> None:
    requests: list[tuple[str, str, Any]] = [
        ("POST", "/exhibitors/", {"name": "Once"}),
        ("PATCH", f"/exhibitors/{fair.rival}/", {"booth": "C1"}),
        ("PUT", f"/exhibitors/{fair.rival}/", {"name": "Rival"}),
        ("POST", f"/exhibitors/{fair.rival}/vouchers/attach/", {"code": "VOUCHER3"}),
        ("POST", f"/exhibitors/{fair.rival}/vouchers/bulk_attach/", [{"code": "VOUCHER3", "exhibitor_comment": "!"}]),
        ("POST", "/exhibitors/", {"name": ""}),
        ("DELETE", f"/exhibitors/{fair.rival}/", None),
    ]
    for number, (method, path, body) in enumerate(requests):
        headers = {"X-Idempotency-Key": f"key-{number}"}
        first = api.call(method, path, json=body, headers=headers)
        known = audited()
        second = api.call(method, path, json=body, headers=headers)
        assert (second.status_code, second.data) == (first.status_code, first.data), (method, path)
        assert audited() == known
    assert [entry["name"] for entry in api.results("/exhibitors/")] == ["Aperture Science", "Once"]
