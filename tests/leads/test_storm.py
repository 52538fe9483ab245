"""A full booth: 25 phones post scans at once on PostgreSQL, fast enough, and each visitor becomes one lead."""

import http.client
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest

from bench.data import CODE, SECRET_KEY, build
from tests import services

ROOT = Path(__file__).parents[2]
PHONES, SCANS, VISITORS = 25, 200, 6000
#: On two cores that nobody else uses, server, database and phones together.
RATE, P99 = 400, 0.150


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[str]:
    """A fair of 6,000 visitors, served by two workers from a PostgreSQL that syncs every commit."""
    with services.postgres(durable=True) as server:
        port = services.free_port()
        environ = os.environ | {
            "DATABASE_URL": services.create_database(server, "hall"),
            "INSTANCE_PATH": str(tmp_path),
            "SECRET_KEY": SECRET_KEY,
            "PORT": str(port),
            "HOST": "127.0.0.1",
            "WORKERS": "2",
            "WORKER": "0",
        }
        bundle = tmp_path / "hall.json"
        bundle.write_bytes(orjson.dumps(build(1000, VISITORS)))
        for command in (["db", "upgrade"], ["bundle", "load", str(bundle)]):
            arguments = [sys.executable, "-m", "flask", "--app", "wsgi", *command]
            subprocess.run(arguments, cwd=ROOT, env=environ, check=True, capture_output=True)
        serving = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
        process = subprocess.Popen(serving, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(url)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{url}/e/", timeout=2).close()  # noqa: S310 - our own server
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def _phone(url: str, number: int, codes: list[str], heard: list[tuple[int, float]]) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    headers = {"Authorization": f"Exhibitor {CODE}", "Content-Type": "application/json"}
    for code in codes:
        body = {"code": code, "notes": "", "rating": None, "tags": None, "device_uuid": f"phone-{number}"}
        started = time.perf_counter()
        connection.request("POST", "/exhibitors/api/v1/leads/", orjson.dumps(body), headers)
        answer = connection.getresponse()
        answer.read()
        heard.append((answer.status, time.perf_counter() - started))
    connection.close()


@pytest.mark.soak
@pytest.mark.postgres
def test_25_phones_at_once(hall: str) -> None:
    chance = random.Random(25)
    codes = [f"P{number:09d}" for number in range(VISITORS // 2, VISITORS)]  # the first half are leads already
    heard: list[tuple[int, float]] = []
    phones = [
        threading.Thread(target=_phone, args=(hall, number, chance.sample(codes, SCANS), heard))
        for number in range(PHONES)
    ]
    _phone(hall, 99, ["P000000000"] * 20, [])
    started = time.perf_counter()
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join()
    rate = len(heard) / (time.perf_counter() - started)
    times = sorted(took for _, took in heard)
    statuses = Counter(status for status, _ in heard)
    print(f"\n{rate:.0f} scans a second, p50 {times[len(times) // 2]:.3f} s, p99 {times[-len(times) // 100]:.3f} s")
    assert set(statuses) == {200, 201}
    answer = urllib.request.Request(  # noqa: S310 - our own server
        f"{hall}/exhibitors/api/v1/leads/?page_size=1", headers={"Authorization": f"Exhibitor {CODE}"}
    )
    with urllib.request.urlopen(answer) as page:  # noqa: S310 - our own server
        leads = orjson.loads(page.read())["count"]
    assert statuses[201] == leads - VISITORS // 2
    assert rate >= RATE
    assert times[-len(times) // 100] < P99
