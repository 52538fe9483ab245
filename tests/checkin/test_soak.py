"""Forty phones for a minute, as `make soak` runs them: a real server with two workers on PostgreSQL."""

import datetime as dt
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from bench import data
from tests import services
from tests.checkin.test_races import kill

ROOT = Path(__file__).parents[2]
PHONES, SECONDS, TICKETS = 40, 60, 20_000
#: A phone scans every so many seconds, and polls every so many.
SCAN_EVERY, POLL_EVERY = 5.0, 30.0
#: From when to when every fourth phone is offline.
OFFLINE = (20.0, 35.0)
DOOR = "/pretixdroid/api/bigevents/sampleconf/"


@contextmanager
def portal(url: str, folder: Path) -> Iterator[tuple[int, list[str]]]:
    """The production server on a database; yields its port and the tickets' secrets."""
    port = services.free_port()
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("COV_", "PORTAL_"))} | {
        "DATABASE_URL": url,
        "INSTANCE_PATH": str(folder),
        "SECRET_KEY": "a key for tests only, and long enough",
        "RATELIMIT_ENABLED": "0",
        "PORT": str(port),
        "WORKERS": "2",
    }
    bundle = folder / "bundle.json"
    fair = data.build(1000, TICKETS)
    for event in fair["events"]:
        event["devices"] = [{"name": f"Phone {n}", "key": key(n), "list": 1, "api_version": 3} for n in range(PHONES)]
    bundle.write_bytes(orjson.dumps(fair))
    for command in (["db", "upgrade"], ["bundle", "load", str(bundle)]):
        subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", *command], cwd=ROOT, env=environ, check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "serve"], cwd=ROOT, env=environ, start_new_session=True
    )
    try:
        for _ in range(300):
            try:
                ask(port, "GET", "/healthz")
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
        yield port, [order["positions"][0]["secret"] for order in fair["events"][0]["orders"]]
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            kill(process)


def key(number: int) -> str:
    """The key of a phone."""
    return f"{number:02}" + "p" * 30


def ask(
    port: int, method: str, path: str, body: dict[str, str] | None = None, tag: str | None = None
) -> tuple[int, bytes, str | None]:
    """A request as the phones' app makes it: a form, an answer within ten seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"User-Agent": "pretixdroid 1.11", "Accept-Encoding": "gzip"}
    if tag:
        headers["If-None-Match"] = tag
    form = None
    if body is not None:
        form = urllib.parse.urlencode(body)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        connection.request(method, path, form, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("ETag")
    finally:
        connection.close()


@dataclass
class Phone:
    """One phone: what it heard, how long that took, and what waits for its upload."""

    number: int
    port: int
    begun: float
    secrets: list[str]
    said: Counter[str] = field(default_factory=Counter)
    redeems: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    queue: list[dict[str, str]] = field(default_factory=list)
    tag: str | None = None

    def path(self, door: str, **query: str) -> str:
        return f"{DOOR}{door}/?" + urllib.parse.urlencode({"key": key(self.number), **query})

    def live(self) -> None:
        """A minute at the gate."""
        dice = random.Random(self.number)  # noqa: S311 - which ticket comes is no secret
        scan, poll = dice.uniform(0, SCAN_EVERY), dice.uniform(0, POLL_EVERY)
        while (now := time.monotonic() - self.begun) < SECONDS:
            offline = self.number % 4 == 0 and OFFLINE[0] < now < OFFLINE[1]
            if not offline and self.queue:
                self.upload()
            if now >= scan:
                scan += SCAN_EVERY
                self.scan(self.secrets.pop(), offline=offline)
            elif now >= poll and not offline:
                poll += POLL_EVERY
                self.poll(dice)
            else:
                time.sleep(0.05)
        self.upload()

    def scan(self, secret: str, *, offline: bool) -> None:
        form = {"secret": secret, "questions_supported": "true"}
        if offline:
            moment = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")
            self.queue.append(form | {"datetime": moment, "force": "true", "nonce": f"{self.number}-{secret}"})
        else:
            self.redeem(form)

    def upload(self) -> None:
        """An entry leaves the phone on `ok` or `already_redeemed` alone."""
        waiting, self.queue = self.queue, []
        for form in waiting:
            if self.redeem(form) not in ("ok", "already_redeemed"):
                self.queue.append(form)

    def redeem(self, form: dict[str, str]) -> str:
        begun = time.perf_counter()
        answer = self.send("POST", self.path("redeem"), form)
        self.redeems.append(time.perf_counter() - begun)
        heard: Any = json.loads(answer) if answer else {}
        word = str(heard.get("reason", heard.get("status", "nothing")))
        self.said[word] += 1
        return word

    def poll(self, dice: random.Random) -> None:
        """What somebody types, letter by letter from the fourth on, then the figures, then the copy."""
        name = f"miller {dice.randrange(1000, 9999)}"
        for length in range(4, len(name) + 1, 2):
            self.send("GET", self.path("search", query=name[:length]))
        self.send("GET", self.path("status"))
        status, _, tag = self.request("GET", self.path("download"), tag=self.tag)
        self.said[f"download {status}"] += 1
        self.tag = tag
        if status not in (200, 304):
            self.problems.append(f"download {status}")

    def send(self, method: str, path: str, form: dict[str, str] | None = None) -> bytes:
        status, body, _ = self.request(method, path, form)
        if status != 200:
            self.problems.append(f"{path.split('?')[0]} {status} {body[:100]!r}")
            return b""
        return body

    def request(
        self, method: str, path: str, form: dict[str, str] | None = None, tag: str | None = None
    ) -> tuple[int, bytes, str | None]:
        try:
            return ask(self.port, method, path, form, tag)
        except OSError as error:
            self.problems.append(f"{path.split('?')[0]} {error!r}")
            return 0, b"", None


def tickets_of(number: int, secrets: list[str]) -> list[str]:
    """What comes to a phone, the first one last: tickets of its own, and two that its neighbour scans as well."""
    share = TICKETS // PHONES
    own, both = secrets[number * share :][:40], secrets[number // 2 * 2 * share + 50 :][:2]
    return [*own[:3], *both, *own[3:]][::-1]


@pytest.mark.soak
def test_forty_phones_for_a_minute(postgres_server: str, tmp_path: Path) -> None:
    url = services.create_database(postgres_server, "soak")
    with portal(url, tmp_path) as (port, secrets):
        begun = time.monotonic()
        phones = [Phone(number, port, begun, tickets_of(number, secrets)) for number in range(PHONES)]
        threads = [threading.Thread(target=phone.live) for phone in phones]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS * 3)
        assert not any(thread.is_alive() for thread in threads)
    said = sum((phone.said for phone in phones), Counter[str]())
    took = sorted(each for phone in phones for each in phone.redeems)
    p99 = took[int(len(took) * 0.99)]
    print(f"{len(took)} redeems, p50 {took[len(took) // 2] * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms; {dict(said)}")
    assert [problem for phone in phones for problem in phone.problems] == []
    assert not any(phone.queue for phone in phones), "every upload was taken"
    assert set(said) <= {"ok", "already_redeemed", "download 200", "download 304"}
    assert len(took) >= PHONES * (SECONDS / SCAN_EVERY - 1)
    assert p99 < 0.2
