"""Tokens of teams: for server-side clients, shown once."""

import sqlalchemy as sa
from flask_babel import gettext

from portal.accounts.models import Team, TeamToken
from portal.accounts.services.teams import changing_teams, team_to_change
from portal.core import clock
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.codes import hash_token, make_token
from portal.core.database import db, side_write
from portal.core.errors import InvalidInput, NotFound

#: A team may have so many tokens that work.
MOST_TOKENS = 100


def stamp_token(token_id: int) -> None:
    """Note that a team token was used, in a transaction of its own."""
    with side_write() as connection:
        connection.execute(sa.update(TeamToken).where(TeamToken.id == token_id).values(last_used=clock.now()))


def create_token(*, actor: Actor, team: Team, name: str) -> str:
    """A new token for a team's server-side client. It is returned once and kept as a hash."""
    return _create(actor, team.organizer_id, team.id, team.name, name)


def create_team_token(*, actor: Actor, organizer_id: int, team_id: int, name: str) -> str:
    """The same for a team of an organizer, by who may change it. Raises `InvalidInput`, `NotFound`, `Forbidden`."""
    team = team_to_change(changing_teams(actor, organizer_id), organizer_id, team_id)
    if team.tokens >= MOST_TOKENS:
        raise InvalidInput({"token_name": [gettext("This team has very many tokens already. Revoke one first.")]})
    try:
        return _create(actor, organizer_id, team_id, team.values.name, name)
    except InvalidInput as error:
        raise InvalidInput({"token_name": error.fields["name"]}) from None


def revoke_token(*, actor: Actor, organizer_id: int, team_id: int, token_id: int) -> str:
    """End a token for good; its name. Raises `NotFound`, `Forbidden`."""
    team = team_to_change(changing_teams(actor, organizer_id), organizer_id, team_id)
    name: str | None = db.session.scalar(
        sa.update(TeamToken)
        .where(TeamToken.id == token_id, TeamToken.team_id == team_id, TeamToken.active)
        .values(active=False)
        .returning(TeamToken.name)
    )
    if name is None:
        raise NotFound("This token does not work any more already.")
    record(
        actor=actor,
        action="token.revoked",
        organizer_id=organizer_id,
        object_kind="token",
        object_id=token_id,
        data={"team": team.values.name, "name": name},
    )
    return name


def _create(actor: Actor, organizer_id: int, team_id: int, team_name: str, name: str) -> str:
    label = name.strip()
    if not label or len(label) > 190 or "\0" in label:
        raise InvalidInput({"name": [gettext("A token needs a name of at most 190 characters.")]})
    token = make_token()
    row = TeamToken(team_id=team_id, name=label, token_hash=hash_token(token))
    db.session.add(row)
    db.session.flush()
    record(
        actor=actor,
        action="token.created",
        organizer_id=organizer_id,
        object_kind="token",
        object_id=row.id,
        data={"team": team_name, "name": label},
    )
    return token
