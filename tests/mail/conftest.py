"""A kind of work that sends one plain mail, for tests of what lies between the commit and the mailbox."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from flask import Flask

from portal.core import outbox
from portal.core.database import db, set_writing
from portal.core.mail import Mail, build, new_message_id, send
from tests.services import SmtpServer
from tests.working import mailing


def prepare(job: outbox.Job) -> outbox.Work:
    """A mail to the address of the payload."""
    mail = Mail([job.payload["to"]], "Hello", "How do you do", message_id=new_message_id(job.key))
    return partial(send, build(mail))


@pytest.fixture
def greeting(app: Flask) -> Iterator[None]:
    """The kind ``greeting``."""
    outbox.register(app, "greeting", prepare)
    yield
    del app.extensions["outbox"]["greeting"]


@pytest.fixture
def greet(app: Flask, greeting: None) -> Callable[..., int]:
    """Ask for a greeting and commit; the row's id."""

    def ask(to: str = "booth@example.org", **values: object) -> int:
        with app.app_context():
            set_writing(True)
            message = outbox.put("greeting", {"to": to}, **values)  # type: ignore[arg-type]
            db.session.commit()
            return message.id

    return ask


@pytest.fixture
def smtp(app: Flask, smtp_server: SmtpServer) -> Iterator[SmtpServer]:
    """Mails of the app go to a real server."""
    with mailing(app, smtp_server):
        yield smtp_server
