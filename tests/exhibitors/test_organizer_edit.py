"""Creating, changing and deleting exhibitors on pages: the same rows and entries as by the API."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Session
from portal.core.database import db
from portal.core.names import SCHEMES
from portal.exhibitors.models import AccessCode, Exhibitor, ExhibitorTag, ExhibitorVoucher
from portal.leads.models import Lead
from portal.vouchers.models import Voucher
from tests.browserless import sign_in, sign_in_code, speak
from tests.exhibitors.organizing import LIST, audited, flashes, post, stored, words
from tests.fair import Fair, add
from tests.seating.conftest import Api
from tests.statements import statements

FORM = {
    "name": "  Olympus Mons ",
    "internal_id": "EX-9",
    "booth": "C4",
    "locale": "de",
    "scheme": "salutation_title_given_family",
    "part_title": "Dr",
    "part_given_name": "Ada",
    "part_family_name": "King",
    "contact_email": "ada@olympus.example.org",
    "contact_cc_email": "a@olympus.example.org; b@olympus.example.org",
    "allow_lead_scanning": "1",
    "lead_scanning_scope_by_device": "1",
    "exhibitor_tags": ["Gold Sponsor"],
    "comment": "Needs power",
}
BODY = {
    "name": "Olympus Mons",
    "internal_id": "EX-9",
    "booth": "C4",
    "locale": "de",
    "contact_name_parts": {
        "_scheme": "salutation_title_given_family",
        "salutation": "",
        "title": "Dr",
        "given_name": "Ada",
        "family_name": "King",
    },
    "contact_email": "ada@olympus.example.org",
    "contact_cc_email": "a@olympus.example.org,b@olympus.example.org",
    "allow_lead_scanning": True,
    "allow_lead_access": False,
    "allow_voucher_access": False,
    "lead_scanning_scope_by_device": True,
    "exhibitor_tags": ["Gold Sponsor"],
    "comment": "Needs power",
}
_UNLIKE = {"id", "access_code", "lead_scanning_access_code"}


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The browser of somebody who may do everything."""
    sign_in(client, fair.organizer_email)
    return client


def resource(api: Api, exhibitor_id: int) -> dict[str, Any]:
    found = api.get(f"/exhibitors/{exhibitor_id}/").get_json()
    return {name: value for name, value in found.items() if name not in _UNLIKE}


def newest(app: Flask) -> int:
    return int(stored(app, sa.select(sa.func.max(Exhibitor.id)))[0][0])


def test_a_page_and_the_api_make_the_same_exhibitor(app: Flask, ada: FlaskClient, api: Api, fair: Fair) -> None:
    answer = post(ada, f"{LIST}new", FORM)
    by_page = newest(app)
    assert (answer.status_code, answer.location) == (303, f"{LIST}{by_page}/")
    assert "Olympus Mons is created." in flashes(ada)
    created = api.call("POST", "/exhibitors/", json=BODY)
    assert created.status_code == 201
    by_api = created.get_json()["id"]
    assert resource(api, by_page) == resource(api, by_api)
    first, second = (entry for entry in audited(app) if entry[0] == "exhibitor.created")
    assert first[2] == second[2] == {"name": "Olympus Mons"}
    kinds = stored(app, sa.select(AccessCode.kind).where(AccessCode.exhibitor_id == by_page).order_by(AccessCode.kind))
    assert [kind for (kind,) in kinds] == ["full", "scanning"]


def test_a_page_and_the_api_change_the_same(app: Flask, ada: FlaskClient, api: Api, fair: Fair) -> None:
    assert post(ada, f"{LIST}{fair.exhibitor}/edit", FORM).status_code == 303
    assert api.call("PUT", f"/exhibitors/{fair.rival}/", json=BODY).status_code == 200
    assert resource(api, fair.exhibitor) == resource(api, fair.rival)
    page, by_api = (entry[2]["changed"] for entry in audited(app) if entry[0] == "exhibitor.changed")
    assert set(by_api) <= set(page) | {"contact_name", "exhibitor_tags", "locale"}
    assert page["booth"] == ["A2", "C4"]
    assert page["comment"] is None


def test_the_form_shows_what_is_there_and_saving_it_changes_nothing(
    app: Flask, ada: FlaskClient, api: Api, fair: Fair
) -> None:
    before = resource(api, fair.exhibitor)
    text = ada.get(f"{LIST}{fair.exhibitor}/edit").text
    for shown in ('value="Cave"', 'value="Dr"', 'value="johnson@as.example.org"', 'value="A2"'):
        assert shown in text
    form = {
        "name": "Aperture Science",
        "booth": "A2",
        "locale": "de",
        "scheme": "salutation_title_given_family",
        "part_salutation": "",
        "part_title": "Dr",
        "part_given_name": "Cave",
        "part_family_name": "Johnson",
        "contact_email": "johnson@as.example.org",
        "contact_cc_email": "miller@as.example.org, smith@as.example.org",
        **dict.fromkeys(("allow_lead_scanning", "allow_lead_access", "allow_voucher_access"), "1"),
        "exhibitor_tags": ["Gold Sponsor"],
    }
    assert post(ada, f"{LIST}{fair.exhibitor}/edit", form).status_code == 303
    assert resource(api, fair.exhibitor) == before
    assert audited(app) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, ["This field may not be blank."]),
        ({"name": "x" * 191, "booth": "y" * 101}, ["no more than 190 characters", "no more than 100 characters"]),
        ({"contact_email": "nobody"}, ["Enter a valid email address."]),
        ({"contact_cc_email": "a@b.example, c"}, ["“c” is not a valid email address."]),
        ({"locale": "klingon"}, ["“klingon” is not a language that is known."]),
        ({"scheme": "nonsense"}, ["Unknown name scheme “nonsense”."]),
        ({"exhibitor_tags": ["Gold Sponsor", "Nothing"]}, ["There is no tag “Nothing”."]),
        ({"comment": "a\0b", "internal_id": "z" * 256}, ["Null characters", "no more than 255 characters"]),
        ({"part_given_name": "g" * 600}, ["at most 500 characters"]),
    ],
)
def test_errors_stand_at_their_fields_and_nothing_is_stored(
    app: Flask, ada: FlaskClient, fair: Fair, change: dict[str, Any], said: list[str]
) -> None:
    for path in (f"{LIST}new", f"{LIST}{fair.exhibitor}/edit"):
        answer = post(ada, path, FORM | change)
        assert answer.status_code == 422
        for message in said:
            assert message in words(answer.text), message
        assert "olympus.example.org" in answer.text
    assert audited(app) == []
    assert newest(app) == fair.foreign_exhibitor


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_errors_speak_the_readers_language(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    speak(ada, "de")
    assert 'lang="de"' in post(ada, f"{LIST}new", FORM | {"name": ""}).text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_every_form_of_a_name(app: Flask, ada: FlaskClient, fair: Fair, scheme: str) -> None:
    fields = ada.get(f"{LIST}name-fields", query_string={"scheme": scheme, "part_full_name": "Ada King"}).text
    for part in SCHEMES[scheme].parts:
        assert f'name="part_{part}"' in fields
    assert "King" in fields
    form = {**FORM, "scheme": scheme, "part_full_name": "Ada King"}
    assert post(ada, f"{LIST}new", form).status_code == 303
    (row,) = stored(
        app, sa.select(Exhibitor.contact_name, Exhibitor.contact_name_parts).where(Exhibitor.id == newest(app))
    )
    assert row[1]["_scheme"] == scheme
    assert "Ada" in row[0]
    assert "King" in row[0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_form_changes_its_name_without_script(ada: FlaskClient, fair: Fair) -> None:
    answer = post(ada, f"{LIST}new", FORM | {"scheme": "full", "reshape": "1"})
    assert answer.status_code == 200
    assert 'value="Dr Ada King"' in answer.text
    assert 'value="EX-9"' in answer.text


# --------------------------------------------------------------------------------------------------- many at once


def ids(*numbers: int) -> str:
    return ",".join(str(number) for number in numbers)


def test_access_of_many(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    text = words(ada.get(f"{LIST}bulk?do=access&id={fair.exhibitor}&id={fair.rival}").text)
    assert "2 exhibitors" in text
    form = {"do": "access", "ids": ids(fair.exhibitor, fair.rival), "allow_lead_access": "off", "next": f"{LIST}?q=a"}
    answer = post(ada, f"{LIST}bulk", form)
    assert (answer.status_code, answer.location) == (303, f"{LIST}?q=a")
    assert "2 exhibitors changed" in flashes(ada)
    flags = sa.select(Exhibitor.allow_lead_access, Exhibitor.allow_lead_scanning).order_by(Exhibitor.id)
    assert [tuple(row) for row in stored(app, flags)] == [(False, True), (False, True), (True, True)]
    assert [(action, object_id) for action, object_id, _ in audited(app)] == [
        ("exhibitor.changed", fair.exhibitor),
        ("exhibitor.changed", fair.rival),
    ]
    assert audited(app)[0][2] == {"name": "Aperture Science", "changed": {"allow_lead_access": [True, False]}}
    post(ada, f"{LIST}bulk", form)
    assert "it was so already" in flashes(ada)
    assert len(audited(app)) == 2
    nothing = post(ada, f"{LIST}bulk", {"do": "access", "ids": ids(fair.rival)})
    assert nothing.status_code == 422
    assert "Choose what to allow" in nothing.text


def test_tags_of_many(app: Flask, ada: FlaskClient, api: Api, fair: Fair) -> None:
    with app.app_context():
        gold = db.session.scalars(sa.select(ExhibitorTag.id)).one()
        foreign = add(ExhibitorTag(event_id=fair.foreign_event, name="Foreign")).id
        db.session.commit()
    both = ids(fair.exhibitor, fair.rival)
    form = {"do": "tags", "ids": both, "way": "add", "tags": [str(gold), str(foreign)], "new_tag": "Hall 1"}
    assert post(ada, f"{LIST}bulk", form).status_code == 303
    assert resource(api, fair.exhibitor)["exhibitor_tags"] == ["Gold Sponsor", "Hall 1"]
    assert resource(api, fair.rival)["exhibitor_tags"] == ["Gold Sponsor", "Hall 1"]
    post(ada, f"{LIST}bulk", {"do": "tags", "ids": both, "way": "remove", "tags": str(gold)})
    assert resource(api, fair.rival)["exhibitor_tags"] == ["Hall 1"]
    changes = [data["changed"]["exhibitor_tags"] for action, _, data in audited(app) if action == "exhibitor.changed"]
    assert changes == [
        [["Gold Sponsor"], ["Gold Sponsor", "Hall 1"]],
        [[], ["Gold Sponsor", "Hall 1"]],
        [["Gold Sponsor", "Hall 1"], ["Hall 1"]],
        [["Gold Sponsor", "Hall 1"], ["Hall 1"]],
    ]
    again = post(ada, f"{LIST}bulk", {"do": "tags", "ids": both, "way": "add", "new_tag": "Hall 1"})
    assert again.status_code == 422
    assert "There is a tag with this name already." in again.text
    assert "Choose a tag." in post(ada, f"{LIST}bulk", {"do": "tags", "ids": both, "tags": "99"}).text


def test_new_codes_end_sessions_and_apps_at_once(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    booth, app_header = app.test_client(), {"Authorization": f"Exhibitor {fair.full_code}"}
    sign_in_code(booth, fair.full_code)
    assert booth.get("/exhibitor/profile").status_code == 200
    assert booth.get("/exhibitors/api/v1/profile", headers=app_header).status_code == 200
    form = {"do": "rotate", "ids": ids(fair.exhibitor), "kinds": ["full"]}
    assert post(ada, f"{LIST}bulk", form).status_code == 303
    assert booth.get("/exhibitor/profile").status_code == 303
    assert booth.get("/exhibitors/api/v1/profile", headers=app_header).status_code == 401
    scanning = {"Authorization": f"Exhibitor {fair.scanning_code}"}
    assert booth.get("/exhibitors/api/v1/profile", headers=scanning).status_code == 200
    assert stored(app, sa.select(Session.id).where(Session.access_code_id.is_not(None))) == []
    assert audited(app)[-1] == ("exhibitor.codes_rotated", fair.exhibitor, {"kinds": ["full"]})
    nothing = post(ada, f"{LIST}bulk", {"do": "rotate", "ids": ids(fair.exhibitor)})
    assert "Choose which codes to replace." in nothing.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_when_and_from_what_a_code_was_used(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    phone = {"Authorization": f"Exhibitor {fair.scanning_code}", "User-Agent": "pretixLEAD/1.9.2 okhttp"}
    assert ada.get("/exhibitors/api/v1/profile", headers=phone).status_code == 200
    booth = app.test_client()
    agent = "Mozilla/5.0 (Windows NT 10.0; rv:131.0) Gecko/20100101 Firefox/131.0"
    booth.environ_base["HTTP_USER_AGENT"] = agent
    sign_in_code(booth, fair.full_code)
    text = words(ada.get(f"{LIST}{fair.exhibitor}/").text)
    assert "App pretixLEAD/1.9.2" in text
    assert "Firefox on Windows" in text


def test_deleting_says_what_goes_and_wants_the_name(app: Flask, ada: FlaskClient, api: Api, fair: Fair) -> None:
    text = words(ada.get(f"{LIST}bulk?do=delete&id={fair.exhibitor}").text)
    for said in ("5 leads with their notes", "2 links to vouchers; the vouchers stay", "Type Aperture Science"):
        assert said in text
    for typed in ("", "Black Mesa", "1"):
        answer = post(ada, f"{LIST}bulk", {"do": "delete", "ids": ids(fair.exhibitor), "confirm": typed})
        assert answer.status_code == 422
        assert "Nothing was deleted." in answer.text
    answer = post(ada, f"{LIST}bulk", {"do": "delete", "ids": ids(fair.exhibitor), "confirm": "aperture science "})
    assert (answer.status_code, answer.location) == (303, LIST)
    assert ada.get(f"{LIST}{fair.exhibitor}/").status_code == 404
    assert [row[0] for row in stored(app, sa.select(Lead.exhibitor_id))] == [fair.rival]
    assert len(stored(app, sa.select(ExhibitorVoucher.id))) == 1
    assert len(stored(app, sa.select(Voucher.id))) == 4
    data = {"name": "Aperture Science", "leads": 5, "vouchers": 2}
    assert audited(app) == [("exhibitor.deleted", fair.exhibitor, data)]
    assert api.call("DELETE", f"/exhibitors/{fair.foreign_exhibitor}/").status_code == 403
    many = words(ada.get(f"{LIST}bulk?do=delete&all=1&next=//evil.example").text)
    assert "Type Black Mesa to confirm" in many
    assert 'href="//evil' not in ada.get(f"{LIST}bulk?do=delete&all=1&next=//evil.example").text
    assert api.call("DELETE", f"/exhibitors/{fair.rival}/").status_code == 204
    assert audited(app)[-1] == ("exhibitor.deleted", fair.rival, {"name": "Black Mesa", "leads": 1, "vouchers": 1})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_all_that_match_are_meant_by_the_filter(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    text = words(ada.get(f"{LIST}bulk?do=rotate&all=1&q=mesa").text)
    assert "1 exhibitor " in text
    assert "Aperture" not in text
    assert "2 exhibitors" in words(ada.get(f"{LIST}bulk?do=rotate&all=1").text)
    for query in ("do=rotate", "do=rotate&id=x&id=-1&id=99999999999999999999", "do=rotate&id=0"):
        assert "No exhibitor is chosen." in ada.get(f"{LIST}bulk?{query}").text
    assert ada.get(f"{LIST}bulk?do=nonsense").status_code == 404
    assert post(ada, f"{LIST}bulk", {"do": "nonsense", "ids": "1"}).status_code == 404


def test_many_cost_no_more_statements(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    def cost(numbers: str, value: str) -> int:
        with statements() as seen:
            post(ada, f"{LIST}bulk", {"do": "access", "ids": numbers, "allow_voucher_access": value})
        return len(seen)

    assert cost(ids(fair.exhibitor), "off") == cost(ids(fair.exhibitor, fair.rival), "on") + 0
