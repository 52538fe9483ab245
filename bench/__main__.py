"""``python -m bench``: starts the portal and the floor on both databases and prints how they compare."""

import argparse
import json
import os
import pickle
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import orjson
from flask import Flask

from bench import data
from bench.load import CLIENTS, Measured, measure, need_wrk, warm_up
from bench.record import record
from bench.rows import ROWS, Request, Row
from portal.app import create_app
from portal.config import Config
from portal.core.database import database_uri, db
from tests import services

#: The gate: at most this many times the floor.
GATE = 2.0
RESULTS = Path(__file__).parent / "results.json"
WORKERS, THREADS = 2, 4
#: How often the floor and the portal take turns within a row, and how many requests each gets before them.
#: Four connections may all come to one of two workers, which halves a turn: several turns, each with new ones.
TURNS, WARMING = 5, 100
#: What a turn of a second may need of requests that can be sent once; where there are fewer, there are fewer turns.
ENOUGH = 2000
#: A machine that others use as well may take long to start a server.
START_SECONDS = 120


@contextmanager
def served(target: str, port: int, environ: dict[str, str]) -> Iterator[str]:
    """A WSGI app under granian, as `serve` runs it; yields its address."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--log-level", "warning"),
        *("--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--no-ws"),
    ]
    if target.endswith("()"):
        command.append("--factory")
    process = subprocess.Popen(
        [*command, target.removesuffix("()")],
        env=os.environ | environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"The server on {url} ended with {process.returncode}.")
        try:
            urllib.request.urlopen(url, timeout=5)  # noqa: S310 - our own server
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"The server on {url} did not answer.")


@contextmanager
def databases(wanted: list[str], folder: Path) -> Iterator[dict[str, str]]:
    """The databases to measure on: a file, and a PostgreSQL that syncs every commit."""
    with ExitStack() as stack:
        found = {}
        if "sqlite" in wanted:
            found["sqlite"] = f"sqlite:///{folder / 'bench.sqlite3'}"
        if "postgresql" in wanted:
            server = stack.enter_context(services.postgres(durable=True))
            found["postgresql"] = services.create_database(server, "bench")
        yield found


def load_data(environ: dict[str, str], bundle: Path) -> None:
    """Migrate and load, by the portal's own commands."""
    for command in (["db", "upgrade"], ["bundle", "load", str(bundle)]):
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *command],
            env=os.environ | environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"flask {' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")


def floor_requests(index: int, requests: list[Request]) -> list[Request]:
    """The same load for the floor: the row's route, the varying value in the path."""
    return [
        Request(request.method, f"/{index}/{request.variant}/{request.vary or 0}", request.body, request.headers)
        for request in requests
    ]


def bench(name: str, url: str, rows: list[Row], bundle: Path, seconds: int, folder: Path) -> list[dict[str, Any]]:
    """Measure all rows on one database."""
    environ = {
        "DATABASE_URL": url,
        "INSTANCE_PATH": str(folder / name),
        "SECRET_KEY": data.SECRET_KEY,
        "RATELIMIT_ENABLED": "0",
    }
    load_data(environ, bundle)
    app = create_app(
        Config(database_uri=database_uri(url), instance_path=folder / name, secret_key=data.SECRET_KEY, threads=THREADS)
    )
    settle(app)
    return [_measure(name, url, row, app, environ, seconds, folder) for row in rows]


def settle(app: Flask) -> None:
    """What a database does by itself some time after a load: otherwise it would do it during the first row."""
    with app.app_context():
        driver = db.engine.raw_connection().driver_connection
        if driver is None:
            raise SystemExit("The database gave no connection.")
        if db.engine.dialect.name == "postgresql":
            driver.autocommit = True
            driver.execute("VACUUM ANALYZE")
            driver.execute("CHECKPOINT")
            driver.autocommit = False
        else:
            driver.execute("ANALYZE")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _measure(
    name: str, url: str, row: Row, app: Flask, environ: dict[str, str], seconds: int, folder: Path
) -> dict[str, Any]:
    """One row: its requests are made and recorded when its turn comes, since rows before it may have changed things."""
    with app.app_context():
        sent = list(row.requests())
    recorded = [record(app, row, sent, variant) for variant in sorted({one.variant for one in sent})]
    rows_file = folder / f"{name}.pickle"
    rows_file.write_bytes(pickle.dumps([recorded]))
    ours, theirs = (sent[: len(sent) // 2], sent[len(sent) // 2 :]) if row.once else (sent, sent)
    seconds = max(seconds, row.slow)
    floor_environ = {"FLOOR_ROWS": str(rows_file), "FLOOR_DATABASE": url}
    with (
        served("bench.floor:create_app()", services.free_port(), floor_environ) as floor,
        served("wsgi:app", services.free_port(), environ) as portal,
    ):
        sides = (floor, parts(row, floor_requests(0, theirs))), (portal, parts(row, ours))
        for address, (warm, _) in sides:
            warm_up(address, warm)
        turns = [
            [measure(address, slices[turn], seconds, folder, clients=row.clients) for address, (_, slices) in sides]
            for turn in range(len(sides[0][1][1]))
        ]
    if row.once:
        for turn, measured in enumerate(turns):
            for (_, (_, slices)), found in zip(sides, measured, strict=True):
                if found.rate * seconds > len(slices[turn]):
                    raise SystemExit(f"{row.name} ran out of requests that can be sent once: load more tickets.")
    return _result(name, row, turns)


def parts(row: Row, requests: list[Request]) -> tuple[list[Request], list[list[Request]]]:
    """What warms a server up, and what each turn sends; where a request can be sent once only, each gets its own."""
    if not row.once:
        warming = WARMING // 10 if row.slow else WARMING
        return [requests[number % len(requests)] for number in range(warming)], [requests] * TURNS
    rest = requests[WARMING:]
    turns = max(1, min(TURNS, len(rest) // ENOUGH))
    size = len(rest) // turns
    return requests[:WARMING], [rest[turn * size : (turn + 1) * size] for turn in range(turns)]


def _result(name: str, row: Row, turns: list[list[Measured]]) -> dict[str, Any]:
    """The middle turn's figures: what else happens on the machine in one turn does not count."""
    low, ours = zip(*turns, strict=True)
    rate = statistics.median(one.rate for one in ours)
    ratios = [floor.rate / portal.rate for floor, portal in turns if portal.rate]
    return {
        "database": name,
        "row": row.name,
        "rate": _rounded(rate),
        "p50_ms": round(statistics.median(one.p50 for one in ours), 2),
        "p99_ms": round(statistics.median(one.p99 for one in ours), 2),
        "floor_rate": _rounded(statistics.median(one.rate for one in low)),
        "ratio": round(statistics.median(ratios), 2) if ratios else None,
        "goal": row.goal if name == "postgresql" else None,
        "failures": sum(one.failures for turn in turns for one in turn),
    }


def _rounded(rate: float) -> float:
    """Whole requests; a tenth counts where one takes that long."""
    return round(rate) if rate >= 10 else round(rate, 1)


def show(results: list[dict[str, Any]]) -> bool:
    """Print the table; whether every row stays within the gate without a failure."""
    head = f"{'database':<12}{'row':<32}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'floor/s':>9}{'ratio':>7}{'goal':>7}"
    print(f"\n{head}\n{'-' * len(head)}")
    good = True
    for line in results:
        within = line["ratio"] is not None and line["ratio"] <= GATE and not line["failures"]
        good = good and within
        goal = line["goal"] or ""
        mark = "" if within else f"  over {GATE:g}×" if not line["failures"] else f"  {line['failures']} failures"
        print(
            f"{line['database']:<12}{line['row']:<32}{line['rate']:>8}{line['p50_ms']:>9}{line['p99_ms']:>9}"
            f"{line['floor_rate']:>9}{line['ratio'] or '-':>7}{goal:>7}{mark}"
        )
    return good


def main() -> None:
    """Read the arguments, measure, print, and keep the results."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=2, help="of load for each of the turns")
    parser.add_argument("--seats", type=int, default=10_000)
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--row", action="append", help="only rows whose name holds this")
    arguments = parser.parse_args()
    need_wrk()
    rows = [row for row in ROWS if not arguments.row or any(part in row.name for part in arguments.row)]
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        bundle = folder / "bundle.json"
        bundle.write_bytes(orjson.dumps(data.build(arguments.seats, arguments.tickets)))
        with databases(arguments.database or ["sqlite", "postgresql"], folder) as urls:
            for kind, url in urls.items():
                results += bench(kind, url, rows, bundle, arguments.seconds, folder)
    good = show(results)
    if not arguments.row and not arguments.database:
        machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "clients": CLIENTS}
        size = {"seats": arguments.seats, "tickets": arguments.tickets}
        RESULTS.write_text(json.dumps({"machine": machine, "size": size, "rows": results}, indent=2) + "\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
