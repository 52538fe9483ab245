"""Records the statements that the portal sends for a request, so that the floor can replay them."""

from typing import Any

import sqlalchemy as sa
from flask import Flask

from bench.rows import Request
from portal.core.database import db

#: What stands for the varying value in recorded parameters.
VARYING = "__varying__"


def record(app: Flask, request: Request) -> dict[str, Any]:
    """The statements of ``request`` in their order, with parameters as the driver gets them, and whether it writes.

    The request is sent twice and the second one counts: caches and prepared state are then as they are under load.
    """
    statements: list[tuple[str, Any]] = []
    commits: list[bool] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.append((statement, parameters if many else _marked(parameters, request.vary)))

    with app.app_context():
        engine = db.engine
    client = app.test_client()
    for _ in range(2):
        statements.clear()
        commits.clear()
        sa.event.listen(engine, "before_cursor_execute", note)
        sa.event.listen(engine, "commit", lambda _connection: commits.append(True))
        answer = client.open(request.path, method=request.method, data=request.body, headers=request.headers)
        sa.event.remove(engine, "before_cursor_execute", note)
    if answer.status_code >= 300:
        raise SystemExit(f"{request.method} {request.path} answered {answer.status_code}: {answer.text[:300]}")
    return {"statements": list(statements), "writes": bool(commits), "bytes": len(answer.data)}


def _marked(parameters: Any, vary: Any) -> Any:
    if vary is None:
        return parameters
    if isinstance(parameters, dict):
        return {key: _mark(value, vary) for key, value in parameters.items()}
    return [_mark(value, vary) for value in parameters]


def _mark(value: Any, vary: Any) -> Any:
    return VARYING if type(value) is type(vary) and value == vary else value
