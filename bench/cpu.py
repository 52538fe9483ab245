"""``python -m bench.cpu``: the same rows by the processor time of one process, for machines that others use as well."""

import argparse
import gc
import os
import pickle
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
from flask import Flask

from bench import data
from bench.__main__ import GATE, databases, floor_requests, load_data, settle
from bench.floor import create_app as create_floor
from bench.record import record
from bench.rows import ROWS, Request, Row
from portal.app import create_app
from portal.config import Config
from portal.core.database import database_uri
from portal.web import logs

#: How often the portal and the floor take turns within a row.
TURNS = 15


def _environ(request: Request) -> dict[str, Any]:
    path, _, query = request.path.partition("?")
    headers: dict[str, Any] = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()
    }
    body = request.body or b""
    return headers | {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _spent(app: Flask, endless: Iterator[Request], seconds: float) -> list[float]:
    """Seconds of processor time for each request that is sent in some time."""
    spent: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(spent) < 2:
        request = next(endless)
        before = time.process_time()
        _send(app, request)
        spent.append(time.process_time() - before)
    return spent


def _send(app: Flask, request: Request) -> None:
    answered: list[str] = []
    body: Any = app(_environ(request), lambda status, _headers, _info=None: answered.append(status))  # type: ignore[arg-type]
    for _ in body:
        pass
    getattr(body, "close", lambda: None)()
    if answered[0][0] not in "23":
        raise SystemExit(f"{request.method} {request.path} answered {answered[0]}")


def _round(requests: Sequence[Request]) -> Iterator[Request]:
    while True:
        yield from requests


def _measure(row: Row, app: Flask, url: str, seconds: float, folder: Path) -> tuple[float, float]:
    with app.app_context():
        sent = list(row.requests())
    recorded = [record(app, row, sent, variant) for variant in sorted({one.variant for one in sent})]
    rows_file = folder / "rows.pickle"
    rows_file.write_bytes(pickle.dumps([recorded]))
    os.environ |= {"FLOOR_ROWS": str(rows_file), "FLOOR_DATABASE": url}
    ours, theirs = (sent[: len(sent) // 2], sent[len(sent) // 2 :]) if row.once else (sent, sent)
    sides: Any = (app, _round(ours)), (create_floor(), _round(floor_requests(0, theirs)))
    for side, endless in sides:
        for _ in range(min(10, len(ours))):
            _send(side, next(endless))

    # In turns, so that what others do on the machine slows both; the lower quartile of each, which it slows least.
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for kept, (side, endless) in zip(spent, sides, strict=True):
            kept += _spent(side, endless, seconds / TURNS)
    low, high = (statistics.quantiles(kept, n=4)[0] * 1000 for kept in reversed(spent))
    return high, low


def main(report: Callable[[str], None] = print) -> None:
    """Read the arguments, measure and print; the processor time of PostgreSQL itself is in neither figure."""
    parser = argparse.ArgumentParser(prog="python -m bench.cpu", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--seats", type=int, default=1000)
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--row", action="append", help="only rows whose name holds this")
    arguments = parser.parse_args()
    rows = [row for row in ROWS if not arguments.row or any(part in row.name for part in arguments.row)]
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        bundle = folder / "bundle.json"
        bundle.write_bytes(orjson.dumps(data.build(arguments.seats, arguments.tickets)))
        with databases(arguments.database or ["sqlite", "postgresql"], folder) as urls:
            for kind, url in urls.items():
                environ = {"DATABASE_URL": url, "INSTANCE_PATH": str(folder / kind), "SECRET_KEY": data.SECRET_KEY}
                load_data(environ, bundle)
                instance = folder / kind
                config = Config(
                    database_uri=database_uri(url), instance_path=instance, secret_key=data.SECRET_KEY, testing=True
                )
                app = create_app(config)
                gc.collect()
                gc.freeze()  # as wsgi.py does
                gc.set_threshold(10_000, 20, 50)

                # As in production: a developer's log costs more than many a request.
                logs.configure(development=False, stream=(folder / "requests.log").open("w"), once=True)
                settle(app)
                for row in rows:
                    ours, low = _measure(row, app, url, arguments.seconds, folder)
                    over = "" if ours <= GATE * low else f"  over {GATE:g}×"
                    report(f"{kind:<12}{row.name:<28}{ours:8.2f} ms{low:8.2f} ms{ours / low:7.2f}{over}")


if __name__ == "__main__":
    main()
