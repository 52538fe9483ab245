"""Leads: attendees that an exhibitor scanned, and every version of the notes on them."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.database import Base, HasId, HasModified, foreign_key


class Lead(HasId, HasModified, Base):
    """One attendee for one exhibitor; with ``scope`` a device's uuid, for that device (``""``: for all of them)."""

    __tablename__ = "leads"

    exhibitor_id: Mapped[int] = foreign_key("exhibitors.id", index=False)
    position_id: Mapped[int] = foreign_key("order_positions.id")
    scope: Mapped[str] = mapped_column(sa.String(190), default="")
    scanned: Mapped[dt.datetime]
    first_upload: Mapped[dt.datetime] = mapped_column(default=clock.now)
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    rating: Mapped[int | None] = mapped_column(sa.SmallInteger)
    tags: Mapped[list[str]] = mapped_column(default=list)
    device_name: Mapped[str | None] = mapped_column(sa.String(190))
    device_uuid: Mapped[str | None] = mapped_column(sa.String(190))
    search_text: Mapped[str] = mapped_column(sa.Text, default="")
    #: When it was handed out by an export of all or of new leads; without it the lead is new.
    exported: Mapped[dt.datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("exhibitor_id", "position_id", "scope"),
        sa.Index(None, "exhibitor_id", "scanned"),
        sa.Index(None, "exhibitor_id", "modified"),
        sa.Index(None, "exhibitor_id", "exported"),
        sa.CheckConstraint("rating IS NULL OR (rating >= 0 AND rating <= 5)", name="rating"),
    )


class LeadVersion(HasId, Base):
    """What a lead's notes, rating and tags were set to, when and by whom: nothing a colleague wrote is lost."""

    __tablename__ = "lead_versions"

    lead_id: Mapped[int] = foreign_key("leads.id")
    datetime: Mapped[dt.datetime] = mapped_column(default=clock.now)
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    rating: Mapped[int | None] = mapped_column(sa.SmallInteger)
    tags: Mapped[list[str]] = mapped_column(default=list)
    device_name: Mapped[str | None] = mapped_column(sa.String(190))
    device_uuid: Mapped[str | None] = mapped_column(sa.String(190))
    actor_label: Mapped[str] = mapped_column(sa.String(255), default="")
