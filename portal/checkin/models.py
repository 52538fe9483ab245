"""Check-in lists and the devices that scan for them."""

import datetime as dt

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
    """A list that tickets are checked in on: all products or some, of one subevent or of the event.

    Who changes or deletes a check-in of the list touches ``modified``; new check-ins are known by their number.
    """

    __tablename__ = "checkin_lists"

    event_id: Mapped[int] = foreign_key("events.id")
    name: Mapped[str] = mapped_column(sa.String(190))
    all_products: Mapped[bool] = mapped_column(default=True)
    subevent_id: Mapped[int | None] = foreign_key("subevents.id")
    include_pending: Mapped[bool] = mapped_column(default=False)
    modified: Mapped[dt.datetime | None] = mapped_column(default=clock.now, onupdate=clock.now)

    limit_products: Mapped[list[Item]] = relationship(
        secondary=checkin_list_items, order_by=Item.id, passive_deletes=True
    )


class Device(HasId, Base):
    """A check-in device: its key belongs to one event and one list; without ``api_version`` its prefix decides."""

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
    created: Mapped[dt.datetime] = mapped_column(default=clock.now)
    last_seen: Mapped[dt.datetime | None]
    app: Mapped[str | None] = mapped_column(sa.String(255))

    items: Mapped[list[Item]] = relationship(secondary=device_items, order_by=Item.id, passive_deletes=True)

    __table_args__ = (sa.CheckConstraint("api_version IS NULL OR api_version IN (2, 3)", name="api_version"),)


class CheckinRefusal(HasId, Base):
    """An attempt that was refused: why, and by which gate. An unknown secret is not kept."""

    __tablename__ = "checkin_refusals"

    event_id: Mapped[int] = foreign_key("events.id")
    list_id: Mapped[int] = foreign_key("checkin_lists.id", index=False)
    position_id: Mapped[int | None] = foreign_key("order_positions.id")
    reason: Mapped[str] = mapped_column(sa.String(20))
    datetime: Mapped[dt.datetime]
    device_id: Mapped[int | None] = foreign_key("devices.id", ondelete="SET NULL")
    user_id: Mapped[int | None] = foreign_key("users.id", ondelete="SET NULL")

    __table_args__ = (sa.Index(None, "list_id", "datetime"),)


class CheckinUndone(HasId, Base):
    """A check-in that somebody took back: the row as it was, and who took it back when and why.

    Its ``nonce`` stays used: a phone that repeats its request would let the ticket in again.
    """

    __tablename__ = "checkins_undone"

    event_id: Mapped[int] = foreign_key("events.id")
    list_id: Mapped[int] = foreign_key("checkin_lists.id", index=False)
    position_id: Mapped[int] = foreign_key("order_positions.id")
    entered: Mapped[dt.datetime]
    forced: Mapped[bool] = mapped_column(default=False)
    nonce: Mapped[str | None] = mapped_column(sa.String(190))
    device_id: Mapped[int | None] = foreign_key("devices.id", ondelete="SET NULL")
    entered_by_id: Mapped[int | None] = foreign_key("users.id", ondelete="SET NULL")
    datetime: Mapped[dt.datetime]
    user_id: Mapped[int | None] = foreign_key("users.id", ondelete="SET NULL")
    reason: Mapped[str] = mapped_column(sa.String(200))

    __table_args__ = (sa.Index(None, "list_id", "datetime"),)
