"""Exhibitors from files and into files: columns that are guessed, errors by row, all or nothing, and back again."""

import csv
import io
import re
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from werkzeug.test import TestResponse

from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.models import Upload
from portal.core.names import SCHEMES
from portal.core.sheets import xlsx_bytes
from portal.exhibitors import importing, table
from portal.exhibitors.models import AccessCode, Exhibitor, ExhibitorTag
from portal.web.imports import Record, guess
from tests.browserless import csrf_token, sign_in, speak
from tests.exhibitors.organizing import LIST, audited, flashes, post, stored, words
from tests.fair import Fair, add
from tests.seating.conftest import Api

HEAD = "Company;Stand;E-Mail;Vorname;Nachname;Kundennummer;Tags;May scan leads;Was auch immer\n"
ROWS = """Olympus;C1;ada@olympus.example.org;Ada;King;K-1;Gold Sponsor, Hall 1;yes;x
Café Übermut;C2;;;;K-2;;nein;y
"""


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The browser of somebody who may do everything."""
    sign_in(client, fair.organizer_email)
    return client


def upload(ada: FlaskClient, content: str | bytes, name: str = "list.csv") -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    token = csrf_token(ada.get(f"{LIST}import"))
    return ada.post(f"{LIST}import", data={"csrf_token": token, "file": (io.BytesIO(data), name)})


def previewed(ada: FlaskClient, content: str | bytes, name: str = "list.csv") -> tuple[str, str]:
    """The address of the preview and its page."""
    answer = upload(ada, content, name)
    assert answer.status_code == 303, words(answer.text)
    return answer.location, ada.get(answer.location).text


def apply(ada: FlaskClient, address: str, **mapping: str) -> TestResponse:
    """Press the button of the preview."""
    names = {
        f"column-{place}": value for place, value in enumerate(_chosen(ada.get(address, query_string=mapping).text))
    }
    return post(ada, address, names | mapping)


def _chosen(page: str) -> list[str]:
    selects = re.findall(r'<select id="f-column-\d+".*?</select>', page, re.DOTALL)
    found = [re.findall(r'value="([^"]*)"\s+selected', each) for each in selects]
    return [each[0] if each else "" for each in found]


def names(app: Flask, fair: Fair) -> list[str]:
    statement = sa.select(Exhibitor.name).where(Exhibitor.event_id == fair.event).order_by(Exhibitor.id)
    return [name for (name,) in stored(app, statement)]


def test_titles_are_known_in_both_languages(app: Flask) -> None:
    with app.test_request_context():
        columns = table.columns()
        head = ["Firma", "STANDNUMMER", "e-mail", "Internal id", "first name", "surname", "Name", "locale", "???"]
        found = guess(head, columns)
    assert found == ["name", "booth", "contact_email", "internal_id", "contact_given_name", "contact_family_name"] + [
        "",
        "locale",
        "",
    ]


def test_a_list_becomes_exhibitors(app: Flask, ada: FlaskClient, api: Api, fair: Fair) -> None:
    address, page = previewed(ada, "\ufeff" + HEAD + ROWS)
    assert _chosen(page) == [
        "name",
        "booth",
        "contact_email",
        "contact_given_name",
        "contact_family_name",
        "internal_id",
        "exhibitor_tags",
        "allow_lead_scanning",
        "",
    ]
    assert "Import 2 rows" in page
    assert names(app, fair) == ["Aperture Science", "Black Mesa"]
    answer = apply(ada, address)
    assert (answer.status_code, answer.location) == (303, LIST)
    assert "Imported: 2 rows added, 0 changed, 0 as they were." in flashes(ada)
    assert names(app, fair) == ["Aperture Science", "Black Mesa", "Olympus", "Café Übermut"]
    made = api.get("/exhibitors/").get_json()["results"][2]
    assert made["contact_name"] == "Ada King"
    assert made["contact_name_parts"] == {"_scheme": "given_family", "given_name": "Ada", "family_name": "King"}
    assert (made["booth"], made["internal_id"], made["locale"]) == ("C1", "K-1", "en")
    assert made["exhibitor_tags"] == ["Gold Sponsor", "Hall 1"]
    assert (made["allow_lead_scanning"], made["allow_lead_access"]) == (True, False)
    assert len(made["access_code"]) == 9
    assert [action for action, _, _ in audited(app)] == [
        "exhibitor_tag.created",
        "exhibitor.created",
        "exhibitor.created",
    ]
    assert stored(app, sa.select(Upload.id)) == []
    assert ada.get(address).status_code == 404


def test_the_same_list_again_updates_by_internal_id(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    apply(ada, previewed(ada, HEAD + ROWS)[0])
    before = stored(app, sa.select(AccessCode.code).order_by(AccessCode.id))
    _, page = previewed(ada, HEAD + ROWS)
    assert "Everything in this file is as it is already." in page
    changed = HEAD + ROWS.replace(";C1;", ";D9;").replace("Café Übermut", "Café Untermut")
    address, page = previewed(ada, changed)
    text = words(page)
    assert "Changed Booth" in text
    assert "Changed Name" in text
    apply(ada, address)
    assert names(app, fair)[2:] == ["Olympus", "Café Untermut"]
    assert stored(app, sa.select(Exhibitor.booth).where(Exhibitor.internal_id == "K-1")) == [("D9",)]
    assert stored(app, sa.select(AccessCode.code).order_by(AccessCode.id)) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("row", "said"),
    [
        (";C1;;;;K-3;;;", "Name: This field may not be blank."),
        ("A;C1;nobody;;;K-3;;;", "E-mail address: Enter a valid email address."),
        ("A;" + "x" * 101 + ";;;;K-3;;;", "Booth: Ensure this field has no more than 100 characters."),
        ("A;;;;;K-3;;vielleicht;", "May scan leads: Write yes or no."),
        ("A;;;;;K-1;;;", "Internal id: This is in the file twice."),
        ("A;;;;;dup;;;", "Several exhibitors have this internal id."),
        ("A;;;;;K-3;" + "t" * 191 + ";;", "Tags: A tag has 1 to 190 characters."),
    ],
)
def test_one_wrong_row_and_nothing_is_imported(app: Flask, ada: FlaskClient, fair: Fair, row: str, said: str) -> None:
    with app.app_context():
        for number in (fair.exhibitor, fair.rival):
            db.session.get_one(Exhibitor, number).internal_id = "dup"
        db.session.commit()
    address, page = previewed(ada, HEAD + ROWS + row + "\n")
    text = words(page)
    assert said in text
    assert "4" in text
    assert "Import 3 rows" not in text
    assert apply(ada, address).status_code == 422
    assert names(app, fair) == ["Aperture Science", "Black Mesa"]
    assert audited(app) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_all_that_is_wrong_with_a_row_is_said(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    head = "id;Name;Internal id;Booth;E-mail address;Copies to;May scan leads;May see leads;Tags;Language of mails;"
    head += "Contact: Middle name;Contact: Degree (after name)\n"
    bad = ";".join((f"{'x' * 200}", "nobody", "a@,b@", "maybe", "perhaps", "t" * 191, "klingon!", "B.", "PhD"))
    text = words(previewed(ada, f"{head}4711;;K-9;{bad}\n;;K-9;{bad}\n;B;K-9;;;;;;;;;\n")[1])
    for said in (
        "Number in the portal: This event has no exhibitor with this number.",
        "Name: This field may not be blank.",
        "Internal id: This is in the file twice.",
        "Booth: Ensure this field has no more than 100 characters.",
        "E-mail address: Enter a valid email address.",
        "“a@” is not a valid email address.",
        "“b@” is not a valid email address.",
        "May scan leads: Write yes or no.",
        "May see leads: Write yes or no.",
        "Tags: A tag has 1 to 190 characters.",
        "“klingon!” is not a language that is known.",
        "Contact person: No form of a name has all these parts. Name one.",
    ):
        twice = said not in ("Number in the portal: This event has no exhibitor with this number.",)
        assert text.count(said) == 1 + twice, (said, text)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_wrong_columns_are_named(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    address, page = previewed(ada, "Foo,Bar\nA,B\n")
    assert "No column of the file is chosen as “Name”." in words(page)
    twice = ada.get(address, query_string={"column-0": "name", "column-1": "name"})
    assert "Two columns of the file are chosen as “Name”." in words(twice.text)
    assert post(ada, address, {"column-0": "booth"}).status_code == 422
    chosen = ada.get(address, query_string={"column-0": "name", "column-1": "nonsense"})
    assert "Import 1 row" in words(chosen.text)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("", "a.csv", "Choose a file."),
        ("Name\n", "a.csv", "no rows"),
        (b"PK\x03\x04 nonsense", "a.xlsx", "This XLSX file cannot be read."),
        (b"\0\0\0", "a.csv", "no CSV or XLSX file"),
        ('Name\n"open', "a.csv", "cannot be read"),
    ],
)
def test_files_that_cannot_be_read(ada: FlaskClient, fair: Fair, content: Any, name: str, said: str) -> None:
    answer = upload(ada, content, name)
    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_can_be_discarded_and_is_its_owners_alone(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    address, _ = previewed(ada, HEAD + ROWS)
    admin = app.test_client()
    sign_in(admin, fair.admin_email)
    assert admin.get(address).status_code == 404
    assert ada.get(address.replace("sampleconf", "otherconf")).status_code == 404
    for _ in range(2):
        assert post(ada, f"{address}/drop").location == f"{LIST}import"
    assert ada.get(address).status_code == 404
    assert names(app, fair) == ["Aperture Science", "Black Mesa"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_import_in_german(ada: FlaskClient, fair: Fair) -> None:
    speak(ada, "de")
    address, page = previewed(ada, HEAD.replace("Company", "Firma") + ROWS)
    assert _chosen(page)[0] == "name"
    assert apply(ada, address).status_code == 303


# ------------------------------------------------------------------------------------------------------- and back


def everything(app: Flask, fair: Fair) -> None:
    """Exhibitors with all that a table has to carry."""
    with app.app_context():
        hall = add(ExhibitorTag(event_id=fair.event, name="Hall 1, left"))
        for number, (scheme, described) in enumerate(SCHEMES.items()):
            parts = {key: f"{key} {number}" for key in described.parts}
            add(
                Exhibitor(
                    event_id=fair.event,
                    name=f"=1+{number}; \"quoted\", 'it'",
                    internal_id=f"-{number}" if number else None,
                    booth="+49 30" if number == 1 else None,
                    contact_name=described.compose(parts),
                    contact_name_parts={"_scheme": scheme, **parts},
                    locale="de-informal",
                    comment="two\nlines",
                    allow_voucher_access=True,
                    tags=[hall] if number % 2 else [],
                )
            )
        db.session.commit()


@pytest.mark.parametrize("form", ["csv", "csv;", "xlsx"])
def test_an_export_can_be_imported_again(app: Flask, ada: FlaskClient, api: Api, fair: Fair, form: str) -> None:
    everything(app, fair)
    before = api.get("/exhibitors/?page_size=50").get_json()["results"]
    query = {"form": form.rstrip(";"), "delimiter": ";" if form.endswith(";") else ","}
    answer = ada.get(f"{LIST}export", query_string=query)
    assert "attachment" in answer.headers["Content-Disposition"]
    name = f"export.{query['form']}"
    if form == "xlsx":
        cells = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
        rows = [[str(cell) for cell in row] for row in cells]
    else:
        text = answer.data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=query["delimiter"]))
        assert not any(cell.startswith("=") for row in rows for cell in row)
    assert len(rows) == len(before) + 1
    titles = rows[0]
    booth, code = titles.index("Booth"), titles.index("Full access code")
    aperture = next(row for row in rows if row[titles.index("Name")] == "Aperture Science")
    assert (aperture[booth], aperture[code]) == ("A2", fair.full_code)
    _, page = previewed(ada, answer.data, name)
    assert "Everything in this file is as it is already." in words(page)
    apply(ada, upload(ada, answer.data, name).location)
    assert api.get("/exhibitors/?page_size=50").get_json()["results"] == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_export_follows_the_filter_and_costs_no_query_a_row(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    text = ada.get(f"{LIST}export?q=mesa").data.decode("utf-8-sig")
    assert "Black Mesa" in text
    assert "Aperture" not in text


def test_two_imports_at_once_make_no_duplicates(app: Flask, fair: Fair, scope: EventScope) -> None:
    records = [Record(number, {"name": f"Row {number}", "internal_id": f"K-{number}"}) for number in range(2, 12)]
    outcomes: list[list[str]] = []

    def run() -> None:
        with app.app_context():
            done = importing.apply(Actor("user", 1, "Ada"), scope, records)
            db.session.commit()
            outcomes.append([each.kind for each in done])

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kinds[0] for kinds in outcomes) == ["new", "same", "same", "same"]
    assert len(names(app, fair)) == 12


def test_a_double_click_imports_once(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    address, _ = previewed(ada, "Name\nTwice 1\nTwice 2\n")
    second = app.test_client()
    sign_in(second, fair.organizer_email)
    form = {"column-0": "name", "csrf_token": csrf_token(second.get(f"{LIST}new"))}
    mine = {"column-0": "name", "csrf_token": csrf_token(ada.get(f"{LIST}new"))}
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda who=who, data=data: statuses.append(who.post(address, data=data).status_code))
        for who, data in ((ada, mine), (second, form))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 404]
    assert names(app, fair)[2:] == ["Twice 1", "Twice 2"]


def test_a_large_sheet(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    head = ["Name", "Internal id", "E-mail", "Tags"]
    data = xlsx_bytes(head, [[f"Row {number}", number, f"a{number}@example.org", "Bulk"] for number in range(400)])
    address, page = previewed(ada, data, "large.xlsx")
    assert "Import 400 rows" in page
    assert apply(ada, address).status_code == 303
    assert len(names(app, fair)) == 402
