"""Locks with a name: who takes one waits until the transaction that holds it is over."""

import zlib

import sqlalchemy as sa

from portal.core.database import db
from portal.core.statements import run

_HOLD = sa.select(
    sa.func.pg_advisory_xact_lock(
        sa.bindparam("kind", type_=sa.Integer()),
        sa.bindparam("id", type_=sa.Integer()),
    )
)


def hold(kind: str, id_: int) -> None:
    """Take the lock of a thing until this transaction ends. On SQLite whoever writes is alone already."""
    if db.engine.dialect.name == "postgresql":
        run(_HOLD, {"kind": zlib.crc32(kind.encode()) >> 1, "id": id_ % 2**31})
