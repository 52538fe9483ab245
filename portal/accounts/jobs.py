"""Work of accounts that a worker does."""

from flask import Flask

from portal.accounts.services import invitations, mailed
from portal.core import outbox, queue


def init_app(app: Flask) -> None:
    """Say how this feature's outbox rows are prepared, and what is tidied up every hour."""
    outbox.register(app, invitations.KIND, invitations.prepare)
    outbox.register(app, mailed.RESET, mailed.prepare_reset)
    outbox.register(app, mailed.CHANGE, mailed.prepare_change)
    outbox.register(app, mailed.CHANGED, mailed.prepare_changed)
    queue.hourly(app, "invitations", invitations.purge)
