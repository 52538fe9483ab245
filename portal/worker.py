"""The worker: takes what the queue rings for, tidies up, and gives a sign of life."""

import logging
import signal
import time
from typing import Any

import click
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext
from huey.consumer import Consumer

from portal.core.health import BEAT_SECONDS
from portal.core.queue import Queue, queue_of

log = structlog.get_logger()

#: Mails that are sent at the same time.
THREADS = 3
#: How long a stop waits for what is being done; the rest is taken again when its lease has ended.
PATIENCE = 2.5


class PortalConsumer(Consumer):  # type: ignore[misc]
    """huey's consumer, which also gives a sign of life as long as its threads are alive."""

    def __init__(self, queue: Queue, **options: Any) -> None:
        super().__init__(queue.open(), **options)
        self._signal_actions = {signal.SIGTERM: (False, True), signal.SIGINT: (False, True)}
        self._queue = queue
        self._next_beat = 0.0

    def loop(self, health_check_ts: float | None = None) -> float:
        if time.monotonic() >= self._next_beat and self._alive():
            self._next_beat = time.monotonic() + BEAT_SECONDS
            try:
                self._queue.beat()
            except Exception as error:
                log.warning("worker.no_beat", error=type(error).__name__)
        return float(super().loop(health_check_ts))

    def _alive(self) -> bool:
        threads = [self.scheduler, *(thread for _, thread in self.worker_threads)]
        return all(self.environment.is_alive(thread) for thread in threads)


def run(app: Flask) -> None:
    """Work until SIGTERM or SIGINT."""
    logging.getLogger("huey").setLevel(logging.WARNING)
    consumer = PortalConsumer(
        queue_of(app),
        workers=THREADS,
        worker_type="thread",
        initial_delay=0.1,
        backoff=1.3,
        max_delay=1.0,
        health_check_interval=5,
        shutdown_timeout=PATIENCE,
        graceful_signal="TERM",
    )
    log.info("worker.started")
    consumer.run()
    log.info("worker.stopped")


@click.command("worker")
@with_appcontext
def worker_command() -> None:
    """Run a worker alone; several may run, on several machines."""
    app: Any = current_app
    run(app._get_current_object())


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(worker_command)
