"""Many gates at once: of any number that scan one ticket exactly one lets it in; a killed server loses nothing."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from portal.checkin.models import CheckinList
from portal.checkin.queries import tickets
from portal.core.database import db
from tests import services
from tests.checkin.conftest import Gate

GATES = 8
ROOT = Path(__file__).parents[2]


def at_once(work: Callable[[int], Any], count: int = GATES) -> list[Any]:
    """What ``work`` returns in so many threads that start together."""
    barrier = threading.Barrier(count)
    found: list[Any] = [None] * count

    def run(number: int) -> None:
        barrier.wait()
        found[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def heard(answer: Any) -> str:
    """What a gate heard, in a word."""
    return str(answer.get("reason", answer["status"]))


def scan(gate: Gate, secret: str, **form: str) -> str:
    """A scan by a client of its own."""
    path = f"{gate.path('redeem')}?key={gate.key}"
    answer = gate.app.test_client().post(path, data={"secret": secret, **form})
    assert answer.status_code == 200, answer.text
    return heard(answer.json)


def scan_as(gate: Gate, secret: str, _number: Any, **form: str) -> str:
    """The same scan by each of several gates."""
    return scan(gate, secret, **form)


def test_eight_gates_and_one_ticket(gate: Gate) -> None:
    for _ in range(3):
        secret = gate.ticket()
        answers = Counter(at_once(partial(scan_as, gate, secret)))
        assert answers == {"ok": 1, "already_redeemed": GATES - 1}
        assert len(gate.entries(secret)) == 1


def test_one_nonce_sent_eight_times_at_once_is_one_entry(gate: Gate) -> None:
    for form in ({}, {"force": "true"}):
        secret = gate.ticket()
        assert at_once(partial(scan_as, gate, secret, nonce="n", **form)) == ["ok"] * GATES
        assert len(gate.entries(secret)) == 1


def test_forced_entries_are_all_recorded_and_one_is_the_first(gate: Gate) -> None:
    secret = gate.ticket()
    assert at_once(lambda number: scan(gate, secret, force="true", nonce=f"n{number}")) == ["ok"] * GATES
    entries = gate.entries(secret)
    assert len(entries) == GATES
    assert [entry.first for entry in entries].count(True) == 1


def test_answers_of_eight_gates_are_one_answer(gate: Gate) -> None:
    question, options = gate.question("C", options=tuple("ABCDEFGH"))
    secret = gate.ticket()

    def answer(number: int) -> str:
        form = {f"answer_{question}": str(options[number])}
        return scan(gate, secret, questions_supported="true", **form)

    assert Counter(at_once(answer)) == {"ok": 1, "already_redeemed": GATES - 1}
    ((text, chosen),) = gate.answers(secret).values()
    assert [options.index(option) for option in chosen] == ["ABCDEFGH".index(text)]


@pytest.mark.parametrize("unpaid", [False, True], ids=["entry", "refusal"])
def test_a_list_that_is_deleted_meanwhile(gate: Gate, monkeypatch: pytest.MonkeyPatch, unpaid: bool) -> None:
    secret = gate.ticket()
    if unpaid:
        gate.order(secret, status="n")
    find = tickets.find

    def found_and_deleted(*given: Any) -> Any:
        found = find(*given)
        with db.engine.begin() as other:
            other.execute(sa.delete(CheckinList).where(CheckinList.id == gate.fair.checkin_list))
        return found

    monkeypatch.setattr(tickets, "find", found_and_deleted)
    answer = gate.app.test_client().post(f"{gate.path('redeem')}?key={gate.key}", data={"secret": secret})
    assert answer.status_code == 403
    assert "deleted" in answer.text


# ------------------------------------------------------------------------------------------------- real processes


Server = tuple[str, subprocess.Popen[bytes]]


def start(gate: Gate) -> Server:
    """A server of its own on the test's database: its address and its process."""
    config = gate.app.config["PORTAL"]
    with gate.app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    url = url.replace("sqlite+portal:", "sqlite:").replace("postgresql+psycopg:", "postgresql:")
    port = services.free_port()
    environ = os.environ | {
        "DATABASE_URL": url,
        "INSTANCE_PATH": str(config.instance_path),
        "SECRET_KEY": "a key for tests only",
        "RATELIMIT_ENABLED": "0",
    }
    command = [
        *(sys.executable, "-m", "granian", "--interface=wsgi", f"--port={port}", "--workers=1"),
        *("--blocking-threads=4", "--no-ws", "--log-level=error", "wsgi:app"),
    ]
    return f"http://127.0.0.1:{port}", subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True)


@contextmanager
def two_servers(gate: Gate) -> Iterator[tuple[Server, Server]]:
    """Two servers that are there."""
    servers = (start(gate), start(gate))
    try:
        for address, process in servers:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{address}/healthz", timeout=2).close()  # noqa: S310 - our own server
                    break
                except OSError:
                    assert process.poll() is None
                    time.sleep(0.1)
        yield servers
    finally:
        for _, process in servers:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a server and its worker without a warning."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def post(address: str, gate: Gate, secret: str) -> str | None:
    """A scan over the network; None where no answer came."""
    url = f"{address}{gate.path('redeem')}?key={gate.key}"
    try:
        form = urllib.parse.urlencode({"secret": secret}).encode()
        with urllib.request.urlopen(url, form, timeout=30) as answer:  # noqa: S310 - our own server
            return heard(orjson.loads(answer.read()))
    except OSError:
        return None


def post_to(addresses: tuple[str, ...], gate: Gate, secret: str, number: int) -> str | None:
    """A scan that goes to one of several servers."""
    return post(addresses[number % len(addresses)], gate, secret)


def race(gate: Gate, addresses: tuple[str, ...], tickets: int) -> None:
    """Gates at two servers scan each ticket at once: one lets it in."""
    for secret in [gate.ticket() for _ in range(tickets)]:
        answers = Counter(at_once(partial(post_to, addresses, gate, secret)))
        assert answers == {"ok": 1, "already_redeemed": GATES - 1}
        assert len(gate.entries(secret)) == 1


def storm(gate: Gate, doomed: Server, other: Server, tickets: int) -> None:
    """A server is killed in the middle of a storm; the other one goes on."""
    secrets = [gate.ticket() for _ in range(tickets)]
    acknowledged: list[str] = []
    (one, process), (two, _) = doomed, other

    def scans(number: int) -> None:
        for secret in secrets[number::4] + secrets:
            if post((one, two)[number % 2], gate, secret) == "ok":
                acknowledged.append(secret)

    def killer() -> None:
        while len(acknowledged) < tickets // 5:
            time.sleep(0.001)
        kill(process)

    thread = threading.Thread(target=killer, daemon=True)
    thread.start()
    at_once(scans, 4)
    thread.join(30)
    assert post(one, gate, secrets[0]) is None, "it is dead"
    left = [secret for secret in secrets if not gate.entries(secret)]
    assert left == [], "the other server let everybody in"
    assert {post(two, gate, secret) for secret in secrets} == {"already_redeemed"}
    assert len(acknowledged) == len(set(acknowledged)), "nobody heard ok twice"
    # What was booked but not acknowledged died with the server; what was acknowledged is booked.
    for secret in secrets:
        assert len(gate.entries(secret)) == 1


@pytest.mark.slow
def test_two_server_processes_one_of_which_is_killed(gate: Gate) -> None:
    with two_servers(gate) as (one, two):
        race(gate, (one[0], two[0]), 4)
        storm(gate, one, two, 40)


@pytest.mark.soak
def test_two_server_processes_let_each_ticket_in_once(gate: Gate) -> None:
    with two_servers(gate) as (one, two):
        race(gate, (one[0], two[0]), 20)


@pytest.mark.soak
def test_what_a_killed_server_acknowledged_is_there_and_nothing_twice(gate: Gate) -> None:
    with two_servers(gate) as (one, two):
        storm(gate, one, two, 300)
