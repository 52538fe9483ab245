"""Sends load with wrk and reads what it measured."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from bench.rows import Request

CLIENTS, THREADS = 4, 2


@dataclass(frozen=True)
class Measured:
    """Requests a second, latencies in milliseconds, and answers that were no success."""

    rate: float
    p50: float
    p99: float
    failures: int


def need_wrk() -> str:
    """The path of wrk; ends with a sentence where it is missing."""
    found = shutil.which("wrk")
    if not found:
        raise SystemExit("The bench sends its load with wrk, which is not installed (Debian: apt-get install wrk).")
    return found


def _lua(text: str) -> str:
    return '"' + "".join(f"\\{ord(char):03d}" if char in '"\\\n\r' else char for char in text) + '"'


def script(requests: Sequence[Request], folder: Path) -> Path:
    """A wrk script that sends ``requests`` round and round, each thread from a place of its own."""
    lines = ["local all = {}"]
    for request in requests:
        headers = ", ".join(f"[{_lua(name)}] = {_lua(value)}" for name, value in request.headers.items())
        body = "nil" if request.body is None else _lua(request.body.decode())
        lines.append(f"all[#all + 1] = {{{_lua(request.method)}, {_lua(request.path)}, {{{headers}}}, {body}}}")
    lines += [
        "local threads = 0",
        f"function setup(thread) thread:set('at', threads * math.floor(#all / {THREADS})); threads = threads + 1 end",
        "function request()",
        "  at = at % #all + 1",
        "  local one = all[at]",
        "  return wrk.format(one[1], one[2], one[3], one[4])",
        "end",
    ]
    path = folder / "load.lua"
    path.write_text("\n".join(lines))
    return path


def measure(url: str, requests: Sequence[Request], seconds: int, folder: Path, *, clients: int = CLIENTS) -> Measured:
    """Load on ``url`` by ``clients`` connections for ``seconds``."""
    options = ["--threads", str(THREADS), "--connections", str(clients), "--timeout", "30s", "--latency"]
    command = [need_wrk(), *options, "--script", str(script(requests, folder)), "--duration", f"{seconds}s", url]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    failures = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    if rate is None:
        raise SystemExit(f"wrk said something unexpected:\n{output}")
    return Measured(
        rate=float(rate[1]),
        p50=_milliseconds(output, "50%"),
        p99=_milliseconds(output, "99%"),
        failures=int(failures[1] if failures else 0) + sum(map(int, broken.groups()) if broken else ()),
    )


def warm_up(url: str, requests: Sequence[Request]) -> None:
    """Send requests one after the other, each on a connection of its own: every worker gets some."""
    place = urlsplit(url)
    for request in requests:
        connection = HTTPConnection(place.hostname or "", place.port, timeout=60)
        connection.request(request.method, request.path, request.body, request.headers)
        connection.getresponse().read()
        connection.close()


def _milliseconds(output: str, quantile: str) -> float:
    found = re.search(rf"^\s+{re.escape(quantile)}\s+([\d.]+)(us|ms|s)", output, re.MULTILINE)
    if found is None:
        return 0.0
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]
