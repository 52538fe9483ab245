"""``serve`` and ``worker`` as real processes: they start, work, recover, refuse and end."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from flask import Flask

from portal.core import outbox
from portal.core.database import db, set_writing
from portal.core.queue import queue_of
from tests.browserless import _TOKEN
from tests.fair import Fair
from tests.services import SmtpServer, free_port
from tests.working import pass_time, rows

pytestmark = pytest.mark.slow

#: What does not depend on the database runs on one of them: processes take their time to start.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")

ROOT = Path(__file__).parents[2]
KNOWN = "johnson@as.example.org"


def environment(database_url: str, instance: Path, **values: str) -> dict[str, str]:
    """What a process of production gets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {"DATABASE_URL": database_url, "INSTANCE_PATH": str(instance), "SECRET_KEY": "a key for tests only"}
    return kept | own | values


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]


def until(holds: Callable[[], object], seconds: float = 40) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(httpx.TransportError):
            if holds():
                return
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@dataclass
class Running:
    """A started process."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    def stop(self, how: signal.Signals = signal.SIGTERM) -> float:
        """End it; how long that took."""
        started = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(10)
        return time.monotonic() - started

    def events(self, name: str) -> list[dict[str, object]]:
        """The lines of the log with that event."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def children(self) -> list[int]:
        """The processes that it started."""
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def running(environ: dict[str, str], folder: Path, *arguments: str) -> Iterator[Running]:
    log = folder / f"{arguments[0]}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command(*arguments), cwd=ROOT, env=environ, stdout=output, stderr=output)
    one = Running(process, log, f"http://127.0.0.1:{environ.get('PORT', '')}")
    try:
        yield one
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(10)


@pytest.fixture
def environ(app: Flask, database_url: str, tmp_path: Path, smtp_server: SmtpServer) -> dict[str, str]:
    """Production on the tests' database, with one process of each kind and a mail server."""
    queue_of(app).open().storage.flush_all()
    values = {"PORT": str(free_port()), "WORKERS": "1", "THREADS": "2", "SMTP_URL": smtp_server.url}
    return environment(database_url, tmp_path, METRICS_TOKEN="open sesame", **values)


def is_up(url: str) -> bool:
    return httpx.get(f"{url}/readyz", timeout=5).status_code == 200


def ask_for_code(url: str) -> None:
    with httpx.Client(base_url=url, timeout=10) as browser:
        found = _TOKEN.search(browser.get("/e/send").content)
        assert found
        answer = browser.post("/e/send", data={"csrf_token": found.group(1).decode(), "email": KNOWN})
        assert answer.status_code == 303


def test_it_serves_mails_counts_and_ends(
    environ: dict[str, str], fair: Fair, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    with running(environ, tmp_path, "serve") as server:
        until(lambda: is_up(server.url))
        assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}
        page = httpx.get(f"{server.url}/e/{fair.full_code}")
        assert page.status_code == 200
        ask_for_code(server.url)
        (received,) = smtp_server.wait_for(1)
        assert f"{server.url}/e/{fair.full_code}" in str(received.message.get_body(("plain",)))
        headers = {"Authorization": "Bearer open sesame"}
        until(lambda: 'portal_outbox{kind="code_request",status="done"} 1.0' in _metrics(server.url, headers))
        metrics = _metrics(server.url, headers)
        assert 'portal_jobs_total{kind="code_request",outcome="done"} 1.0' in metrics, "counted in another process"
        assert 'portal_requests_total{method="GET",route="/e/<code>",status="200"} 1.0' in metrics
        with httpx.Client(base_url=server.url) as kept_open:
            kept_open.get("/healthz")
            assert server.stop() < 5
        assert server.process.returncode == 0
        said = server.log.read_text()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.url}/healthz")
    for secret in (fair.full_code, "open sesame", environ["SECRET_KEY"], KNOWN):
        assert secret not in said
    assert "Traceback" not in said


def _metrics(url: str, headers: dict[str, str]) -> str:
    return httpx.get(f"{url}/metrics", headers=headers).text


@on_sqlite
def test_a_worker_that_ends_is_started_again(
    environ: dict[str, str], fair: Fair, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    with running(environ, tmp_path, "serve") as server:
        until(lambda: len(server.events("worker.started")) == 1)
        worker = next(pid for pid in server.children() if b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(worker, signal.SIGKILL)
        until(lambda: len(server.events("worker.started")) == 2)
        assert server.events("serve.worker_ended")[0]["status"] == -signal.SIGKILL
        assert worker not in server.children()
        until(lambda: is_up(server.url))
        ask_for_code(server.url)
        smtp_server.wait_for(1)
        assert server.stop(signal.SIGINT) < 5


@on_sqlite
def test_it_can_serve_without_a_worker(environ: dict[str, str], app: Flask, fair: Fair, tmp_path: Path) -> None:
    with running(environ | {"WORKER": "0"}, tmp_path, "serve") as server:
        until(lambda: httpx.get(f"{server.url}/healthz").status_code == 200)
        assert len(server.children()) == 1
        ask_for_code(server.url)
        ready = httpx.get(f"{server.url}/readyz")
        assert (ready.status_code, list(ready.json()["problems"])) == (503, ["worker"])
        assert server.stop() < 5
    assert [row.status for row in rows(app)] == ["waiting"]


@on_sqlite
def test_who_sends_a_lot_and_is_refused_hears_why(environ: dict[str, str], fair: Fair, tmp_path: Path) -> None:
    """The body is read to its end before the answer: no broken pipe, and the connection serves the next request."""
    with running(environ | {"WORKER": "0"}, tmp_path, "serve") as server:
        until(lambda: httpx.get(f"{server.url}/healthz").status_code == 200)
        kept = http.client.HTTPConnection(server.url.partition("//")[2], timeout=20)
        kept.connect()
        opened = kept.sock
        for size in (60_000, 5_000_000):
            body = b" " * size
            for method, path, headers, status in (
                ("POST", f"{fair.base}/seats/bulk_block/", {"Authorization": "Token wrong"}, 401),
                ("POST", f"{fair.base}/seats/nowhere/", fair.auth(), 405),
                ("POST", "/nowhere", {}, 404),
                ("GET", f"{fair.base}/seats/", fair.auth(), 200),
            ):
                for _ in range(2):
                    kept.request(method, path, body, {"Content-Type": "application/json"} | headers)
                    answer = kept.getresponse()
                    assert (answer.status, bool(answer.read())) == (status, True), (path, size)
                    assert kept.sock is opened, "the connection was closed"
        kept.close()


def test_a_mail_of_a_killed_worker_is_taken_again(
    environ: dict[str, str], app: Flask, fair: Fair, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    smtp_server.behaviour = "stall"
    with app.app_context():
        set_writing(True)
        outbox.put("code_request", {"email": KNOWN, "base_url": "https://fair.example.org"})
        db.session.commit()
    with running(environ, tmp_path, "worker") as first:
        until(lambda: smtp_server.attempts == 1)
        first.process.kill()
        first.process.wait(5)
    assert [row.status for row in rows(app)] == ["running"]
    smtp_server.reset()
    time.sleep(0.2)
    smtp_server.messages.clear()
    with running(environ, tmp_path, "worker") as second:
        until(lambda: second.events("worker.started"))
        time.sleep(1)
        assert smtp_server.messages == [], "it is still the first one's"
        assert second.stop() < 5
    pass_time(app, seconds=outbox.LEASE.total_seconds() + 1)
    with running(environ, tmp_path, "worker") as third:
        smtp_server.wait_for(1)
        until(lambda: third.events("job"))
    (row,) = rows(app)
    assert (row.status, row.attempts) == ("done", 2)


@on_sqlite
@pytest.mark.redis
def test_redis_rings(
    environ: dict[str, str], fair: Fair, smtp_server: SmtpServer, tmp_path: Path, redis_url: str
) -> None:
    with running(environ | {"REDIS_URL": redis_url}, tmp_path, "serve") as server:
        until(lambda: is_up(server.url))
        ask_for_code(server.url)
        smtp_server.wait_for(1, seconds=3)
        assert server.stop() < 5


# ------------------------------------------------------------------------------------------------------- refusing


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"SECRET_KEY": ""}, "Error: SECRET_KEY is not set."),
        ({"PORT": "eighty"}, "Error: PORT must be a whole number, not “eighty”."),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3"}, "Error: The database does not answer"),
        ({}, "Error: The database is not at the newest schema. Run: flask --app wsgi db upgrade"),
    ],
    ids=["no key", "bad value", "no database", "not migrated"],
)
def test_it_refuses_and_says_why(tmp_path: Path, values: dict[str, str], expected: str) -> None:
    environ = environment(f"sqlite:///{tmp_path / 'empty.sqlite3'}", tmp_path) | values
    ended = subprocess.run(command("serve"), cwd=ROOT, env=environ, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert expected in ended.stderr
    assert "Traceback" not in ended.stderr
