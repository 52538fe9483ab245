"""Records the statements that the portal sends for a request, so that the floor can replay them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask

from bench.rows import Request
from portal.core.database import db

#: What stands for the varying value in recorded parameters.
VARYING = "__varying__"


def record(app: Flask, requests: Sequence[Request], *, once: bool = False) -> dict[str, Any]:
    """The statements of a row's last request, with parameters as the driver gets them, and whether it writes.

    Before it, the requests of the row on the same thing are sent: caches are then as they are under load, and a request
    that changes something finds it as the one before left it. Of requests that can be sent ``once``, two are.
    """
    last = requests[-1]
    statements: list[tuple[str, Any]] = []
    commits: list[bool] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.append((statement, parameters if many else _marked(parameters, last.vary)))

    def committed(_connection: Any) -> None:
        commits.append(True)

    with app.app_context():
        engine = db.engine
    client = app.test_client()
    sa.event.listen(engine, "before_cursor_execute", note)
    sa.event.listen(engine, "commit", committed)
    sent = requests[-2:] if once else [one for one in requests if one.path == last.path] * 2
    for request in sent:
        statements.clear()
        commits.clear()
        answer = client.open(request.path, method=request.method, data=request.body, headers=request.headers)
        if answer.status_code >= 300 and answer.status_code != 304:
            raise SystemExit(f"{request.method} {request.path} answered {answer.status_code}: {answer.text[:300]}")
    sa.event.remove(engine, "before_cursor_execute", note)
    sa.event.remove(engine, "commit", committed)
    writes = last.method != "GET"
    if writes and not commits:
        raise SystemExit(f"{last.method} {last.path} changed nothing: the floor would have nothing to write.")
    return {"statements": list(statements), "writes": writes}


def _marked(parameters: Any, vary: Any) -> Any:
    if vary is None:
        return parameters
    if isinstance(parameters, dict):
        return {key: _mark(value, vary) for key, value in parameters.items()}
    return [_mark(value, vary) for value in parameters]


def _mark(value: Any, vary: Any) -> Any:
    return VARYING if type(value) is type(vary) and value == vary else value
