"""Tables that belong to no feature: the audit log, the outbox, idempotency keys."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.database import Base, HasId, foreign_key

#: The entries that blocked or freed seats: each event's own are a history that can be undone.
SEATS_CHANGED = "action IN ('seat.blocked', 'seat.unblocked')"


class AuditEntry(HasId, Base):
    """One change by anyone: who, when, what, and what it changed. Never a secret."""

    __tablename__ = "audit_log"

    datetime: Mapped[dt.datetime] = mapped_column(default=clock.now)
    organizer_id: Mapped[int | None] = foreign_key("organizers.id", index=False)
    event_id: Mapped[int | None] = foreign_key("events.id", index=False)
    actor_kind: Mapped[str] = mapped_column(sa.String(20))
    actor_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    actor_label: Mapped[str] = mapped_column(sa.String(255))
    action: Mapped[str] = mapped_column(sa.String(80))
    object_kind: Mapped[str] = mapped_column(sa.String(40), default="")
    object_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        sa.Index(None, "organizer_id", "datetime"),
        sa.Index(None, "event_id", "datetime"),
        sa.Index(None, "object_kind", "object_id"),
        sa.Index(
            "ix_audit_log_seats",
            "event_id",
            "id",
            sqlite_where=sa.text(SEATS_CHANGED),
            postgresql_where=sa.text(SEATS_CHANGED),
        ),
    )


class OutboxMessage(HasId, Base):
    """Work that leaves the house after the commit that asked for it: mails, webhooks.

    ``status`` is ``waiting``, ``running``, ``done`` or ``failed``; a waiting one is due at ``not_before``, a running
    one is somebody's until then.
    """

    __tablename__ = "outbox"

    kind: Mapped[str] = mapped_column(sa.String(40))
    payload: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    created: Mapped[dt.datetime] = mapped_column(default=clock.now)
    not_before: Mapped[dt.datetime] = mapped_column(default=clock.now)
    finished: Mapped[dt.datetime | None]
    last_error: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.Index(None, "status", "not_before"),
        sa.CheckConstraint("status IN ('waiting', 'running', 'done', 'failed')", name="status"),
    )


class IdempotencyKey(HasId, Base):
    """A request's key and, once it is known, its answer; ``scope`` is a hash of the credentials."""

    __tablename__ = "idempotency_keys"

    scope: Mapped[str] = mapped_column(sa.String(64))
    key: Mapped[str] = mapped_column(sa.String(255))
    request: Mapped[str] = mapped_column(sa.String(64))
    created: Mapped[dt.datetime] = mapped_column(default=clock.now, index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    body: Mapped[bytes | None] = mapped_column(sa.LargeBinary)

    __table_args__ = (sa.UniqueConstraint("scope", "key"),)


class Upload(HasId, Base):
    """A file that was uploaded and waits to be confirmed, between an import's preview and its end."""

    __tablename__ = "uploads"

    owner_kind: Mapped[str] = mapped_column(sa.String(20))
    owner_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    kind: Mapped[str] = mapped_column(sa.String(40))
    event_id: Mapped[int] = foreign_key("events.id")
    filename: Mapped[str] = mapped_column(sa.String(255))
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created: Mapped[dt.datetime] = mapped_column(default=clock.now, index=True)

    # An id is never used again: who confirms what they saw must not confirm what came after it.
    __table_args__ = (sa.Index(None, "owner_kind", "owner_id"), {"sqlite_autoincrement": True})


class LimitHit(Base):
    """How often something happened in the window that is open for it; another window begins when that has expired."""

    __tablename__ = "limit_hits"

    key: Mapped[str] = mapped_column(sa.String(190), primary_key=True)
    count: Mapped[int]
    expires: Mapped[dt.datetime] = mapped_column(index=True)
