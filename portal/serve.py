"""``flask --app wsgi serve``: the production server and the worker as two processes, watched over by this one."""

import os
import shutil
import signal
import subprocess  # noqa: S404 - starts this program's own parts
import sys
import threading
import time
from pathlib import Path

import click
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext

from portal.config import ROOT, Config
from portal.core.database import db
from portal.core.health import current_schema, newest_schema

log = structlog.get_logger()

#: How long a stop waits before it kills.
PATIENCE = 3.5
#: How long to wait before a worker that ended is started again: a little, then longer as long as it keeps ending.
RESTARTS = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
#: After so long a worker counts as running well.
SETTLED = 60.0


def server_command(config: Config) -> list[str]:
    """granian, with the settings of the environment."""
    return [
        sys.executable,
        "-m",
        "granian",
        "--interface=wsgi",
        f"--host={config.host}",
        f"--port={config.port}",
        f"--workers={config.workers}",
        f"--blocking-threads={config.threads}",
        "--respawn-failed-workers",
        "--workers-kill-timeout=2",
        "--http1-header-read-timeout=15000",
        "--no-ws",
        "--log-level=warning",
        "wsgi:app",
    ]


def worker_command() -> list[str]:
    """The worker, as its own process."""
    return [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]


class Supervisor:
    """Keeps the server and the worker running, and ends both together."""

    def __init__(self, config: Config, environ: dict[str, str]) -> None:
        self._config = config
        self._environ = environ
        self._stop = threading.Event()
        self._server: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        self._worker_since = 0.0
        self._restarts = 0
        self._restart_at: float | None = None

    def run(self) -> int:
        """Until a signal comes or the server ends; the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        self._server = self._start(server_command(self._config))
        if self._config.worker:
            self._start_worker()
        try:
            while not self._stop.wait(0.1):
                if self._server.poll() is not None:
                    log.error("serve.server_ended", status=self._server.returncode)
                    return abs(self._server.returncode) or 1
                self._look_after_worker()
            return 0
        finally:
            self._end()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        # A session of their own: Ctrl+C reaches this process alone, which ends them in order.
        return subprocess.Popen(command, cwd=ROOT, env=self._environ, start_new_session=True)  # noqa: S603

    def _start_worker(self) -> None:
        self._worker = self._start(worker_command())
        self._worker_since = time.monotonic()
        self._restart_at = None

    def _look_after_worker(self) -> None:
        if self._worker is None or self._worker.poll() is None:
            return
        now = time.monotonic()
        if self._restart_at is None:
            self._restarts = 0 if now - self._worker_since > SETTLED else self._restarts
            wait = RESTARTS[min(self._restarts, len(RESTARTS) - 1)]
            self._restarts += 1
            self._restart_at = now + wait
            log.error("serve.worker_ended", status=self._worker.returncode, again_in=wait)
        elif now >= self._restart_at:
            self._start_worker()

    def _end(self) -> None:
        running = [one for one in (self._server, self._worker) if one is not None and one.poll() is None]
        for one in running:
            one.terminate()
        deadline = time.monotonic() + PATIENCE
        for one in running:
            try:
                one.wait(max(0.05, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("serve.killed", pid=one.pid)
        for started in (self._server, self._worker):
            if started is not None:
                _kill_group(started)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """What is left of a process and its children."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def metrics_folder(config: Config) -> Path:
    """Where the processes of this machine share their counters; fresh at each start."""
    folder = config.instance_path / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def refuse_unready(config: Config) -> None:
    """Say what is missing instead of serving without it."""
    if not config.secret_key:
        raise click.ClickException(
            "SECRET_KEY is not set. It signs the session cookies: set it to a long random text that stays the same,"
            ' for example the output of: python -c "import secrets; print(secrets.token_hex(32))"'
        )
    try:
        current, newest = current_schema(), newest_schema()
    except Exception as error:
        raise click.ClickException(
            f"The database does not answer ({type(error).__name__}). Check DATABASE_URL."
        ) from error
    finally:
        db.session.remove()
        db.engine.dispose()
    if current != newest:
        raise click.ClickException("The database is not at the newest schema. Run: flask --app wsgi db upgrade")


@click.command("serve")
@with_appcontext
def serve_command() -> None:
    """Serve the portal, and run its worker unless WORKER=0."""
    config: Config = current_app.config["PORTAL"]
    refuse_unready(config)
    environ = {
        **os.environ,
        "INSTANCE_PATH": str(config.instance_path),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics_folder(config)),
    }
    log.info(
        "serve.started", address=f"http://{config.host}:{config.port}", workers=config.workers, worker=config.worker
    )
    if not config.development:
        _warn(config)
    status = Supervisor(config, environ).run()
    log.info("serve.stopped", status=status)
    sys.stderr.flush()
    # Both have ended, and nothing is left to put in order: taking the interpreter apart would only cost time.
    os._exit(status)


def _warn(config: Config) -> None:
    if config.base_url is None:
        log.warning("serve.no_base_url", meaning="mails that anybody may ask for hold no links; set BASE_URL")
    if config.smtp is None:
        log.warning("serve.no_smtp", meaning="mails are written to the instance folder; set SMTP_URL")


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(serve_command)
