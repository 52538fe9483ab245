"""Check-in lists and the devices that scan for them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.database import Base, BigId, HasId, foreign_key
from portal.events.models import Item

checkin_list_items = sa.Table(
    "checkin_list_items",
    Base.metadata,
    sa.Column("list_id", BigId, sa.ForeignKey("checkin_lists.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("item_id", BigId, sa.ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, index=True),
)

device_items = sa.Table(
    "device_items",
    Base.metadata,
    sa.Column("device_id", BigId, sa.ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("item_id", BigId, sa.ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class CheckinList(HasId, Base):
    """A list that tickets are checked in on: all products or some, of one subevent or of the event."""

    __tablename__ = "checkin_lists"

    event_id: Mapped[int] = foreign_key("events.id")
    name: Mapped[str] = mapped_column(sa.String(190))
    all_products: Mapped[bool] = mapped_column(default=True)
    subevent_id: Mapped[int | None] = foreign_key("subevents.id")
    include_pending: Mapped[bool] = mapped_column(default=False)

    limit_products: Mapped[list[Item]] = relationship(
        secondary=checkin_list_items, order_by=Item.id, passive_deletes=True
    )


class Device(HasId, Base):
    """A check-in device: its key belongs to one event and one list. ``api_version`` is None where its prefix decides."""

    __tablename__ = "devices"

    event_id: Mapped[int] = foreign_key("events.id")
    list_id: Mapped[int] = foreign_key("checkin_lists.id")
    name: Mapped[str] = mapped_column(sa.String(190))
    key_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    all_items: Mapped[bool] = mapped_column(default=True)
    allow_search: Mapped[bool] = mapped_column(default=True)
    show_info: Mapped[bool] = mapped_column(default=True)
    api_version: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen: Mapped[datetime | None]
    app: Mapped[str | None] = mapped_column(sa.String(255))

    items: Mapped[list[Item]] = relationship(secondary=device_items, order_by=Item.id, passive_deletes=True)

    __table_args__ = (sa.CheckConstraint("api_version IS NULL OR api_version IN (2, 3)", name="api_version"),)
