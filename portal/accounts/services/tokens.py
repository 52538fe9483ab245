"""Tokens of teams: for server-side clients, shown once."""

import sqlalchemy as sa

from portal.accounts.models import Team, TeamToken
from portal.core import clock
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.codes import hash_token, make_token
from portal.core.database import db, side_write
from portal.core.errors import InvalidInput


def stamp_token(token_id: int) -> None:
    """Note that a team token was used, in a transaction of its own."""
    with side_write() as connection:
        connection.execute(sa.update(TeamToken).where(TeamToken.id == token_id).values(last_used=clock.now()))


def create_token(*, actor: Actor, team: Team, name: str) -> str:
    """A new token for a team's server-side client. It is returned once and kept as a hash."""
    label = name.strip()
    if not label or len(label) > 190:
        raise InvalidInput({"name": ["A token needs a name of at most 190 characters."]})
    token = make_token()
    row = TeamToken(team_id=team.id, name=label, token_hash=hash_token(token))
    db.session.add(row)
    db.session.flush()
    record(
        actor=actor,
        action="token.created",
        organizer_id=team.organizer_id,
        object_kind="token",
        object_id=row.id,
        data={"team": team.name, "name": label},
    )
    return token
