"""Reads about exhibitors: what the holder of an access code may see, and the row that a change is about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.core.actors import Actor, ExhibitorScope
from portal.core.codes import hash_token, normalise_code
from portal.core.database import db
from portal.core.errors import NotFound
from portal.core.statements import rows, run
from portal.events.models import Event, Organizer
from portal.exhibitors.models import AccessCode, Exhibitor

EXHIBITORS: sa.Table = Exhibitor.metadata.tables["exhibitors"]

_SCOPE = (
    sa.select(
        AccessCode.id,
        AccessCode.kind,
        AccessCode.lookup,
        AccessCode.last_used,
        Exhibitor.id.label("exhibitor_id"),
        Exhibitor.name,
        Exhibitor.booth,
        Exhibitor.locale,
        Exhibitor.allow_lead_scanning,
        Exhibitor.allow_lead_access,
        Exhibitor.allow_voucher_access,
        Exhibitor.lead_scanning_scope_by_device,
        Organizer.id.label("organizer_id"),
        Organizer.slug.label("organizer_slug"),
        Event.id.label("event_id"),
        Event.slug.label("event_slug"),
        Event.name.label("event_name"),
        Event.locale.label("event_locale"),
        Event.timezone,
        Event.currency,
    )
    .select_from(AccessCode)
    .join(Exhibitor, Exhibitor.id == AccessCode.exhibitor_id)
    .join(Event, Event.id == Exhibitor.event_id)
    .join(Organizer, Organizer.id == Event.organizer_id)
)
#: From the exhibitor's name on in the order of an `ExhibitorScope`'s fields.
_BY_CODE = _SCOPE.where(AccessCode.lookup == sa.bindparam("lookup"))
_BY_ID = _SCOPE.where(AccessCode.id == sa.bindparam("access_code_id", type_=sa.BigInteger()))


def scope_by_code(code: str) -> ExhibitorScope | None:
    """The exhibitor that a code opens, typed in any case, with spaces or dashes; None for an unknown code."""
    found = stamped_scope(code)
    return found[0] if found else None


def stamped_scope(code: str) -> tuple[ExhibitorScope, datetime | None] | None:
    """The same with when the code was last used."""
    lookup = normalise_code(code)
    found = rows(_BY_CODE, {"lookup": lookup}) if lookup else ()
    return (_scope_of(found[0]), found[0][3]) if found else None


def scope_of_session(access_code_id: int, code_hash: str | None) -> ExhibitorScope | None:
    """The exhibitor that a session's access code opens; None once another code has taken its place."""
    found = rows(_BY_ID, {"access_code_id": access_code_id})
    return _scope_of(found[0]) if found and hash_token(found[0][2]) == code_hash else None


def locked_scope(code: str) -> ExhibitorScope | None:
    """The exhibitor that a code opens, which stays so until the transaction ends."""
    row = db.session.execute(_BY_CODE.with_for_update(of=AccessCode), {"lookup": normalise_code(code)}).one_or_none()
    return None if row is None else _scope_of(row)


def _scope_of(row: Sequence[Any]) -> ExhibitorScope:
    code_id, kind, _, _, exhibitor_id, name, *rest = row
    values: list[Any] = [code_id, kind, exhibitor_id, name, *rest]
    return ExhibitorScope(Actor(kind="exhibitor", id=code_id, label=name), *values)


_ROW = sa.select(EXHIBITORS).where(
    EXHIBITORS.c.event_id == sa.bindparam("event"), EXHIBITORS.c.id == sa.bindparam("exhibitor")
)
_FOR_CHANGE = _ROW.with_for_update(key_share=True)
_FOR_DELETION = _ROW.with_for_update()


def lock_exhibitor(event_id: int, exhibitor_id: int, *, to_delete: bool = False) -> dict[str, Any]:
    """An exhibitor's row, which stays so until the transaction ends; leads may still come in unless it is to go.

    Raises `NotFound` for an exhibitor of another event.
    """
    statement = _FOR_DELETION if to_delete else _FOR_CHANGE
    row = run(statement, {"event": event_id, "exhibitor": exhibitor_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("This exhibitor does not exist, or it is not yours.")
    return dict(row)
