"""The log: one line for each request, JSON in production and readable in development, and never a secret.

Lines hold route patterns instead of paths, because paths and queries carry codes and keys.
"""

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TextIO

import orjson
import structlog
from flask import Flask, Response
from flask.globals import app_ctx, request_ctx
from prometheus_client import Counter, Histogram
from structlog.typing import Processor

from portal.core.meters import REQUEST_SECONDS, REQUESTS
from portal.web.access import actor

log = structlog.get_logger("portal.request")

#: Asked every few seconds by machines; a line only where something is wrong.
_QUIET = frozenset(("static", "ops.healthz", "ops.readyz", "ops.metrics"))
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_LINE = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
#: What PostgreSQL adds to an error repeats values of the row.
_DETAIL = re.compile(r"^(DETAIL|CONTEXT|PARAMETERS): .*$", re.MULTILINE)


def configure(*, development: bool, stream: TextIO | None = None, once: bool = False) -> None:
    """Send everything that is logged, ours and the libraries', to ``stream`` (standard error) in one form.

    ``once`` is for processes that never change their mind: loggers then remember what was said here.
    """
    level = logging.INFO
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_values,
    ]
    output = stream or sys.stderr
    _Direct.stream = None if development else output
    renderer: Processor = structlog.processors.JSONRenderer(serializer=_dumps)
    if development:
        # Without values of variables: the default prints them.
        plain = structlog.dev.plain_traceback
        renderer = structlog.dev.ConsoleRenderer(colors=output.isatty(), exception_formatter=plain)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=once,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # These print paths, queries or statements.
    for name in ("werkzeug", "httpx", "httpcore", "urllib3", "sqlalchemy.engine", "huey"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


class _Direct:
    """Where the line of a request goes without passing the processors, which add nothing to it but time."""

    stream: TextIO | None = None


def _dumps(value: Any, **_options: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def _without_values(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out of a traceback what the database says about values."""
    if "exception" in line:
        line["exception"] = _DETAIL.sub(r"\1: (left out)", line["exception"])
    return line


@cache
def _meters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, status), REQUEST_SECONDS.labels(method, route)


def init_app(app: Flask) -> None:
    """Log and count every request. Call it before the other hooks, so that it sees the answer as it leaves."""

    @app.after_request
    def finish(response: Response) -> Response:
        notes, current = app_ctx.g, request_ctx.request
        seconds = time.perf_counter() - notes.started if "started" in notes else 0.0
        rule = current.url_rule
        route = rule.rule if rule is not None else "(none)"
        method = current.method if current.method in _METHODS else "OTHER"
        status = response.status_code
        counter, histogram = _meters(method, route, status)
        counter.inc()
        histogram.observe(seconds)
        if current.endpoint in _QUIET and status < 400:
            return response
        who = actor()
        fields: dict[str, Any] = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "actor": who.kind if who.id is None else f"{who.kind}:{who.id}",
            "request_id": notes.get("request_id", ""),
        }
        stream = _Direct.stream
        if stream is not None and status < 500:
            fields["event"], fields["level"], fields["timestamp"] = "request", "info", datetime.now(UTC)
            stream.write(orjson.dumps(fields, option=_LINE).decode())
            stream.flush()
        else:
            (log.error if status >= 500 else log.info)("request", **fields)
        return response
