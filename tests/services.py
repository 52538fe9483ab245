"""The real services that tests use: PostgreSQL, Redis, SMTP, nginx and Chromium, private to a run, gone after it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import quote

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from psycopg import sql

DEBIAN_PACKAGES = {
    "PostgreSQL": "postgresql",
    "Redis": "redis-server",
    "Chromium": "chromium",
    "nginx": "nginx",
    "curl": "curl",
}
START_SECONDS = 60


class Missing(Exception):
    """A service is not on this machine; the message says which and what to do."""


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def postgres_bin() -> Path:
    """The folder of `initdb` and `postgres`: the newest of Debian's, or what the path has."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    for folder in sorted(folders, key=lambda path: float(path.parent.name), reverse=True):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    found = shutil.which("initdb")
    if found and shutil.which("postgres", path=str(Path(found).resolve().parent)):
        return Path(found).resolve().parent
    raise Missing("PostgreSQL is not installed (initdb and postgres; Debian: apt-get install postgresql)")


def redis_binary() -> str:
    """The path of `redis-server`."""
    found = shutil.which("redis-server")
    if not found:
        raise Missing("Redis is not installed (redis-server; Debian: apt-get install redis-server)")
    return found


def chromium_binary() -> str:
    """The path of Chromium or Chrome; `CHROMIUM` names another."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, names)), None)
    if not found:
        raise Missing("Chromium is not installed (Debian: apt-get install chromium)")
    return found


def nginx_binary() -> str:
    """The path of `nginx`."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not found:
        raise Missing("nginx is not installed (Debian: apt-get install nginx)")
    return found


def curl_binary() -> str:
    """The path of `curl`, which the manuals' examples call."""
    found = shutil.which("curl")
    if not found:
        raise Missing("curl is not installed (Debian: apt-get install curl)")
    return found


def missing() -> dict[str, str]:
    """What this machine lacks: a service's name and what to do."""
    lacking = {}
    finders = {
        "PostgreSQL": postgres_bin,
        "Redis": redis_binary,
        "Chromium": chromium_binary,
        "nginx": nginx_binary,
        "curl": curl_binary,
    }
    for name, find in finders.items():
        try:
            find()
        except Missing as error:
            lacking[name] = str(error)
    return lacking


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(how)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path, ready: Any) -> None:
    """Call `ready` until it does not raise; a service that ends or takes too long fails with its log."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            ready()
            return
        except Exception as error:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text()}") from error
        time.sleep(0.05)


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """A private PostgreSQL cluster; yields the URL of its maintenance database.

    Tests want it quick, the bench wants it ``durable``: every commit is on the disk before it is answered.
    PostgreSQL refuses to run as root, so as root it runs as Debian's user `postgres`, in a folder that is his.
    """
    binaries = postgres_bin()
    as_user: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="portal-postgres-", dir="/tmp"))  # noqa: S108 (short enough for a socket)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    environ = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    port = free_port()
    log = folder.with_suffix(".log")
    try:
        with log.open("wb") as output:
            options: dict[str, Any] = {"cwd": folder, "env": environ, "stdin": subprocess.DEVNULL, **as_user}
            subprocess.run(
                [
                    binaries / "initdb",
                    "--pgdata=data",
                    "--username=portal",
                    "--auth=trust",
                    "--no-sync",
                    "--encoding=UTF8",
                ],
                stdout=output,
                stderr=output,
                check=True,
                **options,
            )
            settings = {
                "listen_addresses": "127.0.0.1",
                "port": port,
                "unix_socket_directories": folder,
                "fsync": "on" if durable else "off",
                "synchronous_commit": "on" if durable else "off",
                "full_page_writes": "on" if durable else "off",
                "max_connections": 200,
                "shared_buffers": "64MB",
                "timezone": "UTC",
            }
            arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            process = subprocess.Popen(
                [binaries / "postgres", "-D", "data", *arguments], stdout=output, stderr=output, **options
            )
        url = f"postgresql://portal@127.0.0.1:{port}/postgres"
        try:
            _wait_until_ready(process, log, lambda: psycopg.connect(url, connect_timeout=2).close())
            yield url
        finally:
            _stop(process, signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        log.unlink(missing_ok=True)


def create_database(server_url: str, name: str) -> str:
    """An empty database of that name on the cluster, in place of any older one; its URL."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    return f"{server_url.rpartition('/')[0]}/{quote(name)}"


@contextmanager
def redis() -> Iterator[str]:
    """A private Redis that keeps nothing on disk; yields its URL."""
    binary = redis_binary()
    folder = Path(tempfile.mkdtemp(prefix="portal-redis-"))
    port = free_port()
    log = folder / "redis.log"
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                [binary, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            _wait_until_ready(process, log, lambda: _redis_ping(port))
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            _stop(process, signal.SIGTERM)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _redis_ping(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(b"PING\r\n")
        if not connection.recv(16).startswith(b"+PONG"):
            raise ConnectionError("Redis does not answer PING")


Behaviour = Literal["accept", "refuse", "refuse later", "stall", "break off"]


@dataclass
class Received:
    """A message as the server got it."""

    sender: str
    recipients: list[str]
    message: EmailMessage


@dataclass
class SmtpServer:
    """A real SMTP server on loopback that records messages and fails as it is told.

    `accept` takes a message; `refuse` answers 550 and `refuse later` 451 to its recipients; `stall` keeps the client
    waiting for the answer to its message until `resume`; `break off` closes the connection instead of answering.
    """

    behaviour: Behaviour = "accept"
    messages: list[Received] = field(default_factory=list)
    attempts: int = 0
    port: int = 0
    _resumed: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The value of `SMTP_URL` for this server."""
        return f"smtp://127.0.0.1:{self.port}"

    def reset(self) -> None:
        """Forget all messages and accept again."""
        self.resume()
        self._resumed.clear()
        self.behaviour = "accept"
        self.messages.clear()
        self.attempts = 0

    def resume(self) -> None:
        """Let the clients that wait in a stall go on."""
        self._resumed.set()

    def wait_for(self, count: int, seconds: float = 10) -> list[Received]:
        """The messages, once there are `count` of them."""
        deadline = time.monotonic() + seconds
        while len(self.messages) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.messages)} of {count} messages after {seconds} s")
            time.sleep(0.02)
        return self.messages

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        self.attempts += 1
        if self.behaviour == "refuse":
            return "550 5.1.1 No such mailbox"
        if self.behaviour == "refuse later":
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take the message, or stall, or break off."""
        if self.behaviour == "break off":
            if server.transport is not None:
                server.transport.close()
            return "421 4.3.2 Closing"
        if self.behaviour == "stall":
            await server.loop.run_in_executor(None, self._resumed.wait, 60)
        content = envelope.content
        message = message_from_bytes(content if isinstance(content, bytes) else b"", policy=policy.default)
        self.messages.append(Received(envelope.mail_from or "", list(envelope.rcpt_tos), message))
        return "250 OK"


@contextmanager
def smtp() -> Iterator[SmtpServer]:
    """A running `SmtpServer`."""
    server = SmtpServer()
    server.port = free_port()
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        server.resume()
        controller.stop()


def install(output: IO[str] = sys.stdout) -> int:
    """Install what is missing, as root on Debian; elsewhere say what to install. The exit status.

    `REQUIRE_SERVICES=1` makes anything that is still missing a failure.
    """
    lacking = missing()
    if lacking and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [DEBIAN_PACKAGES[name] for name in lacking]
        print(f"Installing {', '.join(packages)} ...", file=output, flush=True)
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            result = subprocess.run(
                ["apt-get", *command], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
            )
            if result.returncode:
                print(result.stdout + result.stderr, file=sys.stderr)
        lacking = missing()
    for reason in lacking.values():
        print(f"{reason}; its tests are skipped.", file=output)
    return 1 if lacking and os.environ.get("REQUIRE_SERVICES") == "1" else 0


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python -m tests.services install")
    sys.exit(install())
