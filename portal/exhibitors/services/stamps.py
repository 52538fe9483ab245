"""When an access code was last used, and by which program: noted now and then, not at every request."""

from datetime import timedelta

import sqlalchemy as sa

from portal.core import clock
from portal.core.actors import ExhibitorScope
from portal.core.database import side_write
from portal.exhibitors.models import AccessCode

#: An app that is busy is noted this often.
STAMP_EVERY = timedelta(minutes=5)
MAX_PROGRAM = 255


def program_of(user_agent: str) -> str:
    """The program as it is kept."""
    return "".join(char for char in user_agent if char.isprintable())[:MAX_PROGRAM].strip()


def is_due(scope: ExhibitorScope) -> bool:
    """Whether a use should be noted. Colleagues' phones share a code: another program alone is no reason."""
    return scope.code_last_used is None or clock.now() - scope.code_last_used > STAMP_EVERY


def stamp(access_code_id: int, program: str) -> None:
    """Note a use, in a transaction of its own; of several requests at once the first one does."""
    now = clock.now()
    due = sa.or_(AccessCode.last_used.is_(None), AccessCode.last_used < now - STAMP_EVERY)
    with side_write() as connection:
        connection.execute(
            sa.update(AccessCode)
            .where(AccessCode.id == access_code_id, due)
            .values(last_used=now, last_used_from=program or None)
        )
