"""Invitations to teams: by mail, for seven days, for the address they were sent to, and once.

The mail's link carries a token made of the row's nonce and the installation's key. Opening it changes nothing; who
accepts takes the row away, so that of two who accept at once one is too late.
"""

import datetime as dt
import hmac
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale, gettext
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts.models import Team, TeamInvitation, User, team_members
from portal.accounts.services.sessions import Client, Verified, start_session
from portal.accounts.services.teams import MOST_MEMBERS, changing_teams, lock_organizers, team_to_change
from portal.accounts.services.users import add_user, locked_user, normal_address
from portal.core import clock, outbox
from portal.core.actors import Actor, SignIn
from portal.core.audit import record
from portal.core.codes import hash_token, make_token
from portal.core.database import db, side_write
from portal.core.errors import Forbidden, InvalidInput, NotFound
from portal.core.mail import BadAddress, Mail, build, new_message_id, one_line, render, send
from portal.web.i18n import LOCALES
from portal.web.urls import url_under

KIND = "team_invitation"
LIFETIME = dt.timedelta(days=7)
#: Expired ones can be sent again for so long.
KEPT = dt.timedelta(days=30)
#: So many invitations of a team may wait at the same time.
MOST_INVITATIONS = 200

_organizers = sa.table("organizers", sa.column("id"), sa.column("name"), sa.column("slug"), sa.column("email"))


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as its link opens it; ``user_id`` is the account of its address, where there is one."""

    team_id: int
    email: str
    team: str
    organizer_id: int
    organizer: str
    organizer_slug: str
    invited_by: str
    expires: dt.datetime
    locale: str | None
    user_id: int | None
    user_is_active: bool


def _token(nonce: str) -> str:
    key = current_app.config["PORTAL"].secret_key.encode()
    return hmac.new(key, f"{KIND}\0{nonce}".encode(), sha256).hexdigest()


def _fresh() -> dict[str, Any]:
    """What makes another link of an invitation; the one before does not work any more."""
    nonce, now = make_token(), clock.now()
    return {"nonce": nonce, "token_hash": hash_token(_token(nonce)), "created": now, "expires": now + LIFETIME}


# --------------------------------------------------------------------------------------------------- who invites


def invite(
    *, actor: Actor, organizer_id: int, team_id: int, email: str, base_url: str, locale: str | None = None
) -> str:
    """Invite an address to a team by mail; the address as it is kept. One that waits already is sent anew.

    Raises `InvalidInput`, `NotFound`, `Forbidden`.
    """
    address = normal_address(email)
    team = team_to_change(changing_teams(actor, organizer_id), organizer_id, team_id)
    member = sa.select(User.id).join(team_members, team_members.c.user_id == User.id)
    if db.session.execute(
        member.where(team_members.c.team_id == team_id, sa.func.lower(User.email) == address)
    ).first():
        raise InvalidInput({"email": [gettext("This person is in the team already.")]})
    if team.members >= MOST_MEMBERS:
        raise InvalidInput({"email": [gettext("This team is full.")]})
    waiting = sa.select(TeamInvitation.id).where(TeamInvitation.team_id == team_id, TeamInvitation.email == address)
    found = db.session.scalar(waiting)
    if found is None and team.invitations >= MOST_INVITATIONS:
        raise InvalidInput({"email": [gettext("Very many invitations of this team wait already. Withdraw one first.")]})
    values = _fresh() | {"invited_by": actor.label[:255], "locale": locale}
    if found is None:
        row = TeamInvitation(team_id=team_id, email=address, **values)
        db.session.add(row)
        db.session.flush()
        found = row.id
    else:
        db.session.execute(sa.update(TeamInvitation).where(TeamInvitation.id == found).values(**values))
    _send(actor, organizer_id, "invitation.sent", found, team.values.name, address, base_url)
    return address


def send_again(*, actor: Actor, organizer_id: int, team_id: int, invitation_id: int, base_url: str) -> str:
    """Send an invitation anew, for another seven days; its address. The link of the mail before is void."""
    team = team_to_change(changing_teams(actor, organizer_id), organizer_id, team_id)
    address: str | None = db.session.scalar(
        sa.update(TeamInvitation)
        .where(TeamInvitation.id == invitation_id, TeamInvitation.team_id == team_id)
        .values(**_fresh())
        .returning(TeamInvitation.email)
    )
    if address is None:
        raise NotFound("This invitation does not wait any more.")
    _send(actor, organizer_id, "invitation.sent_again", invitation_id, team.values.name, address, base_url)
    return address


def withdraw(*, actor: Actor, organizer_id: int, team_id: int, invitation_id: int) -> str:
    """Take an invitation back; its address. Its link is void at once."""
    team = team_to_change(changing_teams(actor, organizer_id), organizer_id, team_id)
    address: str | None = db.session.scalar(
        sa.delete(TeamInvitation)
        .where(TeamInvitation.id == invitation_id, TeamInvitation.team_id == team_id)
        .returning(TeamInvitation.email)
    )
    if address is None:
        raise NotFound("This invitation does not wait any more.")
    _record(actor, organizer_id, "invitation.withdrawn", invitation_id, team.values.name, address)
    return address


def _send(
    actor: Actor, organizer_id: int, action: str, invitation_id: int, team: str, address: str, base_url: str
) -> None:
    outbox.put(KIND, {"invitation": invitation_id, "base_url": base_url})
    _record(actor, organizer_id, action, invitation_id, team, address)


def _record(actor: Actor, organizer_id: int, action: str, invitation_id: int, team: str, address: str) -> None:
    record(
        actor=actor,
        action=action,
        organizer_id=organizer_id,
        object_kind="invitation",
        object_id=invitation_id,
        data={"team": team, "email": address},
    )


# --------------------------------------------------------------------------------------------------- who accepts


_INVITED = (
    sa.select(
        TeamInvitation.id,
        TeamInvitation.team_id,
        TeamInvitation.nonce,
        TeamInvitation.email,
        TeamInvitation.invited_by,
        TeamInvitation.expires,
        TeamInvitation.locale,
        Team.name.label("team"),
        Team.organizer_id,
        _organizers.c.name.label("organizer"),
        _organizers.c.slug.label("organizer_slug"),
        _organizers.c.email.label("organizer_email"),
        User.id.label("user_id"),
        User.is_active,
        User.locale.label("user_locale"),
    )
    .join(Team, Team.id == TeamInvitation.team_id)
    .join(_organizers, _organizers.c.id == Team.organizer_id)
    .outerjoin(User, sa.func.lower(User.email) == TeamInvitation.email)
)


def invited(token: str) -> Invited | None:
    """The invitation that a link's token opens; None for one that is void: unknown, used, withdrawn or expired."""
    opened = TeamInvitation.token_hash == hash_token(token), TeamInvitation.expires > clock.now()
    row = db.session.execute(_INVITED.where(*opened)).one_or_none()
    if row is None:
        return None
    return Invited(
        team_id=row.team_id,
        email=row.email,
        team=row.team,
        organizer_id=row.organizer_id,
        organizer=row.organizer,
        organizer_slug=row.organizer_slug,
        invited_by=row.invited_by,
        expires=row.expires,
        locale=row.locale,
        user_id=row.user_id,
        user_is_active=bool(row.is_active),
    )


def accept(*, sign_in: SignIn, token: str) -> Invited:
    """Join the team as the signed-in user, whose address must be the invitation's. Raises `NotFound`, `Forbidden`."""
    user = locked_user(sign_in.user_id or 0)
    found = _taken(token)
    if found.user_id != user.id:
        raise Forbidden("This invitation is for another address than the one you are signed in with.")
    _join(sign_in.actor, found, user)
    return found


def accept_as_newcomer(
    *, token: str, name: str, hashed: str, client: Client, locale: str | None, replaces: int | None = None
) -> SignIn:
    """Make an account for the invitation's address, join the team and sign in. Raises `NotFound`, `InvalidInput`."""
    found = _taken(token)
    user = add_user(actor=None, address=found.email, hashed=hashed, name=name, locale=locale)
    _join(Actor("user", user.id, user.name or user.email), found, user)
    return start_session(verified=Verified(user.id, hashed, None), client=client, replaces=replaces)


def _taken(token: str) -> Invited:
    """The invitation, whose row is gone with this transaction: nobody else can accept it."""
    found = invited(token)
    if found is None:
        raise _void()
    lock_organizers([found.organizer_id])
    mine = sa.delete(TeamInvitation).where(TeamInvitation.token_hash == hash_token(token))
    if db.session.execute(mine.returning(TeamInvitation.id)).first() is None:
        raise _void()
    return found


def _void() -> NotFound:
    return NotFound("This invitation does not work any more: it was accepted, withdrawn, sent again, or is too old.")


def _join(actor: Actor, found: Invited, user: User) -> None:
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = insert(team_members).values(team_id=found.team_id, user_id=user.id)
    db.session.execute(row.on_conflict_do_nothing())
    record(
        actor=actor,
        action="team.member_joined",
        organizer_id=found.organizer_id,
        object_kind="team",
        object_id=found.team_id,
        data={"team": found.team, "member": user.name or user.email, "invited_by": found.invited_by},
    )


# ----------------------------------------------------------------------------------------------------- the worker


def prepare(job: outbox.Job) -> outbox.Work:
    """The mail of an invitation; None where it was withdrawn, accepted or has expired meanwhile."""
    wanted = TeamInvitation.id == job.payload["invitation"], TeamInvitation.expires > clock.now()
    row = db.session.execute(_INVITED.where(*wanted)).one_or_none()
    if row is None:
        return None
    locale = next((one for one in (row.user_locale, row.locale) if one in LOCALES), "en")
    with force_locale(locale):
        subject = gettext("%(organizer)s invites you to the team %(team)s", organizer=row.organizer, team=row.team)
        values = {
            "subject": subject,
            "link": url_under(job.payload["base_url"], "accounts.invitation", token=_token(row.nonce)),
            "row": row,
            "days": LIFETIME.days,
            "locale": locale,
        }
        mail = Mail(
            to=[row.email],
            subject=one_line(subject)[:250],
            sender_name=one_line(row.organizer),
            reply_to=row.organizer_email,
            text=render("email/invitation.txt", **values),
            html=render("email/invitation.html", **values),
            locale=locale,
            message_id=new_message_id(job.key),
        )
    try:
        return partial(send, build(mail))
    except BadAddress as error:
        raise outbox.Abandon(f"The address cannot be used: {error}.") from error


def purge() -> int:
    """Forget invitations that expired long ago; how many. The worker calls it every hour."""
    with side_write() as connection:
        old = sa.delete(TeamInvitation).where(TeamInvitation.expires < clock.now() - KEPT)
        return connection.execute(old).rowcount
