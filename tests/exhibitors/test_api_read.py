"""Exhibitors by the REST API: the list and one of them, pages, validators, a constant number of statements."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.database import db
from portal.core.statements import run
from portal.events.models import Event
from portal.exhibitors.models import Exhibitor, ExhibitorTag
from portal.exhibitors.schemas import ExhibitorSchema
from tests.fair import Fair, make_exhibitor
from tests.seating.conftest import Api
from tests.statements import statements


def age(app: Flask) -> None:
    """Let everything have changed long ago, so that dates are trusted."""
    with app.app_context():
        for table in db.metadata.sorted_tables:
            if "modified" in table.c:
                run(table.update().values(modified=dt.datetime(2026, 1, 1, 10, tzinfo=dt.UTC)))
        db.session.commit()


def test_an_exhibitor_as_the_contract_prints_it(api: Api, fair: Fair) -> None:
    expected = {
        "id": fair.exhibitor,
        "name": "Aperture Science",
        "internal_id": None,
        "contact_name": "Dr Cave Johnson",
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
        "access_code": "VKHZ2FU84",
        "lead_scanning_access_code": "WVK2B8PZ",
        "lead_scanning_scope_by_device": False,
        "allow_lead_scanning": True,
        "allow_lead_access": True,
        "allow_voucher_access": True,
        "comment": "",
        "exhibitor_tags": ["Gold Sponsor"],
    }
    response = api.get(f"/exhibitors/{fair.exhibitor}/")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert "Accept" in response.headers["Vary"]
    assert response.get_json() == expected
    listed = api.get("/exhibitors/").get_json()
    assert (listed["count"], listed["next"], listed["previous"]) == (2, None, None)
    assert listed["results"][0] == expected
    assert listed["results"][1]["contact_name"] is None
    assert listed["results"][1]["contact_name_parts"] == {}
    assert listed["results"][1]["name"] == "Black Mesa"


def test_lead_scanning_scope_by_device_is_a_boolean(api: Api, fair: Fair) -> None:
    """Contract decision 8."""
    assert api.get(f"/exhibitors/{fair.exhibitor}/").get_json()["lead_scanning_scope_by_device"] is False


def test_the_schema_describes_the_answer(api: Api) -> None:
    schema, found = ExhibitorSchema(), api.results("/exhibitors/")
    assert schema.dump(found, many=True) == found
    assert schema.validate(found, many=True) == {}
    for entry in found:
        assert tuple(entry) == tuple(schema.fields)


@pytest.mark.parametrize("token", ["token", "weak_token"])
def test_the_number_of_statements_does_not_grow(app: Flask, api: Api, fair: Fair, token: str) -> None:
    api.token = getattr(fair, token)
    counts = set()
    for number in (1, 3, 50):
        with app.app_context():
            event = fair.event
            run(sa.delete(Exhibitor).where(Exhibitor.event_id == event, Exhibitor.id != fair.exhibitor))
            tag = db.session.scalars(sa.select(ExhibitorTag)).one()
            for each in range(number - 1):
                row = Exhibitor(event_id=event, name=f"Booth {each}", tags=[tag])
                db.session.add(row)
            db.session.commit()
        with statements() as seen:
            assert len(api.results("/exhibitors/")) == number
        counts.add(len([each for each in seen if each.lstrip().startswith("SELECT")]))
    assert counts == {4}, seen


def test_pages(app: Flask, api: Api, fair: Fair) -> None:
    with app.app_context():
        db.session.add_all(Exhibitor(event_id=fair.event, name=f"Booth {number}") for number in range(53))
        db.session.commit()
    first = api.get("/exhibitors/").get_json()
    assert (first["count"], len(first["results"])) == (55, 50)
    assert first["next"].endswith("/exhibitors/?page=2")
    second = api.get(first["next"].removeprefix("http://localhost")).get_json()
    assert (len(second["results"]), second["next"]) == (5, None)
    ids = [entry["id"] for entry in first["results"] + second["results"]]
    assert ids == sorted(set(ids))
    assert len(api.results("/exhibitors/?page_size=3")) == 3
    assert len(api.results("/exhibitors/?page_size=300")) == 50
    for page in ("3", "0", "x"):
        response = api.get(f"/exhibitors/?page={page}")
        assert (response.status_code, response.get_json()) == (404, {"detail": "Invalid page."})


def test_nothing_of_another_event_is_in_the_list(api: Api, fair: Fair) -> None:
    assert api.ids("/exhibitors/") == [fair.exhibitor, fair.rival]
    api.base = "/api/v1/organizers/bigevents/events/otherconf"
    assert api.results("/exhibitors/") == []


def test_unchanged_lists_are_not_sent_again(app: Flask, api: Api, fair: Fair) -> None:
    age(app)
    paths = ("/exhibitors/", f"/exhibitors/{fair.exhibitor}/leads/", f"/exhibitors/{fair.exhibitor}/vouchers/")
    for path in paths:
        first = api.get(path)
        for name, header in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            again = api.get(path, headers={name: first.headers[header]})
            assert (again.status_code, again.data) == (304, b""), (path, name)


EVERY = ("/exhibitors/", "/exhibitors/{one}/leads/", "/exhibitors/{one}/vouchers/")
CHANGES = [
    pytest.param("PATCH", "/exhibitors/{one}/", {"booth": "C7"}, EVERY[:1], id="change"),
    pytest.param("PATCH", "/exhibitors/{one}/", {"exhibitor_tags": []}, EVERY[:1], id="tags"),
    pytest.param("PATCH", "/exhibitors/{one}/", {"locale": "en"}, EVERY[:1], id="language"),
    pytest.param("POST", "/exhibitors/", {"name": "New"}, EVERY[:1], id="create"),
    pytest.param("DELETE", "/exhibitors/{rival}/", None, EVERY[:1], id="delete"),
    pytest.param("POST", "/exhibitors/{one}/vouchers/attach/", {"code": "VOUCHER3"}, EVERY[2:], id="attach"),
    pytest.param(
        "POST",
        "/exhibitors/{one}/vouchers/attach/",
        {"code": "VOUCHER1", "exhibitor_comment": "!"},
        EVERY[2:],
        id="comment",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "changed"), CHANGES)
def test_a_change_is_seen(
    app: Flask, api: Api, fair: Fair, method: str, path: str, body: object, changed: tuple[str, ...]
) -> None:
    age(app)
    places = {"one": fair.exhibitor, "rival": fair.rival}
    before = {each: api.get(each.format_map(places)) for each in changed}
    assert api.call(method, path.format_map(places), json=body).status_code in (200, 201, 204)
    for each, first in before.items():
        for name, header in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            again = api.get(each.format_map(places), headers={name: first.headers[header]})
            assert again.status_code == 200, (each, name)


def test_a_name_is_composed_where_only_its_parts_are_stored(app: Flask, api: Api, fair: Fair) -> None:
    parts = {"_scheme": "given_family", "given_name": "Ada", "family_name": "King"}
    with app.app_context():
        event = db.session.get_one(Event, fair.event)
        made = make_exhibitor(event, "Parts", "PARTS2345", contact_name_parts=parts).id
        db.session.commit()
    assert api.get(f"/exhibitors/{made}/").get_json()["contact_name"] == "Ada King"
