"""Reads about applications, what users granted them, codes and tokens."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from portal.accounts.models import OAuthApplication, User
from portal.accounts.oauth.models import OAuthCode, OAuthGrant, OAuthToken, oauth_grant_organizers
from portal.core.codes import hash_token
from portal.core.database import db

#: So many applications, and so much granted access, are shown to a user.
MOST = 200


def application_by_client_id(client_id: str) -> OAuthApplication | None:
    """The application with a client id that may be used."""
    if "\0" in client_id:
        return None
    return db.session.scalars(
        sa.select(OAuthApplication).where(OAuthApplication.client_id == client_id, OAuthApplication.active)
    ).one_or_none()


def applications_of(owner_id: int) -> Sequence[OAuthApplication]:
    """A user's own applications, by name."""
    return db.session.scalars(
        sa.select(OAuthApplication)
        .where(OAuthApplication.owner_id == owner_id)
        .order_by(sa.func.lower(OAuthApplication.name), OAuthApplication.id)
        .limit(MOST)
    ).all()


def application_of(owner_id: int, application_id: int) -> OAuthApplication | None:
    """One of a user's own applications."""
    return db.session.scalars(
        sa.select(OAuthApplication).where(OAuthApplication.id == application_id, OAuthApplication.owner_id == owner_id)
    ).one_or_none()


def users_of_applications(application_ids: Collection[int]) -> dict[int, int]:
    """How many users granted access to each application."""
    counted = sa.func.count(sa.distinct(OAuthGrant.user_id))
    statement = (
        sa.select(OAuthGrant.application_id, counted)
        .where(OAuthGrant.application_id.in_(application_ids))
        .group_by(OAuthGrant.application_id)
    )
    return {application_id: count for application_id, count in db.session.execute(statement)}


def owner_name(application: OAuthApplication) -> str:
    """Who made an application."""
    row = db.session.execute(sa.select(User.name, User.email).where(User.id == application.owner_id)).one()
    return str(row.name or row.email)


# ------------------------------------------------------------------------------------------------------ grants


@dataclass(frozen=True, slots=True)
class GrantRow:
    """Access that a user granted, to be read."""

    id: int
    application: str
    scopes: tuple[str, ...]
    all_organizers: bool
    organizer_ids: tuple[int, ...]
    created: datetime
    last_used: datetime | None


def grants_of(user_id: int) -> list[GrantRow]:
    """What a user granted, the newest first."""
    rows = db.session.execute(
        sa.select(OAuthGrant, OAuthApplication.name)
        .join(OAuthApplication, OAuthApplication.id == OAuthGrant.application_id)
        .where(OAuthGrant.user_id == user_id)
        .order_by(OAuthGrant.id.desc())
        .limit(MOST)
    ).all()
    named = organizers_of([grant.id for grant, _ in rows if not grant.all_organizers])
    return [
        GrantRow(
            grant.id,
            name,
            tuple(grant.scopes.split()),
            grant.all_organizers,
            named.get(grant.id, ()),
            grant.created,
            grant.last_used,
        )
        for grant, name in rows
    ]


def organizers_of(grant_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The ids of the organizers that grants name."""
    found: dict[int, tuple[int, ...]] = defaultdict(tuple)
    table = oauth_grant_organizers
    for grant_id, organizer_id in db.session.execute(
        sa.select(table.c.grant_id, table.c.organizer_id)
        .where(table.c.grant_id.in_(grant_ids))
        .order_by(table.c.grant_id, table.c.organizer_id)
    ):
        found[grant_id] += (organizer_id,)
    return found


def grants_to(user_id: int, application_id: int) -> Sequence[OAuthGrant]:
    """What a user granted an application, the newest first."""
    return db.session.scalars(
        sa.select(OAuthGrant)
        .where(OAuthGrant.user_id == user_id, OAuthGrant.application_id == application_id)
        .order_by(OAuthGrant.id.desc())
        .limit(MOST)
    ).all()


def grant_of(user_id: int, grant_id: int) -> OAuthGrant | None:
    """One of a user's grants."""
    return db.session.scalars(
        sa.select(OAuthGrant).where(OAuthGrant.id == grant_id, OAuthGrant.user_id == user_id)
    ).one_or_none()


# ------------------------------------------------------------------------------------------- codes and tokens


def code_of(application_id: int, code: str) -> OAuthCode | None:
    """A code that was given to an application, used or not."""
    return db.session.scalars(
        sa.select(OAuthCode)
        .join(OAuthGrant, OAuthGrant.id == OAuthCode.grant_id)
        .where(OAuthCode.code_hash == hash_token(code), OAuthGrant.application_id == application_id)
    ).one_or_none()


def refresh_token(token: str) -> tuple[OAuthToken, int] | None:
    """A refresh token, used or not, with the id of its application."""
    return _token(OAuthToken.token_hash == hash_token(token), OAuthToken.kind == "refresh")


def any_token(token: str) -> tuple[OAuthToken, int] | None:
    """A token of either kind, with the id of its application."""
    return _token(OAuthToken.token_hash == hash_token(token))


def _token(*conditions: sa.ColumnElement[bool]) -> tuple[OAuthToken, int] | None:
    row = db.session.execute(
        sa.select(OAuthToken, OAuthGrant.application_id)
        .join(OAuthGrant, OAuthGrant.id == OAuthToken.grant_id)
        .where(*conditions)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def may_act(user_id: int) -> bool:
    """Whether a user may still sign in: only then may anybody act for them."""
    return db.session.scalar(sa.select(User.is_active).where(User.id == user_id)) is True


def user_of_grant(grant_id: int) -> int | None:
    """Whose grant it is; None where it has ended."""
    return db.session.scalar(sa.select(OAuthGrant.user_id).where(OAuthGrant.id == grant_id))
