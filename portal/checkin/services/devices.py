"""What the portal notes about devices while they scan."""

from datetime import timedelta

import sqlalchemy as sa

from portal.checkin.models import Device
from portal.checkin.queries.devices import Seen
from portal.core import clock
from portal.core.database import side_write

#: A device that is busy is stamped this often, not at every request.
STAMP_EVERY = timedelta(seconds=60)
#: Another program is noted sooner; two programs that take turns with one key are not written down at every request.
CHANGE_EVERY = timedelta(seconds=5)
MAX_APP = 255


def app_of(user_agent: str) -> str | None:
    """The program of a device as it is kept."""
    return "".join(char for char in user_agent if char.isprintable())[:MAX_APP].strip() or None


def is_due(seen: Seen, app: str | None) -> bool:
    """Whether a device should be stamped: not seen for a while, or with another program."""
    if seen.when is None:
        return True
    changed = app is not None and app != seen.app
    return clock.now() - seen.when > (CHANGE_EVERY if changed else STAMP_EVERY)


def stamp(device_id: int, app: str | None) -> None:
    """Note that a device was seen, in a transaction of its own; of several requests at once the first one does."""
    now = clock.now()
    due = [Device.last_seen.is_(None), Device.last_seen < now - STAMP_EVERY]
    if app is not None:
        due += [Device.app.is_(None), Device.app != app]
    values = {"last_seen": now} | ({} if app is None else {"app": app})
    with side_write() as connection:
        connection.execute(sa.update(Device).where(Device.id == device_id, sa.or_(*due)).values(**values))
