"""Granting and ending access, and the life of codes and tokens. The database settles every race.

Whoever changes a grant's codes or tokens locks the grant first, so that two of them never wait for each other.
"""

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from portal.accounts.models import OAuthApplication
from portal.accounts.oauth import queries
from portal.accounts.oauth.models import OAuthCode, OAuthGrant, OAuthToken, oauth_grant_organizers
from portal.core import clock
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.codes import hash_token
from portal.core.database import db, side_write
from portal.core.errors import Conflict

SCOPES = ("read", "write")
#: A code is exchanged by a server a moment after the browser brought it.
CODE_LIFETIME = dt.timedelta(minutes=5)
#: How long an access token lives (platform rules, OAuth 2).
ACCESS_SECONDS = 86_400
#: Chains that nobody can use any more are swept away after so long.
KEPT = dt.timedelta(days=1)


def read_scopes(given: str | None) -> str | None:
    """Scopes in their one spelling; None for what the portal does not know. Without any, an application may read."""
    words = set((given or "").split())
    if not words <= set(SCOPES):
        return None
    return " ".join(scope for scope in SCOPES if scope in words) or "read"


# ------------------------------------------------------------------------------------------------------ grants


def give_access(
    *, actor: Actor, user_id: int, application: OAuthApplication, scopes: str, organizers: Collection[int] | None
) -> OAuthGrant:
    """Let an application act for a user, in all of their organizers (None) or in some; an equal grant serves again."""
    named = None if organizers is None else tuple(sorted(set(organizers)))
    same = [
        grant
        for grant in queries.grants_to(user_id, application.id)
        if grant.scopes == scopes and grant.all_organizers is (named is None)
    ]
    if named is not None:
        known = queries.organizers_of([grant.id for grant in same])
        same = [grant for grant in same if known.get(grant.id, ()) == named]
    if same:
        return same[0]
    grant = OAuthGrant(user_id=user_id, application_id=application.id, scopes=scopes, all_organizers=named is None)
    db.session.add(grant)
    db.session.flush()
    if named:
        rows = [{"grant_id": grant.id, "organizer_id": organizer} for organizer in named]
        db.session.execute(sa.insert(oauth_grant_organizers), rows)
    _record(actor, "access.granted", grant, application.name, named)
    return grant


def silent_grant(*, user_id: int, application_id: int, scopes: str) -> OAuthGrant | None:
    """What the user granted before to the same application for the same scopes, the newest; None where they did not.

    One whose organizers are all gone counts no more: the user is asked again.
    """
    same = [grant for grant in queries.grants_to(user_id, application_id) if grant.scopes == scopes]
    known = queries.organizers_of([grant.id for grant in same if not grant.all_organizers])
    return next((grant for grant in same if grant.all_organizers or grant.id in known), None)


def end_access(*, actor: Actor, grant: OAuthGrant) -> None:
    """End what a user granted: its codes and tokens count no more, at once."""
    if not _lock(grant.id):
        return
    named = None if grant.all_organizers else queries.organizers_of([grant.id]).get(grant.id, ())
    name = db.session.scalar(sa.select(OAuthApplication.name).where(OAuthApplication.id == grant.application_id))
    _record(actor, "access.ended", grant, name or "", named)
    db.session.execute(sa.delete(OAuthGrant).where(OAuthGrant.id == grant.id))


def _record(actor: Actor, action: str, grant: OAuthGrant, application: str, organizers: Collection[int] | None) -> None:
    """One entry, or one for each organizer that the grant names: its log shows who may look in."""
    for organizer in organizers or (None,):
        record(
            actor=actor,
            action=action,
            organizer_id=organizer,
            object_kind="access",
            object_id=grant.id,
            data={"application": application, "scopes": grant.scopes, "all_organizers": grant.all_organizers},
        )


def stamp_grant(grant_id: int) -> None:
    """Note that a token of a grant was used, in a transaction of its own."""
    with side_write() as connection:
        connection.execute(sa.update(OAuthGrant).where(OAuthGrant.id == grant_id).values(last_used=clock.now()))


# ------------------------------------------------------------------------------------------- codes and tokens


def _lock(grant_id: int) -> bool:
    """Hold a grant until the commit; False where it has ended meanwhile."""
    statement = sa.select(OAuthGrant.id).where(OAuthGrant.id == grant_id).with_for_update()
    return db.session.execute(statement).scalar_one_or_none() is not None


def add_code(*, grant: OAuthGrant, code: str, redirect_uri: str | None, code_challenge: str | None) -> None:
    """Keep a code that was just made, as its hash. Raises `Conflict` where the grant has just ended."""
    if not _lock(grant.id):
        raise Conflict("This access has just been ended. Please start again in the application.")
    db.session.add(
        OAuthCode(
            grant_id=grant.id,
            code_hash=hash_token(code),
            scopes=grant.scopes,
            redirect_uri=redirect_uri,
            code_challenge=code_challenge,
            expires=clock.now() + CODE_LIFETIME,
        )
    )
    db.session.flush()


def exchange_code(*, actor: Actor, code: OAuthCode, access: str, refresh: str) -> bool:
    """Give the tokens for a code, once; False, and nothing of the chain is left, where it was used before."""
    if not _lock(code.grant_id):
        return False
    now = clock.now()
    fresh = sa.update(OAuthCode).where(OAuthCode.id == code.id, OAuthCode.used.is_(None), OAuthCode.expires > now)
    if not _changes(fresh.values(used=now)):
        end_chain(actor=actor, grant_id=code.grant_id, code_id=code.id)
        return False
    _add_tokens(code.grant_id, code.id, access, refresh, code.scopes, code.scopes)
    return True


def rotate(*, actor: Actor, used: OAuthToken, scopes: str, access: str, refresh: str) -> bool:
    """Give new tokens for a refresh token, once, and end the access token before; False as for a code."""
    if not _lock(used.grant_id):
        return False
    fresh = sa.update(OAuthToken).where(OAuthToken.id == used.id, OAuthToken.ended.is_(None))
    if not _changes(fresh.values(ended=clock.now())):
        end_chain(actor=actor, grant_id=used.grant_id, code_id=used.code_id)
        return False
    db.session.execute(sa.delete(OAuthToken).where(OAuthToken.code_id == used.code_id, OAuthToken.kind == "access"))
    _add_tokens(used.grant_id, used.code_id, access, refresh, scopes, used.scopes)
    return True


def _changes(statement: sa.Update) -> bool:
    """Whether an update by its conditions found its row; the row is named by the database, not by this session."""
    found = statement.execution_options(synchronize_session=False).returning(sa.literal(1))
    return db.session.execute(found).scalar_one_or_none() is not None


def _add_tokens(grant_id: int, code_id: int, access: str, refresh: str, scopes: str, all_scopes: str) -> None:
    expires = clock.now() + dt.timedelta(seconds=ACCESS_SECONDS)
    for kind, token, allowed, ends in (("access", access, scopes, expires), ("refresh", refresh, all_scopes, None)):
        db.session.add(
            OAuthToken(
                grant_id=grant_id,
                code_id=code_id,
                kind=kind,
                token_hash=hash_token(token),
                scopes=allowed,
                expires=ends,
            )
        )
    db.session.flush()


def end_chain(*, actor: Actor, grant_id: int, code_id: int) -> None:
    """A code or a refresh token was used twice, so somebody has a copy: all that came of that code ends."""
    if not _lock(grant_id):
        return
    gone = sa.delete(OAuthCode).where(OAuthCode.id == code_id).returning(OAuthCode.id)
    if db.session.execute(gone).scalar_one_or_none() is not None:
        record(actor=actor, action="access.reused", object_kind="access", object_id=grant_id)


def end_token(*, token: OAuthToken) -> None:
    """End a token that its application has no more use for; with a refresh token goes its whole chain."""
    if not _lock(token.grant_id):
        return
    if token.kind == "refresh":
        db.session.execute(sa.delete(OAuthCode).where(OAuthCode.id == token.code_id))
    else:
        db.session.execute(sa.delete(OAuthToken).where(OAuthToken.id == token.id))


def purge() -> int:
    """Sweep away codes that were never used and access tokens that are over; how many. The worker calls it hourly."""
    over = clock.now() - KEPT
    with side_write() as connection:
        tokens = connection.execute(sa.delete(OAuthToken).where(OAuthToken.expires < over)).rowcount
        unused = sa.delete(OAuthCode).where(OAuthCode.expires < over, OAuthCode.used.is_(None))
        return tokens + connection.execute(unused).rowcount
