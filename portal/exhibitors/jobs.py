"""Work of exhibitors that a worker does."""

from flask import Flask

from portal.core import outbox
from portal.core.queue import hourly
from portal.exhibitors.services import code_mail, mailings


def init_app(app: Flask) -> None:
    """Say how this feature's outbox rows are prepared, and what is tidied up."""
    outbox.register(app, code_mail.KIND, code_mail.prepare)
    outbox.register(app, mailings.KIND, mailings.prepare)
    hourly(app, "code mailings", mailings.purge)
