"""Records the statements that the portal sends for a request, so that the floor can replay them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask

from bench.rows import Request, Row
from portal.core.database import db
from portal.core.models import AuditEntry

#: What stands for the varying value in recorded parameters, and for the id that the last ``RETURNING`` gave.
VARYING = "__varying__"
RETURNED = "__returned__"


def record(app: Flask, row: Row, requests: Sequence[Request], variant: int = 0) -> dict[str, Any]:
    """The statements of a row's last request of a variant, with parameters as the driver gets them, and if it writes.

    Before it, the requests of the row on the same thing are sent: caches are then as they are under load, and a request
    that changes something finds it as the one before left it. Of requests that can be sent ``once``, two are.
    """
    last = [request for request in requests if request.variant == variant][-1]
    others = [one for one in requests if one.vary == last.vary and one.variant != variant]
    statements: list[tuple[str, Any]] = []
    commits: list[bool] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.append((statement, parameters))

    def committed(_connection: Any) -> None:
        commits.append(True)

    with app.app_context():
        engine = db.engine
    client = app.test_client(use_cookies=False)
    sa.event.listen(engine, "before_cursor_execute", note)
    sa.event.listen(engine, "commit", committed)
    sent = requests[-2:] if row.once else [*others, last] * 2
    for request in sent:
        statements.clear()
        commits.clear()
        answer = client.open(request.path, method=request.method, data=request.body, headers=request.headers)
        if answer.status_code >= 300 and answer.status_code != 304:
            raise SystemExit(f"{request.method} {request.path} answered {answer.status_code}: {answer.text[:300]}")
    sa.event.remove(engine, "before_cursor_execute", note)
    sa.event.remove(engine, "commit", committed)
    writes = last.method != "GET" and not row.reads
    if row.reads and commits:
        raise SystemExit(f"{last.method} {last.path} changed something: the floor of one that reads is too low.")
    if writes and not commits:
        raise SystemExit(f"{last.method} {last.path} changed nothing: the floor would have nothing to write.")
    with app.app_context():
        audited = any("INTO audit_log" in text for text, _ in statements)
        entry = db.session.scalar(sa.select(sa.func.max(AuditEntry.id))) if audited else None
    marks = {VARYING: last.vary, RETURNED: entry}
    marked = [(text, _marked(parameters, marks)) for text, parameters in statements]
    return {"statements": marked, "writes": writes, "body": answer.data if row.kept else None}


def _marked(parameters: Any, marks: dict[str, Any]) -> Any:
    if isinstance(parameters, dict):
        return {key: _mark(value, marks) for key, value in parameters.items()}
    if isinstance(parameters, list | tuple) and parameters and isinstance(parameters[0], dict | tuple | list):
        return [_marked(each, marks) for each in parameters]
    return [_mark(value, marks) for value in parameters]


def _mark(value: Any, marks: dict[str, Any]) -> Any:
    """A mark where a parameter is exactly what the mark stands for."""
    for mark, meant in marks.items():
        if meant is not None and type(value) is type(meant) and value == meant:
            return mark
    return value
