"""Work of tickets that a worker does."""

from flask import Flask

from portal.core import outbox
from portal.tickets.services import ticket_mail


def init_app(app: Flask) -> None:
    """Say how this feature's outbox rows are prepared."""
    outbox.register(app, ticket_mail.KIND, ticket_mail.prepare)
