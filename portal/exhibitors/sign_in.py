"""Signing a browser in with an access code."""

import sqlalchemy as sa

from portal.accounts.services import Client, start_code_session
from portal.core import clock
from portal.core.actors import SignIn
from portal.core.codes import normalise_code
from portal.core.database import db
from portal.exhibitors import queries
from portal.exhibitors.models import AccessCode


def with_code(*, code: str, client: Client, replaces: int | None = None) -> SignIn | None:
    """Start a session for a code typed in any way; None where no exhibitor has it (any more)."""
    scope = queries.locked_scope(code)
    if scope is None:
        return None
    started = start_code_session(scope=scope, lookup=normalise_code(code), client=client, replaces=replaces)
    db.session.execute(
        sa.update(AccessCode)
        .where(AccessCode.id == scope.access_code_id)
        .values(last_used=clock.now(), last_used_from=client.user_agent[:255])
    )
    return started
