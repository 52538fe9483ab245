"""Whether the parts that the portal stands on answer: the database, its schema, a worker behind the queue."""

import datetime as dt
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import current_app

from portal.core import clock
from portal.core.database import db
from portal.core.queue import queue_of

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
#: A worker gives a sign of life so often, and counts as gone after so long without one.
BEAT_SECONDS = 10
GONE_AFTER = dt.timedelta(seconds=45)


@cache
def newest_schema() -> frozenset[str]:
    """The revisions that this version of the portal needs."""
    return frozenset(ScriptDirectory(str(MIGRATIONS)).get_heads())


@cache
def known_schemas() -> frozenset[str]:
    """All revisions that this version of the portal can come from."""
    return frozenset(script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())


def current_schema() -> frozenset[str]:
    """The revisions that the database has; none where it is empty."""
    if not sa.inspect(db.session.connection()).has_table("alembic_version"):
        return frozenset()
    return frozenset(db.session.scalars(sa.text("SELECT version_num FROM alembic_version")))


def problems() -> dict[str, str]:
    """What does not answer, in a sentence each by its name; empty where all is well."""
    found: dict[str, str] = {}
    try:
        if current_schema() != newest_schema():
            found["migrations"] = "The database is not at the newest schema. Run: flask --app wsgi db upgrade"
    except sa.exc.SQLAlchemyError:
        db.session.rollback()
        found["database"] = "The database does not answer."
    try:
        beat = queue_of(current_app).last_beat()
    except Exception:
        found["queue"] = "The job queue does not answer."
    else:
        if beat is None:
            found["worker"] = "No worker has given a sign of life."
        elif clock.now() - beat > GONE_AFTER:
            found["worker"] = f"No worker has given a sign of life since {beat.isoformat(timespec='seconds')}."
    return found
