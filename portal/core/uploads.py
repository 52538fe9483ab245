"""Files that somebody uploaded and has not confirmed yet: kept for a day, for whom they belong to alone."""

import datetime as dt

import sqlalchemy as sa

from portal.core import clock
from portal.core.actors import Actor
from portal.core.database import db, side_write
from portal.core.errors import NotFound
from portal.core.models import Upload

KEPT = dt.timedelta(days=1)


def keep(*, actor: Actor, kind: str, event_id: int, filename: str, data: bytes) -> Upload:
    """Keep a file until it is confirmed; the same person's earlier one of this kind and event gives way to it."""
    db.session.execute(sa.delete(Upload).where(*_of(actor, kind, event_id)))
    upload = Upload(
        owner_kind=actor.kind, owner_id=actor.id, kind=kind, event_id=event_id, filename=filename[:255], data=data
    )
    db.session.add(upload)
    db.session.flush()
    return upload


def kept(*, actor: Actor, kind: str, event_id: int, upload_id: int) -> Upload:
    """The file with an id, where it is this person's, of this kind and event. Raises `NotFound`."""
    statement = sa.select(Upload).where(Upload.id == upload_id, *_of(actor, kind, event_id))
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("This upload is no longer there. Please choose the file again.")
    return found


def drop(upload: Upload) -> None:
    """Forget a file that was confirmed or given up."""
    db.session.delete(upload)
    db.session.flush()


def purge() -> int:
    """Forget files older than a day; how many there were. The worker calls it every hour."""
    with side_write() as connection:
        return connection.execute(sa.delete(Upload).where(Upload.created < clock.now() - KEPT)).rowcount


def _of(actor: Actor, kind: str, event_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Upload.owner_kind == actor.kind,
        Upload.owner_id == actor.id,
        Upload.kind == kind,
        Upload.event_id == event_id,
    )
