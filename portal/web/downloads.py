"""Files that pages give away: CSV, XLSX, JSON, with a name that says what they are."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Response, stream_with_context

from portal.core.sheets import csv_chunks, xlsx_bytes
from portal.web.rest import dumps

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(body: bytes | Iterator[bytes], filename: str, content_type: str) -> Response:
    """A file to keep; a body in pieces is streamed while the request's reads are still open."""
    content: Any = body if isinstance(body, bytes) else stream_with_context(body)
    response = Response(content, content_type=content_type)
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    response.headers.set("Content-Disposition", "attachment", filename=re.sub(r"[^A-Za-z0-9._-]+", "-", plain))
    response.headers["Cache-Control"] = "private, no-store"
    return response


def csv_download(
    filename: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, delimiter: str = ","
) -> Response:
    """A CSV file, streamed (see `portal.core.sheets.csv_chunks`)."""
    return download(csv_chunks(head, rows, delimiter=delimiter), filename, "text/csv; charset=utf-8")


def xlsx_download(
    filename: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, zone: dt.tzinfo, title: str
) -> Response:
    """An XLSX file with one sheet (see `portal.core.sheets.xlsx_bytes`)."""
    return download(xlsx_bytes(head, rows, zone=zone, title=title), filename, XLSX)


def json_download(filename: str, data: Any) -> Response:
    """A JSON file."""
    return download(dumps(data), filename, "application/json")
