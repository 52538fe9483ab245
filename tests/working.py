"""What a worker would do, for tests: the due rows of the outbox, one after the other, and a server for their mails."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal.app import create_app
from portal.config import Config
from portal.config import SmtpServer as SmtpSetting
from portal.core import clock, outbox
from portal.core.database import db, side_write
from portal.core.models import OutboxMessage
from portal.core.queue import queue_of
from tests.services import SmtpServer


def work(app: Flask) -> list[outbox.Outcome]:
    """Deliver everything that is due."""
    with app.app_context():
        return [outbox.deliver(message_id) for message_id in outbox.due()]


def rows(app: Flask) -> list[OutboxMessage]:
    """All rows of the outbox, the oldest first."""
    with app.app_context():
        return list(db.session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id)))


def pass_time(app: Flask, **span: Any) -> None:
    """Let the rows become so much older."""
    with app.app_context():
        moments = db.session.execute(sa.select(OutboxMessage.id, OutboxMessage.not_before)).all()
        db.session.rollback()
        with side_write() as connection:
            for message_id, not_before in moments:
                values = {"not_before": not_before - dt.timedelta(**span)}
                connection.execute(sa.update(OutboxMessage).where(OutboxMessage.id == message_id).values(values))


@contextmanager
def setting(app: Flask, **values: Any) -> Iterator[None]:
    """Other settings for a while."""
    before = app.config["PORTAL"]
    app.config["PORTAL"] = replace(before, **values)
    try:
        yield
    finally:
        app.config["PORTAL"] = before


@contextmanager
def mailing(app: Flask, server: SmtpServer, **values: Any) -> Iterator[SmtpServer]:
    """Mails go to ``server``."""
    with setting(app, smtp=SmtpSetting("127.0.0.1", server.port, **values)):
        yield server


@contextmanager
def another(config: Config, **values: Any) -> Iterator[Flask]:
    """An app of its own on the same database, as another process would be."""
    app = create_app(replace(config, **values))
    try:
        yield app
    finally:
        queue_of(app).close()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def soon(**span: Any) -> dt.datetime:
    """A moment from now."""
    return clock.now() + dt.timedelta(**span)
