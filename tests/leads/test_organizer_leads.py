"""The leads of all exhibitors for organizers: the list with its search, figures over time, and the export."""

import csv
import datetime as dt
import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from portal.core.database import db
from portal.leads.models import Lead
from tests.browserless import sign_in
from tests.exhibitors.organizing import words
from tests.fair import DAY, Fair
from tests.statements import statements

PAGE = "/organizer/bigevents/sampleconf/leads/"


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The browser of somebody who may do everything."""
    sign_in(client, fair.organizer_email)
    return client


def listed(ada: FlaskClient, query: str) -> str:
    return words(ada.get(PAGE + query, headers={"HX-Request": "true", "HX-Target": "event-leads"}).text)


def test_the_list_its_search_and_its_filters(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    text = listed(ada, "")
    assert "6 leads" in text
    assert text.index("Olu Ade") < text.index("Peter Miller")
    assert "Wants our newsletter" not in text
    assert "1 lead " in listed(ada, "?q=miller")
    assert "1 lead " in listed(ada, f"?exhibitor={fair.rival}")
    assert "Olu Ade" in listed(ada, f"?exhibitor={fair.rival}")
    assert "6 leads" in listed(ada, "?day=2026-11-20")
    for nothing in ("?q=%25", "?day=2026-11-21", "?q=nobody"):
        assert "No lead matches." in listed(ada, nothing)
    for meaningless in (f"?exhibitor={fair.foreign_exhibitor}", "?day=x", "?day=0001-01-01", "?page=x", "?exhibitor=x"):
        assert "6 leads" in listed(ada, meaningless), meaningless


def test_figures_over_time_and_who_scans_most(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        db.session.get_one(Lead, fair.leads[5]).scanned = DAY + dt.timedelta(days=1, minutes=30)
        db.session.commit()
    text = words(ada.get(PAGE).text)
    for said in ("Leads 6", "Exhibitors that scan 2 / 2", "Leads an hour", "Leads a day", "Aperture Science 5"):
        assert said in text, said
    assert "Fri 10:00 5" in text
    one = words(ada.get(f"{PAGE}?exhibitor={fair.rival}").text)
    assert "Leads 1 / 6" in one
    assert "Nobody has scanned" in ada.get("/organizer/bigevents/otherconf/leads/").text


@pytest.mark.parametrize("form", ["csv", "csv;", "xlsx"])
def test_an_export_opens_and_holds_what_the_api_shows(ada: FlaskClient, fair: Fair, form: str) -> None:
    query = {"form": form.rstrip(";"), "delimiter": ";" if form.endswith(";") else ",", "q": "miller"}
    answer = ada.get(f"{PAGE}export", query_string=query)
    if form == "xlsx":
        cells = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
        assert str(cells[1][-2]) == "2026-11-20 10:00:00"
        rows = [[str(cell) for cell in row] for row in cells]
    else:
        text = answer.data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=query["delimiter"]))
        assert rows[1][-2] == "2026-11-20T10:00:00+01:00"
    lead = ada.get(f"{fair.base}/exhibitors/{fair.exhibitor}/leads/", headers=fair.auth()).get_json()["results"][0]
    found = dict(zip(rows[0], rows[1], strict=True))
    assert len(rows) == 2
    assert found["Exhibitor"] == "Aperture Science"
    assert found["Order"] == lead["attendee_order"]
    assert [found[name] for name in ("Name", "Email", "Company")] == [each["value"] for each in lead["data"]]
    assert (float(found["Rating"]), found["Tags"], found["Note"]) == (4.0, "foo", "Wants our newsletter")
    assert found["Device id"] == lead["device_uuid"]


def test_an_export_comes_in_pieces(app: Flask, ada: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.leads.overview._CHUNK", 2)
    rows = ada.get(f"{PAGE}export").data.decode("utf-8-sig").splitlines()
    assert len(rows) == 7
    assert [row.split(",")[0] for row in rows[1:]] == ["Aperture Science"] * 5 + ["Black Mesa"]


def test_the_list_costs_the_same_for_one_and_all(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    def cost(query: str) -> int:
        with statements() as seen:
            ada.get(PAGE + query)
        return len(seen)

    ada.get(PAGE)
    assert cost("?q=miller") == cost("")
