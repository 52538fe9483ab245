"""The list of seats: fields, filters, pages, dates of a series, constant number of statements."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from portal.core.database import db
from portal.seating.models import Seat
from portal.seating.queries import FIELDS
from portal.seating.schemas import SeatSchema
from tests.fair import Fair
from tests.recordings import BASE, HOST, entries
from tests.seating.conftest import Api, Series
from tests.statements import statements


def test_a_seat_as_the_contract_prints_it(api: Api, fair: Fair) -> None:
    first, second, third, fourth = api.results("/seats/")[:4]
    assert first == {
        "id": fair.seats[0],
        "subevent": None,
        "zone_name": "Ground floor",
        "row_name": "1",
        "row_label": "Row 1",
        "seat_number": "1",
        "seat_label": None,
        "seat_guid": "1-1",
        "product": fair.item,
        "blocked": False,
        "orderposition": fair.positions[0],
        "cartposition": None,
        "voucher": None,
    }
    assert second["cartposition"] is not None
    assert third["voucher"] == fair.vouchers[3]
    assert fourth["blocked"] is True
    assert tuple(first) == FIELDS


def test_the_schema_describes_the_answer(api: Api) -> None:
    """Hot doors write tuples; the schema that documents them says the same."""
    schema = SeatSchema()
    plain = api.results("/seats/?page_size=4")
    assert schema.dump(plain, many=True) == plain
    assert tuple(schema.fields) == tuple(plain[0])
    expanded = api.results("/seats/?page_size=4&expand=orderposition&expand=cartposition&expand=voucher")
    for seat in expanded:
        for name in ("orderposition", "cartposition", "voucher"):
            nested = schema.fields[name].nested()  # type: ignore[attr-defined]
            assert seat[name] is None or tuple(nested.fields) == tuple(seat[name])
            assert seat[name] is None or nested.validate(seat[name]) == {}


FILTERED = [
    ("zone_name=Balcony", 20),
    ("zone_name=balcony", 0),
    ("row_name=2", 20),
    ("row_label=Row+3", 20),
    ("seat_number=7", 3),
    ("seat_number=7&row_name=1", 1),
    ("seat_label=x", 0),
    ("seat_guid=2-3", 1),
    ("blocked=true", 1),
    ("blocked=False", 59),
    ("blocked=1", 1),
    ("is_available=TRUE", 56),
    ("is_available=0", 4),
    ("is_available=true&blocked=true", 0),
    ("is_available=false&blocked=false", 3),
    ("is_available=false&zone_name=Balcony", 0),
    ("is_available=true&zone_name=Balcony", 20),
    ("zone_name=", 60),
    ("unknown=1", 60),
    ("ordering=-seat_guid", 60),
    ("zone_name=x&zone_name=Balcony", 20),
]


def test_filters(api: Api) -> None:
    for query, expected in FILTERED:
        found = api.get(f"/seats/?{query}").get_json()
        assert (query, found["count"]) == (query, expected)
        assert len(found["results"]) == min(expected, 50), query


def test_a_query_takes_two_booleans(api: Api) -> None:
    for name in ("blocked", "is_available"):
        for value in ("yes", "2", "", "null", "%00", "tru"):
            response = api.get(f"/seats/?{name}={value}")
            assert (value, response.status_code) == (value, 400)
            assert list(response.get_json()) == [name]


def test_wrong_parameters_are_named_together(api: Api) -> None:
    response = api.get("/seats/?blocked=x&is_available=y&zone_name=%00")
    assert response.status_code == 400
    assert set(response.get_json()) == {"blocked", "is_available", "zone_name"}


def test_any_text_is_a_filter(api: Api) -> None:
    for value in ("%ff%fe", "%F0%9F%98%80", "%ED%A0%80", "'%3B--", "x" * 10_000, "%25_", "\\"):
        assert api.get(f"/seats/?zone_name={value}").get_json()["count"] == 0, value


def test_order_is_by_id_and_pages_are_disjoint(api: Api, fair: Fair) -> None:
    pages = [api.ids(f"/seats/?page_size=25&page={page}") for page in (1, 2, 3)]
    assert [seat for page in pages for seat in page] == fair.seats


def test_the_number_of_statements_does_not_depend_on_the_rows(api: Api) -> None:
    for expand in (
        "",
        "&is_available=true",
        "&expand=orderposition",
        "&expand=orderposition&expand=cartposition&expand=voucher",
    ):
        counts = set()
        for size in (3, 10, 50):
            with statements() as seen:
                assert len(api.results(f"/seats/?page_size={size}{expand}")) == size
            counts.add(len(seen))
        assert len(counts) == 1, seen
        assert counts.pop() <= 4 + expand.count("expand")


def test_as_a_real_server_answers(api: Api) -> None:
    """Statuses, envelopes and links of all recorded queries; messages are English here."""
    for entry in entries("seats_list", without=("Accept-Language de", "Accept-Encoding gzip", "OPTIONS")):
        check_recorded(api, entry)


def check_recorded(api: Api, entry: dict[str, Any]) -> None:
    """Compare one answer with what was recorded."""
    request, recorded = entry["request"], entry["response"]
    accept = {"Accept": request["headers"]["Accept"]}
    response = api.call(request["method"], request["path"], headers=accept)
    path, status, body = request["path"], recorded["status"], recorded.get("json")
    beyond = any(f"page={page}" in path for page in (3, 200))
    if beyond and "page_size=2&" not in path:
        assert response.status_code == 404
        return
    assert response.status_code == status
    if status == 301:
        assert response.headers["Location"] == recorded["headers"]["location"]
    elif status != 200:
        assert response.get_json() == body
    elif body is not None:
        found = response.get_json()
        assert list(found) == list(body)
        assert list(found["results"][0]) == list(body["results"][0])
        if "page=" not in path.replace("page=&", "") or "page=%20" in path or path.endswith("page="):
            assert found["next"] == body["next"].replace(HOST, "http://localhost")
            assert found["previous"] is None


def test_the_links_of_a_middle_page(api: Api) -> None:
    found = api.get(
        "/seats/?page=2&page_size=20&zone_name=Ground+floor&expand=voucher&expand=cartposition&x="
    ).get_json()
    assert found["next"] is None
    assert found["previous"] == (
        f"http://localhost{BASE}/seats/?expand=voucher&expand=cartposition&page_size=20&x=&zone_name=Ground+floor"
    )
    last = api.get("/seats/?page=last&page_size=25").get_json()
    assert (last["next"], urlsplit(last["previous"]).query) == (None, "page=2&page_size=25")


def test_an_event_is_no_series(api: Api, series: Series) -> None:
    date = series.dates[0]
    assert api.get(f"/subevents/{date}/seats/").status_code == 404
    assert api.get(f"/subevents/{date}/seats/{series.seats[0][0]}/").status_code == 404
    api.base = series.base
    for method, path in (("GET", "/seats/"), ("GET", f"/seats/{series.seats[0][0]}/"), ("POST", "/seats/bulk_block/")):
        assert api.call(method, path, json={"ids": [1]} if method == "POST" else None).status_code == 404


def test_each_date_has_its_own_seats(api: Api, series: Series) -> None:
    api.base = series.base
    for date, seats in zip(series.dates, series.seats, strict=True):
        found = api.results(f"/subevents/{date}/seats/")
        assert [seat["id"] for seat in found] == seats
        assert {seat["subevent"] for seat in found} == {date}
        assert api.get(f"/subevents/{date}/seats/?is_available=true").get_json()["count"] == 3
        assert api.get(f"/subevents/{date}/seats/?is_available=false").get_json()["count"] == 0
    first, second = series.dates
    assert api.get(f"/subevents/{first}/seats/{series.seats[0][0]}/").status_code == 200
    assert api.get(f"/subevents/{second}/seats/{series.seats[0][0]}/").status_code == 404


def test_a_date_that_does_not_exist(api: Api, series: Series) -> None:
    api.base = series.base
    for date in ["0", "-1", "abc", "99999999999999999999999", "1e3", "%00"]:
        assert api.get(f"/subevents/{date}/seats/").status_code == 404, date


def test_a_date_of_another_series(app: Flask, api: Api, series: Series, fair: Fair) -> None:
    with app.app_context():
        seat = db.session.get_one(Seat, series.seats[0][0])
        assert seat.event_id == series.event
    api.base = fair.base.replace("sampleconf", "otherconf")
    assert api.get(f"/subevents/{series.dates[0]}/seats/").status_code == 404
