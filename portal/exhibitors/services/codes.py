"""Access codes: made by the portal alone, unique in the installation, and replaced at once."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Session
from portal.accounts.services import STAMP_EVERY
from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.codes import FULL_CODE_LENGTH, SCANNING_CODE_LENGTH, make_code, normalise_code
from portal.core.database import db, side_write
from portal.core.statements import run
from portal.exhibitors.clients import APP
from portal.exhibitors.models import AccessCode
from portal.exhibitors.queries import EXHIBITORS, lock_exhibitor

#: The kinds of codes and how long they are made (contract decision 23).
LENGTHS = {"full": FULL_CODE_LENGTH, "scanning": SCANNING_CODE_LENGTH}

#: So many codes in a row that all exist already mean that something is wrong with the dice.
_ATTEMPTS = 50

_codes: sa.Table = AccessCode.metadata.tables["access_codes"]
_sessions: sa.Table = Session.metadata.tables["sessions"]


def give_codes(exhibitor_id: int) -> None:
    """A code of each kind for an exhibitor that has none."""
    for kind, length in LENGTHS.items():
        _give(exhibitor_id, kind, length)


def _give(exhibitor_id: int, kind: str, length: int) -> str:
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    insert: Any = dialect.insert(_codes).on_conflict_do_nothing(index_elements=["lookup"]).returning(_codes.c.id)
    for _ in range(_ATTEMPTS):
        code = make_code(length)
        values = {"exhibitor_id": exhibitor_id, "kind": kind, "code": code, "lookup": normalise_code(code)}
        if run(insert, values).scalar() is not None:
            return code
    raise RuntimeError(f"{_ATTEMPTS} codes in a row exist already")


def rotate_codes(
    *, actor: Actor, event: EventScope, exhibitor_id: int, kinds: Sequence[str] = ("full", "scanning")
) -> dict[str, str]:
    """Put new codes in place of the old ones, which open nothing from the commit on; the new ones by kind.

    Whoever is signed in with an old one is signed out. Raises `NotFound` for an exhibitor of another event.
    """
    lock_exhibitor(event.event_id, exhibitor_id)
    present = {
        kind: code_id
        for code_id, kind in run(sa.select(_codes.c.id, _codes.c.kind).where(_codes.c.exhibitor_id == exhibitor_id))
    }
    made: dict[str, str] = {}
    for kind in kinds:
        if kind in present:
            made[kind] = _replace(present[kind], LENGTHS[kind])
        else:
            made[kind] = _give(exhibitor_id, kind, LENGTHS[kind])
    ended = [present[kind] for kind in kinds if kind in present]
    run(sa.delete(_sessions).where(_sessions.c.access_code_id.in_(ended)))
    values: dict[str, Any] = {"modified": clock.now()}
    if "full" in kinds:
        values |= {"code_sent": None, "code_sent_error": None}
    run(sa.update(EXHIBITORS).where(EXHIBITORS.c.id == exhibitor_id).values(values))
    audit.record(
        actor=actor,
        action="exhibitor.codes_rotated",
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="exhibitor",
        object_id=exhibitor_id,
        data={"kinds": list(kinds)},
    )
    return made


def stamp(access_code_id: int, program: str) -> None:
    """Note that an app used a code just now, in a transaction of its own; of several requests at once one does."""
    now = clock.now()
    name = "".join(char for char in program if char.isprintable())
    values = {"last_used": now, "last_used_from": f"{APP}{name}"[:255].strip()}
    due = sa.or_(_codes.c.last_used.is_(None), _codes.c.last_used < now - STAMP_EVERY)
    with side_write() as connection:
        connection.execute(sa.update(_codes).where(_codes.c.id == access_code_id, due).values(values))


def _replace(code_id: int, length: int) -> str:
    for _ in range(_ATTEMPTS):
        code = make_code(length)
        values = {
            "code": code,
            "lookup": normalise_code(code),
            "created": clock.now(),
            "last_used": None,
            "last_used_from": None,
        }
        try:
            with db.session.begin_nested():
                run(sa.update(_codes).where(_codes.c.id == code_id).values(values))
        except IntegrityError:
            continue
        return code
    raise RuntimeError(f"{_ATTEMPTS} codes in a row exist already")
