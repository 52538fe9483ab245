"""What changes teams and their members: nobody grants more than they have, and an organizer keeps its managers.

Whatever takes somebody the right to change teams locks the organizer's row first: of two people who remove each other
at once, the second finds that they are the last.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext

from portal.accounts import teams
from portal.accounts.models import PERMISSIONS, Team, User, team_events, team_members
from portal.accounts.teams import MANAGES, Rights, TeamRow, TeamValues
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db
from portal.core.errors import Conflict, Forbidden, InvalidInput, NotFound

#: An organizer may have so many teams, and a team so many members; more are a mistake or a script gone wild.
MOST_TEAMS = 200
MOST_MEMBERS = 2000

#: The code of a refusal to leave an organizer without anybody who may change its teams.
LAST_MANAGER = "last_manager"

_organizers = sa.table("organizers", sa.column("id"), sa.column("name"))


def lock_organizers(ids: Sequence[int]) -> None:
    """Have the rows of organizers to oneself until the commit, in one order for everybody."""
    statement = sa.select(_organizers.c.id).where(_organizers.c.id.in_(ids)).order_by(_organizers.c.id)
    db.session.execute(statement.with_for_update()).all()


def changing_teams(actor: Actor, organizer_id: int) -> Rights:
    """Lock the organizer, and say what the actor may grant there now. Raises `Forbidden`."""
    lock_organizers([organizer_id])
    rights = teams.rights_of(actor, organizer_id)
    if not rights.may(MANAGES):
        raise Forbidden("Your teams do not allow this. Ask the people who manage your team.")
    return rights


def team_to_change(rights: Rights, organizer_id: int, team_id: int) -> TeamRow:
    """A team that may do no more than who changes it. Raises `NotFound`, `Forbidden`."""
    team = teams.team_of(organizer_id, team_id)
    if team is None:
        raise NotFound("This team does not exist any more.")
    check_reach(rights, team)
    return team


def check_reach(rights: Rights, team: TeamRow) -> None:
    """Raise `Forbidden` for a team that may do more than who wants to change it."""
    if rights.lacking(team.values):
        raise Forbidden("This team may do more than yours. Ask one of its members to change it.")


def managers(organizer_ids: Sequence[int]) -> dict[int, int]:
    """How many people who may sign in can change the teams of each organizer."""
    statement = (
        sa.select(Team.organizer_id, sa.func.count(sa.distinct(User.id)))
        .join(team_members, team_members.c.team_id == Team.id)
        .join(User, User.id == team_members.c.user_id)
        .where(Team.organizer_id.in_(organizer_ids), Team.can_change_teams, User.is_active)
        .group_by(Team.organizer_id)
    )
    found = dict.fromkeys(organizer_ids, 0)
    found.update((row[0], row[1]) for row in db.session.execute(statement))
    return found


def _nobody_left(organizer_id: int, before: int) -> bool:
    """Whether a change took the last of those who were ``before`` able to change teams."""
    return before > 0 and not managers([organizer_id])[organizer_id]


def check_values(rights: Rights, organizer_id: int, values: TeamValues, before: TeamValues | None = None) -> TeamValues:
    """The values in the form in which they are stored. Raises `InvalidInput`."""
    name = values.name.strip()
    if not name or len(name) > 190 or "\0" in name:
        raise InvalidInput({"name": [gettext("A team needs a name of at most 190 characters.")]})
    permissions = values.permissions & frozenset(PERMISSIONS)
    events = frozenset() if values.all_events else teams.known_events(organizer_id, values.events)
    checked = TeamValues(name, permissions, values.all_events, events)
    lacking = rights.lacking(checked)
    if not lacking:
        return checked
    errors = {}
    if any(permission in PERMISSIONS for permission in lacking):
        errors["permissions"] = [
            gettext("You can give a team only what your own teams may do, and only for the events they may do it for.")
        ]
    else:
        errors["all_events"] = [gettext("You can give a team only the events that your own teams hold for.")]
    raise InvalidInput(errors)


def _check_name(organizer_id: int, name: str, team_id: int | None = None) -> None:
    taken = sa.select(Team.id).where(Team.organizer_id == organizer_id, Team.name == name)
    if db.session.execute(taken.where(Team.id != team_id) if team_id else taken).first() is not None:
        raise InvalidInput({"name": [gettext("There is a team with this name already.")]})


def create_team(*, actor: Actor, organizer_id: int, values: TeamValues) -> int:
    """A new team; its id. Raises `InvalidInput`, `Forbidden`."""
    rights = changing_teams(actor, organizer_id)
    checked = check_values(rights, organizer_id, values)
    _check_name(organizer_id, checked.name)
    if teams.team_count(organizer_id) >= MOST_TEAMS:
        raise InvalidInput({"name": [gettext("There are very many teams already. Delete one first.")]})
    team = Team(organizer_id=organizer_id, **_columns(checked))
    db.session.add(team)
    db.session.flush()
    _set_events(team.id, checked.events)
    _record(actor, "team.created", organizer_id, team.id, _said(checked))
    return team.id


def change_team(*, actor: Actor, organizer_id: int, team_id: int, values: TeamValues) -> None:
    """Set a team anew. Raises `InvalidInput`, `NotFound`, `Forbidden`, `Conflict`."""
    rights = changing_teams(actor, organizer_id)
    before = team_to_change(rights, organizer_id, team_id).values
    checked = check_values(rights, organizer_id, values)
    if checked == before:
        return
    _check_name(organizer_id, checked.name, team_id)
    count = managers([organizer_id])[organizer_id]
    db.session.execute(sa.update(Team).where(Team.id == team_id).values(**_columns(checked)))
    _set_events(team_id, checked.events)
    if _nobody_left(organizer_id, count):
        raise Conflict(
            "Nobody would be left who may change teams. Give another team with members this permission first.",
            code=LAST_MANAGER,
        )
    after, earlier = _said(checked), _said(before)
    changed = {name: [earlier[name], after[name]] for name in after if earlier[name] != after[name]}
    _record(actor, "team.changed", organizer_id, team_id, {"name": checked.name, "changed": changed})


def delete_team(*, actor: Actor, organizer_id: int, team_id: int) -> str:
    """Delete a team with its tokens and invitations; its name. Raises `NotFound`, `Forbidden`, `Conflict`."""
    team = team_to_change(changing_teams(actor, organizer_id), organizer_id, team_id)
    count = managers([organizer_id])[organizer_id]
    db.session.execute(sa.delete(Team).where(Team.id == team_id))
    if _nobody_left(organizer_id, count):
        raise Conflict(
            "Nobody would be left who may change teams. Give another team with members this permission first.",
            code=LAST_MANAGER,
        )
    data = _said(team.values) | {"members": team.members, "tokens": team.tokens}
    _record(actor, "team.deleted", organizer_id, team_id, data)
    return team.values.name


def remove_member(*, actor: Actor, organizer_id: int, team_id: int, user_id: int) -> teams.Member:
    """Take somebody out of a team. Raises `NotFound`, `Forbidden`, `Conflict`."""
    team = team_to_change(changing_teams(actor, organizer_id), organizer_id, team_id)
    member = teams.member_of(team_id, user_id)
    if member is None:
        raise NotFound("This person is no member of the team any more.")
    count = managers([organizer_id])[organizer_id]
    db.session.execute(
        sa.delete(team_members).where(team_members.c.team_id == team_id, team_members.c.user_id == user_id)
    )
    if _nobody_left(organizer_id, count):
        raise Conflict(
            "This is the last person who may change teams. Let somebody else do that first.", code=LAST_MANAGER
        )
    data = {"team": team.values.name, "member": member.name or member.email, "user": user_id}
    _record(actor, "team.member_removed", organizer_id, team_id, data)
    return member


def _columns(values: TeamValues) -> dict[str, Any]:
    permissions = {permission: permission in values.permissions for permission in PERMISSIONS}
    return {"name": values.name, "all_events": values.all_events, **permissions}


def _set_events(team_id: int, events: frozenset[int]) -> None:
    db.session.execute(sa.delete(team_events).where(team_events.c.team_id == team_id))
    if events:
        rows = [{"team_id": team_id, "event_id": event_id} for event_id in sorted(events)]
        db.session.execute(sa.insert(team_events), rows)


def _said(values: TeamValues) -> dict[str, Any]:
    return {
        "name": values.name,
        "permissions": [name for name in PERMISSIONS if name in values.permissions],
        "all_events": values.all_events,
        "events": sorted(values.events),
    }


def _record(actor: Actor, action: str, organizer_id: int, team_id: int, data: dict[str, Any]) -> None:
    record(actor=actor, action=action, organizer_id=organizer_id, object_kind="team", object_id=team_id, data=data)
