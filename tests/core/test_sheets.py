"""Tables in files: what is read of CSV and XLSX, and that what is written comes back and is never a formula."""

import csv
import datetime as dt
import io
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from portal.core import uploads
from portal.core.actors import Actor
from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.core.sheets import MOST_ROWS, csv_chunks, plain, read_sheet, xlsx_bytes
from tests.fair import Fair

HEAD = ["name", "note", "count", "price", "when", "day", "ok"]
MOMENT = dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC)
ROWS: list[list[object]] = [
    ["Jürgen Groß", '=HYPERLINK("http://x")', 3, Decimal("12.50"), MOMENT, dt.date(2026, 11, 20), True],
    ["O’Neill, Zoë", 'two\nlines; "quoted"', 0, None, None, None, False],
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_in_every_dress(delimiter: str, encoding: str) -> None:
    text = delimiter.join(["name", "booth"]) + "\r\n" + delimiter.join([" Müller ", "A 1"]) + "\r\n\r\n"
    sheet = read_sheet(text.encode(encoding), "x.csv")
    assert list(sheet.head) == ["name", "booth"]
    assert [(row.line, list(row.cells)) for row in sheet.rows] == [(2, ["Müller", "A 1"])]


def test_lines_are_those_of_the_file() -> None:
    sheet = read_sheet(b'name,note\n"a","one\ntwo"\n\nb\n', "x.csv")
    assert [(row.line, list(row.cells)) for row in sheet.rows] == [(2, ["a", "one\ntwo"]), (5, ["b", ""])]


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "x.csv", "empty"),
        (b"\n\n", "x.csv", "empty"),
        (b"name,booth\n", "x.csv", "no rows"),
        (b"name\na,b\n", "x.csv", "Line 2 has more cells"),
        (b'name\n"a', "x.csv", "cannot be read"),
        (b"name\na\0b", "x.csv", "no CSV or XLSX"),
        (b"PK\x03\x04 no archive", "x.xlsx", "cannot be read"),
        (b"name\n" + b"a\n" * (MOST_ROWS + 1), "x.csv", "more than 50,000 rows"),
        (b"name\n" + b"a" * 40_000, "x.csv", "too long"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, name: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        read_sheet(data, name)
    assert set(refused.value.fields) == {"file"}


def test_csv_comes_back() -> None:
    data = b"".join(csv_chunks(HEAD, ROWS, delimiter=";"))
    assert data.startswith(b"\xef\xbb\xbf")
    back = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert back[0] == HEAD
    assert back[1] == [
        "Jürgen Groß",
        '\'=HYPERLINK("http://x")',
        "3",
        "12.50",
        "2026-11-20T09:30:00+00:00",
        "2026-11-20",
        "true",
    ]
    assert back[2][:3] == ["O’Neill, Zoë", 'two\nlines; "quoted"', "0"]
    assert len(b"".join(csv_chunks(["n"], ([str(n)] for n in range(20_000)))).splitlines()) == 20_001


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("-1+2", "'-1+2"),
        ("+49 30 123", "+49 30 123"),
        ("-", "'-"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        (-5, "-5"),
        (Decimal("-1.20"), "-1.20"),
        (None, ""),
        ("plain", "plain"),
    ],
)
def test_no_cell_becomes_a_formula(value: object, cell: str) -> None:
    assert plain(value) == cell


def test_xlsx_comes_back_with_its_types() -> None:
    data = xlsx_bytes(HEAD, ROWS, zone=ZoneInfo("Europe/Berlin"), title="Leads: all")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    head, first, second = sheet.to_python()
    assert head == HEAD
    assert first == [
        "Jürgen Groß",
        '=HYPERLINK("http://x")',
        3.0,
        12.5,
        MOMENT.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None),
        dt.date(2026, 11, 20),
        True,
    ]
    assert second[:3] == ["O’Neill, Zoë", 'two\nlines; "quoted"', 0.0]
    again = read_sheet(data, "x.xlsx")
    assert again.rows[0].cells[4:] == ["2026-11-20 10:30", "2026-11-20", "true"]


def test_uploads_are_their_owners_alone(app: Flask, fair: Fair) -> None:
    ada, eve = Actor("user", 1, "Ada"), Actor("user", 2, "Eve")
    with app.app_context():
        first = uploads.keep(actor=ada, kind="exhibitors", event_id=fair.event, filename="a.csv", data=b"1")
        kept = uploads.keep(actor=ada, kind="exhibitors", event_id=fair.event, filename="b.csv", data=b"2")
        others = uploads.keep(actor=eve, kind="exhibitors", event_id=fair.event, filename="c.csv", data=b"3")
        assert first.id != kept.id
        found = uploads.kept(actor=ada, kind="exhibitors", event_id=fair.event, upload_id=kept.id)
        assert found.data == b"2"
        for kind, event, upload in (
            ("exhibitors", fair.event, others.id),
            ("exhibitors", fair.event, first.id),
            ("orders", fair.event, kept.id),
            ("exhibitors", fair.foreign_event, kept.id),
        ):
            with pytest.raises(NotFound):
                uploads.kept(actor=ada, kind=kind, event_id=event, upload_id=upload)
        kept.created -= 2 * uploads.KEPT
        db.session.commit()
        assert uploads.purge() == 1
