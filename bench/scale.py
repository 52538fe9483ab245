"""``python -m bench.scale``: the gates' rows at 10,000 and 100,000 tickets; what grows with the data is seen."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

from bench import data
from bench.__main__ import bench, databases, show
from bench.load import need_wrk
from bench.rows.checkin import SCALED

SIZES = (10_000, 100_000)
#: Rows that may cost at most so many times more at the larger size.
FLAT = ("gate: search by name", "gate: status")
MOST_GROWTH = 1.5
RESULTS = Path(__file__).parent / "scale.json"
SEATS = 1000


def measured(kind: str, tickets: int, seconds: int, parts: list[str]) -> list[dict[str, Any]]:
    """All rows on one database of one size."""
    rows = [row for row in SCALED if not parts or any(part in row.name for part in parts)]
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        bundle = folder / "bundle.json"
        bundle.write_bytes(orjson.dumps(data.build(SEATS, tickets)))
        with databases([kind], folder) as urls:
            found = bench(kind, urls[kind], rows, bundle, seconds, folder)
    return [line | {"tickets": tickets} for line in found]


def growth(results: list[dict[str, Any]]) -> bool:
    """Print how many times slower each row is at the larger size; whether those that may not grow do not."""
    rates = {(line["database"], line["row"], line["tickets"]): line["rate"] for line in results}
    good = True
    for database, row in dict.fromkeys((line["database"], line["row"]) for line in results):
        small, large = (rates[database, row, size] for size in SIZES)
        times = small / large if large else float("inf")
        within = row not in FLAT or times <= MOST_GROWTH
        good = good and within
        print(f"{database:<12}{row:<32}{times:6.2f} times slower{'' if within else f'  over {MOST_GROWTH}'}")
    return good


def main() -> None:
    """Measure both sizes on both databases, print, and keep the results."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--seconds", type=int, default=1, help="of load for each of the turns")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--row", action="append", help="only rows whose name holds this")
    arguments = parser.parse_args()
    need_wrk()
    results: list[dict[str, Any]] = []
    for kind in arguments.database or ["sqlite", "postgresql"]:
        for size in SIZES:
            found = measured(kind, size, arguments.seconds, arguments.row or [])
            print(f"\n{size:,} tickets", end="")
            show(found)
            results += found
    good = growth(results)
    if not arguments.row and not arguments.database:
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
