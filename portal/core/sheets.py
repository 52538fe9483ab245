"""Tables in files: CSV and XLSX read as text, and written so that no cell becomes a formula."""

import csv
import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from xml.parsers.expat import ExpatError

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from portal.core.errors import InvalidInput
from portal.core.moments import EARLIEST, in_zone
from portal.core.sentences import Sentence
from portal.core.xlsx_guard import check_xlsx

MOST_ROWS = 50_000
MOST_COLUMNS = 200
MOST_CELL = 32_767
#: What a program that opens a CSV file takes for the start of a formula; some read full-width signs like plain ones.
SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_FORMULA = (*SIGNS, "\t", "\r", "\n")
_NUMBER_CHARACTERS = frozenset("0123456789.,")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: the line of the file it stands in, and a text for each column of the head."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the titles of its columns, and its rows without the empty ones."""

    head: Sequence[str]
    rows: Sequence[Row]


# --------------------------------------------------------------------------------------------------------- reading


def read_sheet(data: bytes, filename: str) -> Sheet:
    """The first table of a CSV file (comma, semicolon or tab; UTF-8 or Windows' own encoding) or an XLSX file.

    Raises `InvalidInput` on ``file``, with what is wrong and what to do.
    """
    if not data:
        raise _refused(Sentence("The file is empty."))
    lines = _read_xlsx(data) if data[:2] == b"PK" or filename.lower().endswith(".xlsx") else _read_csv(data)
    return _sheet(lines)


def _refused(message: Sentence) -> InvalidInput:
    return InvalidInput({"file": [message]})


def _read_csv(data: bytes) -> Iterator[tuple[int, list[str]]]:
    if b"\0" in data:
        raise _refused(Sentence("This is no CSV or XLSX file. Save the table as one of the two."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _refused(
                Sentence("Line %(line)s cannot be read: %(error)s.", line=reader.line_num, error=error)
            ) from error
        yield line, cells
        line = reader.line_num + 1


def _read_xlsx(data: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        check_xlsx(data)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (
        CalamineError,
        zipfile.BadZipFile,
        ExpatError,
        IndexError,
        OSError,
        RuntimeError,
        ValueError,
        zlib.error,
    ) as error:
        raise _refused(Sentence("This XLSX file cannot be read. Save it again, or as CSV.")) from error
    for line, row in enumerate(rows, 1):
        yield line, [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    """A cell as somebody would type it."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="minutes" if not cell.second else "seconds")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def _sheet(lines: Iterable[tuple[int, list[str]]]) -> Sheet:
    head: list[str] = []
    rows: list[Row] = []
    for line, cells in lines:
        texts = [cell.strip() for cell in cells]
        if not any(texts):
            continue
        if not head:
            head = _head(texts)
            continue
        if len(rows) == MOST_ROWS:
            raise _refused(Sentence("The file has more than %(count)s rows. Split it.", count=f"{MOST_ROWS:,}"))
        if any(texts[len(head) :]):
            raise _refused(Sentence("Line %(line)s has more cells than the first line has titles.", line=line))
        if any(len(text) > MOST_CELL or "\0" in text for text in texts):
            raise _refused(Sentence("Line %(line)s has a cell that is too long or holds a null character.", line=line))
        rows.append(Row(line, (texts + [""] * len(head))[: len(head)]))
    if not head:
        raise _refused(Sentence("The file is empty."))
    if not rows:
        raise _refused(Sentence("The file has titles, but no rows below them."))
    return Sheet(head, rows)


def _head(texts: list[str]) -> list[str]:
    while not texts[-1]:
        texts.pop()
    if len(texts) > MOST_COLUMNS:
        raise _refused(Sentence("The file has more than %(count)s columns.", count=MOST_COLUMNS))
    return [text[:200] or f"#{number}" for number, text in enumerate(texts, 1)]


# --------------------------------------------------------------------------------------------------------- writing


def plain(value: object) -> str:
    """A value as the text of a CSV cell; one that would be a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    text = str(value)
    if text.startswith(_FORMULA) and not isinstance(value, int | float | Decimal) and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    """Whether a text with a sign is a number and nothing else: a phone number is, ``-1+2`` is not."""
    rest = text[1:].replace(" ", "")
    return text[0] in "+-" and bool(rest) and _NUMBER_CHARACTERS.issuperset(rest)


def csv_chunks(head: Sequence[str], rows: Iterable[Sequence[object]], *, delimiter: str = ",") -> Iterator[bytes]:
    """A CSV file in pieces: UTF-8 with the mark that spreadsheets look for, lines ended as RFC 4180 says."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([plain(title) for title in head])
    yield _BOM
    for row in rows:
        if out.tell() > 32_768:
            yield _taken(out)
        writer.writerow([plain(value) for value in row])
    yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode("utf-8", errors="replace")


def xlsx_bytes(
    head: Sequence[str], rows: Iterable[Sequence[object]], *, zone: dt.tzinfo = dt.UTC, title: str = "Sheet1"
) -> bytes:
    """An XLSX file with one sheet: numbers, booleans and dates (in ``zone``) as such, everything else as text."""
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    book = xlsxwriter.Workbook(out, options)
    sheet = book.add_worksheet("".join(char for char in title if char not in "[]:*?/\\'")[:31] or "Sheet1")
    bold = book.add_format({"bold": True})
    formats = {
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "money": book.add_format({"num_format": "0.00"}),
    }
    for column, name in enumerate(head):
        sheet.write_string(0, column, name, bold)
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            _write(sheet, number, column, value, zone, formats)
    book.close()
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, value: object, zone: dt.tzinfo, formats: dict[str, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, Decimal):
        sheet.write_number(row, column, float(value), formats["money"])
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif isinstance(value, dt.datetime):
        local = in_zone(value, zone).replace(tzinfo=None)
        if local.year < EARLIEST.year:  # sheets count days since then
            sheet.write_string(row, column, plain(local))
        else:
            sheet.write_datetime(row, column, local, formats["moment"])
    elif isinstance(value, dt.date):
        sheet.write_datetime(row, column, value, formats["day"])
    else:
        sheet.write_string(row, column, str(value)[:MOST_CELL])
