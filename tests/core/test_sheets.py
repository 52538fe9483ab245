"""Tables in files: what is read of CSV and XLSX, and that what is written comes back and is never a formula."""

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from portal.core import uploads, xlsx_guard
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
        ("\uff1d1+1", "'\uff1d1+1"),
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


def _rewritten(data: bytes, **parts: bytes) -> bytes:
    """An XLSX file with other parts; ``__`` is a slash in their names, ``_`` behind the name is left out."""
    out = io.BytesIO()
    given = {
        name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"): each for name, each in parts.items()
    }
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, given.pop(name) if name in given else old.read(name))
        for name, each in given.items():
            new.writestr(name, each)
    return out.getvalue()


def _sheet(cells: str) -> bytes:
    start = '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
    return f"{start}{cells}</x:sheetData></x:worksheet>".encode()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (
            '<x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row>'
            "<x:row r='1048576'><x:c r='XFD1048576'><x:v>2</x:v></x:c></x:row>",
            "line 1048576",
        ),
        ('<x:row r="1048576"><x:c><x:v>2</x:v></x:c><x:c/><x:c/><x:c><x:v>2</x:v></x:c></x:row>', "column 4"),
        ('<x:row r="1"><x:c t="s"><x:v>0</x:v></x:c></x:row>' * 30, "too large"),
        ("<x:row>", "cannot be read"),
    ],
    ids=["far away", "without places", "one text many times", "broken"],
)
def test_small_files_that_would_fill_the_memory(cells: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_guard, "MOST_TEXT", 100)
    given = _rewritten(xlsx_bytes(["title"], [["text " * 2]]), xl__worksheets__sheet1_xml=_sheet(cells))
    with pytest.raises(InvalidInput) as refused:
        read_sheet(given, "x.xlsx")
    assert words in str(refused.value.fields["file"][0])


def test_cells_that_hold_nothing_do_not_count() -> None:
    cells = '<x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row><x:row r="2"><x:c r="A2"><x:v>2</x:v></x:c></x:row>'
    cells += '<x:row r="1048576"><x:c r="XFD1048576" s="1"/></x:row>'
    given = _rewritten(xlsx_bytes(["title"], [["text"]]), xl__worksheets__sheet1_xml=_sheet(cells))
    assert [row.cells for row in read_sheet(given, "x.xlsx").rows] == [["2"]]


def test_an_archive_is_measured_whatever_it_says_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    given = _rewritten(xlsx_bytes(["title"], [["text"]]), xl__media_bin=b"0" * 300_000)
    assert read_sheet(given, "x.xlsx").head == ["title"]
    lying = given.replace((300_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != given
    monkeypatch.setattr(xlsx_guard, "MOST_UNPACKED", 100_000)
    with pytest.raises(InvalidInput, match="too large"):
        read_sheet(lying, "x.xlsx")


@pytest.mark.parametrize("part", ["content_xml", "xl__workbook_bin"])
def test_other_kinds_of_workbooks_are_refused(part: str) -> None:
    given = _rewritten(xlsx_bytes(["title"], [["text"]]), **{part: b"<office/>"})
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_sheet(given, "x.xlsx")


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
