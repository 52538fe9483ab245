"""Work of exhibitors that a worker does."""

from flask import Flask

from portal.core import outbox
from portal.exhibitors.services import code_mail


def init_app(app: Flask) -> None:
    """Say how this feature's outbox rows are prepared."""
    outbox.register(app, code_mail.KIND, code_mail.prepare)
