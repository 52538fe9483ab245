"""``python -m bench.scale``: 10,000 and 100,000 tickets, 10,000 and 60,000 seats; what grows with the data is seen."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench import data
from bench.__main__ import bench, databases, show
from bench.load import need_wrk
from bench.rows import Row
from bench.rows.checkin import SCALED as GATES
from bench.rows.seats import SCALED as SEATS


@dataclass(frozen=True)
class Part:
    """What is measured at two sizes. Rows that are ``flat`` may not cost more where there is more.

    All others may grow as the data does, and no faster.
    """

    name: str
    sizes: tuple[int, int]
    rows: tuple[Row, ...]
    flat: frozenset[str]
    build: Callable[[int], dict[str, Any]]

    def most(self, row: str) -> float:
        """How many times slower a row may be at the larger size; the rest is what measuring twice differs by."""
        return 1.5 if row in self.flat else 1.2 * self.sizes[1] / self.sizes[0]


_LISTS = ("seats list", "seats is_available")
PARTS = (
    Part(
        "tickets",
        (10_000, 100_000),
        GATES,
        frozenset(("gate: search by name", "gate: status")),
        lambda size: data.build(1000, size),
    ),
    Part(
        "seats",
        (10_000, 60_000),
        SEATS,
        # Lists count all that they are part of; all else looks at as many seats in a large hall as in a small one.
        frozenset(row.name for row in SEATS if row.name not in _LISTS),
        lambda size: data.build(size, 10_000),
    ),
)
RESULTS = Path(__file__).parent / "scale.json"


def measured(part: Part, kind: str, size: int, seconds: int, names: list[str]) -> list[dict[str, Any]]:
    """All rows on one database of one size."""
    rows = [row for row in part.rows if not names or any(name in row.name for name in names)]
    if not rows:
        return []
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        bundle = folder / "bundle.json"
        bundle.write_bytes(orjson.dumps(part.build(size)))
        with databases([kind], folder) as urls:
            found = bench(kind, urls[kind], rows, bundle, seconds, folder)
    return [line | {part.name: size} for line in found]


def growth(part: Part, results: list[dict[str, Any]]) -> bool:
    """Print how many times slower each row is at the larger size; whether none grew by more than it may.

    Beside it the floor's own growth: where that is as large, the machine was busier, or the statements cost more.
    """
    rates = {(line["database"], line["row"], line[part.name]): (line["rate"], line["floor_rate"]) for line in results}
    good = True
    for database, row in dict.fromkeys((line["database"], line["row"]) for line in results):
        small, large = (rates[database, row, size] for size in part.sizes)
        times, floor = (one / other if other else float("inf") for one, other in zip(small, large, strict=True))
        most = part.most(row)
        within = times <= most
        good = good and within
        mark = "" if within else f"  over {most:g}"
        print(f"{database:<12}{row:<32}{times:6.2f} times slower (floor {floor:.2f}){mark}")
    return good


def main() -> None:
    """Measure both sizes of each part on both databases, print, and keep the results."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--seconds", type=int, default=1, help="of load for each of the turns")
    parser.add_argument("--part", choices=[part.name for part in PARTS], action="append")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--row", action="append", help="only rows whose name holds this")
    arguments = parser.parse_args()
    need_wrk()
    kept: dict[str, list[dict[str, Any]]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    good = True
    for part in PARTS:
        if arguments.part and part.name not in arguments.part:
            continue
        results: list[dict[str, Any]] = []
        for kind in arguments.database or ["sqlite", "postgresql"]:
            for size in part.sizes:
                found = measured(part, kind, size, arguments.seconds, arguments.row or [])
                if found:
                    print(f"\n{size:,} {part.name}", end="")
                    show(found)
                results += found
        good = growth(part, results) and good
        if not arguments.row and not arguments.database:
            kept[part.name] = results
            RESULTS.write_text(json.dumps(kept, indent=2) + "\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
