"""Seating plans and seats."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.database import Base, BigId, HasId, HasModified, foreign_key


class SeatingPlan(HasId, Base):
    """The plan of an event, or of one of its subevents; ``layout`` is pretix' seating plan file."""

    __tablename__ = "seating_plans"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    subevent_id: Mapped[int | None] = foreign_key("subevents.id", index=False)
    name: Mapped[str] = mapped_column(sa.String(255))
    layout: Mapped[dict[str, Any]]

    __table_args__ = (
        sa.Index(
            "uq_seating_plans_event",
            "event_id",
            unique=True,
            sqlite_where=sa.text("subevent_id IS NULL"),
            postgresql_where=sa.text("subevent_id IS NULL"),
        ),
        sa.Index("uq_seating_plans_subevent", "subevent_id", unique=True),
    )


class SeatingPlanDraft(HasId, Base):
    """A plan that was uploaded and waits to be confirmed: one for each event or subevent, the latest."""

    __tablename__ = "seating_plan_drafts"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    subevent_id: Mapped[int | None] = foreign_key("subevents.id", index=False)
    name: Mapped[str] = mapped_column(sa.String(255))
    layout: Mapped[dict[str, Any]]
    uploaded: Mapped[datetime] = mapped_column(default=clock.now)
    uploaded_by: Mapped[str] = mapped_column(sa.String(255))

    __table_args__ = (
        sa.Index(
            "uq_seating_plan_drafts_event",
            "event_id",
            unique=True,
            sqlite_where=sa.text("subevent_id IS NULL"),
            postgresql_where=sa.text("subevent_id IS NULL"),
        ),
        sa.Index("uq_seating_plan_drafts_subevent", "subevent_id", unique=True),
    )


class Seat(HasId, HasModified, Base):
    """A seat of an event or, in a series, of one subevent. Who holds it is derived from what was sold.

    No index has a column that blocking changes: on PostgreSQL, whose pages leave room for it (the migration's
    fillfactor), a seat's new version then takes its place beside the old one and no index is written. When seats last
    changed is known from the audit log and, for plans and bundles, from the event's `modified`.
    """

    __tablename__ = "seats"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    subevent_id: Mapped[int | None] = foreign_key("subevents.id", index=False)
    zone_name: Mapped[str] = mapped_column(sa.String(190), default="")
    row_name: Mapped[str] = mapped_column(sa.String(190), default="")
    row_label: Mapped[str | None] = mapped_column(sa.String(190))
    seat_number: Mapped[str] = mapped_column(sa.String(190), default="")
    seat_label: Mapped[str | None] = mapped_column(sa.String(190))
    seat_guid: Mapped[str] = mapped_column(sa.String(190))
    product_id: Mapped[int | None] = foreign_key("items.id", ondelete="SET NULL")
    blocked: Mapped[bool] = mapped_column(default=False)
    x: Mapped[float | None]
    y: Mapped[float | None]
    sorting_rank: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        sa.Index(
            "uq_seats_event_guid",
            "event_id",
            "seat_guid",
            unique=True,
            sqlite_where=sa.text("subevent_id IS NULL"),
            postgresql_where=sa.text("subevent_id IS NULL"),
        ),
        sa.Index("uq_seats_subevent_guid", "subevent_id", "seat_guid", unique=True),
        sa.Index(None, "event_id", "subevent_id", "id"),
        sa.Index(None, "event_id", "subevent_id", "zone_name", "row_name"),
    )


class SeatChange(Base):
    """What one change, an entry of the audit log, did to one seat.

    ``made_by`` is the change that brought about the state the seat had afterwards: the change itself or, after an
    undo, the one before what was undone; nothing where that was the state from the start. Foreign keys would be looked
    up once a seat, for twice the time of all the rest of a change: who deletes seats deletes their changes first.
    """

    __tablename__ = "seat_changes"

    seat_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    audit_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    before: Mapped[bool]
    after: Mapped[bool]
    made_by: Mapped[int | None] = mapped_column(BigId)
