"""Orders, order positions with their answers and check-ins, and cart positions."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.database import Base, BigId, HasId, HasModified, foreign_key

#: Order statuses: pending, paid, expired, cancelled.
ORDER_STATUSES = ("n", "p", "e", "c")
#: Orders that hold nothing any more: expired and cancelled ones.
ENDED = "status IN ('e', 'c')"
#: Positions that hold a seat, unless their order has ended.
HOLDING = "seat_id IS NOT NULL AND NOT canceled"

answer_options = sa.Table(
    "answer_options",
    Base.metadata,
    sa.Column("answer_id", BigId, sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column(
        "option_id", BigId, sa.ForeignKey("question_options.id", ondelete="CASCADE"), primary_key=True, index=True
    ),
)


class Order(HasId, HasModified, Base):
    """An order; its code is unique in the event."""

    __tablename__ = "orders"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    code: Mapped[str] = mapped_column(sa.String(16))
    status: Mapped[str] = mapped_column(sa.String(1))
    testmode: Mapped[bool] = mapped_column(default=False)
    email: Mapped[str | None] = mapped_column(sa.String(254))
    locale: Mapped[str | None] = mapped_column(sa.String(16))
    datetime: Mapped[dt.datetime]
    checkin_attention: Mapped[bool] = mapped_column(default=False)
    invoice_name: Mapped[str | None] = mapped_column(sa.String(500))
    invoice_name_parts: Mapped[dict[str, str] | None]
    invoice_company: Mapped[str | None] = mapped_column(sa.String(500))

    positions: Mapped[list["OrderPosition"]] = relationship(
        order_by="OrderPosition.positionid", back_populates="order", passive_deletes=True
    )

    __table_args__ = (
        sa.UniqueConstraint("event_id", "code"),
        sa.Index(None, "event_id", "modified", "id"),
        sa.Index("ix_orders_email", "event_id", sa.func.lower(sa.text("email"))),
        sa.Index("ix_orders_counted", "event_id", "datetime", "status", "testmode"),
        sa.Index("ix_orders_ended", "id", sqlite_where=sa.text(ENDED), postgresql_where=sa.text(ENDED)),
        sa.CheckConstraint("status IN ('n', 'p', 'e', 'c')", name="status"),
    )


class OrderPosition(HasId, HasModified, Base):
    """A ticket (or another product) that was sold, to whom, and the seat it holds."""

    __tablename__ = "order_positions"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    order_id: Mapped[int] = foreign_key("orders.id", index=False)
    positionid: Mapped[int]
    item_id: Mapped[int] = foreign_key("items.id", ondelete="RESTRICT")
    variation_id: Mapped[int | None] = foreign_key("item_variations.id", ondelete="RESTRICT")
    price: Mapped[Decimal]
    attendee_name: Mapped[str | None] = mapped_column(sa.String(500))
    attendee_name_parts: Mapped[dict[str, str]] = mapped_column(default=dict)
    attendee_email: Mapped[str | None] = mapped_column(sa.String(254))
    company: Mapped[str | None] = mapped_column(sa.String(500))
    street: Mapped[str | None] = mapped_column(sa.Text)
    zipcode: Mapped[str | None] = mapped_column(sa.String(50))
    city: Mapped[str | None] = mapped_column(sa.String(500))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    state: Mapped[str | None] = mapped_column(sa.String(200))
    phone: Mapped[str | None] = mapped_column(sa.String(100))
    voucher_id: Mapped[int | None] = foreign_key("vouchers.id", ondelete="SET NULL")
    discount: Mapped[int | None] = mapped_column(sa.BigInteger)
    tax_rate: Mapped[Decimal] = mapped_column(default=Decimal(0))
    tax_value: Mapped[Decimal] = mapped_column(default=Decimal(0))
    tax_rule: Mapped[int | None] = mapped_column(sa.BigInteger)
    secret: Mapped[str] = mapped_column(sa.String(255))
    pseudonymization_id: Mapped[str | None] = mapped_column(sa.String(64))
    addon_to_id: Mapped[int | None] = foreign_key("order_positions.id")
    subevent_id: Mapped[int | None] = foreign_key("subevents.id", ondelete="RESTRICT")
    seat_id: Mapped[int | None] = foreign_key("seats.id", ondelete="RESTRICT")
    canceled: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[dt.datetime | None]
    valid_until: Mapped[dt.datetime | None]
    blocked: Mapped[list[Any] | None]
    voucher_budget_use: Mapped[Decimal | None]
    search_text: Mapped[str] = mapped_column(sa.Text, default="")
    #: What the file that brought it knows it by; a file that is read again finds it by that.
    external_id: Mapped[str | None] = mapped_column(sa.String(190))

    order: Mapped[Order] = relationship(back_populates="positions")
    answers: Mapped[list["Answer"]] = relationship(order_by="Answer.id", passive_deletes=True)
    checkins: Mapped[list["Checkin"]] = relationship(order_by="Checkin.id", passive_deletes=True)

    __table_args__ = (
        sa.UniqueConstraint("order_id", "positionid"),
        sa.UniqueConstraint("event_id", "secret"),
        sa.UniqueConstraint("event_id", "pseudonymization_id"),
        sa.Index("uq_order_positions_external", "event_id", "external_id", unique=True),
        sa.Index(None, "event_id", "modified", "id"),
        sa.Index("ix_order_positions_counted", "event_id", "item_id", "canceled", "subevent_id", "order_id"),
        sa.Index(
            "ix_order_positions_holding",
            "event_id",
            "seat_id",
            "order_id",
            sqlite_where=sa.text(HOLDING),
            postgresql_where=sa.text(HOLDING),
        ),
    )


class Answer(HasId, Base):
    """The answer to a question for one position; ``answer`` is its text in the form of the bundle.

    An empty one without options says that somebody was asked and left it open: gates read it, nobody else does.
    """

    __tablename__ = "answers"

    position_id: Mapped[int] = foreign_key("order_positions.id", index=False)
    question_id: Mapped[int] = foreign_key("questions.id")
    answer: Mapped[str] = mapped_column(sa.Text)
    modified: Mapped[dt.datetime | None] = mapped_column(default=clock.now, onupdate=clock.now)

    __table_args__ = (sa.UniqueConstraint("position_id", "question_id"),)


class Checkin(HasId, Base):
    """An entry (or exit) of a position on a list. ``first`` marks the one that admitted it: one a position and list."""

    __tablename__ = "checkins"

    position_id: Mapped[int] = foreign_key("order_positions.id", index=False)
    list_id: Mapped[int] = foreign_key("checkin_lists.id", index=False)
    datetime: Mapped[dt.datetime]
    type: Mapped[str] = mapped_column(sa.String(10), default="entry")
    first: Mapped[bool] = mapped_column(default=True)
    auto_checked_in: Mapped[bool] = mapped_column(default=False)
    forced: Mapped[bool] = mapped_column(default=False)
    nonce: Mapped[str | None] = mapped_column(sa.String(190))
    device_id: Mapped[int | None] = foreign_key("devices.id", ondelete="SET NULL")
    user_id: Mapped[int | None] = foreign_key("users.id", ondelete="SET NULL")
    modified: Mapped[dt.datetime | None] = mapped_column(default=clock.now, onupdate=clock.now)

    __table_args__ = (
        sa.Index(
            "uq_checkins_first",
            "position_id",
            "list_id",
            unique=True,
            sqlite_where=sa.text("first"),
            postgresql_where=sa.text("first"),
        ),
        sa.Index("uq_checkins_nonce", "position_id", "list_id", "nonce", unique=True),
        sa.Index(None, "list_id", "datetime"),
        sa.Index(None, "list_id", "id"),
        # What is rare among entries, for the figures: who came in again, and who left.
        sa.Index(
            "ix_checkins_again",
            "list_id",
            "datetime",
            sqlite_where=sa.text("NOT first AND type = 'entry'"),
            postgresql_where=sa.text("NOT first AND type = 'entry'"),
        ),
        sa.Index(
            "ix_checkins_exits",
            "list_id",
            "position_id",
            "datetime",
            sqlite_where=sa.text("type = 'exit'"),
            postgresql_where=sa.text("type = 'exit'"),
        ),
        sa.CheckConstraint("type IN ('entry', 'exit')", name="type"),
    )


class CartPosition(HasId, HasModified, Base):
    """A product in somebody's cart; it holds its seat until it expires."""

    __tablename__ = "cart_positions"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    cart_id: Mapped[str] = mapped_column(sa.String(255))
    item_id: Mapped[int] = foreign_key("items.id")
    variation_id: Mapped[int | None] = foreign_key("item_variations.id")
    price: Mapped[Decimal]
    attendee_name: Mapped[str | None] = mapped_column(sa.String(500))
    attendee_name_parts: Mapped[dict[str, str]] = mapped_column(default=dict)
    attendee_email: Mapped[str | None] = mapped_column(sa.String(254))
    voucher_id: Mapped[int | None] = foreign_key("vouchers.id", ondelete="SET NULL")
    addon_to_id: Mapped[int | None] = foreign_key("cart_positions.id")
    subevent_id: Mapped[int | None] = foreign_key("subevents.id")
    seat_id: Mapped[int | None] = foreign_key("seats.id")
    datetime: Mapped[dt.datetime]
    expires: Mapped[dt.datetime]
    includes_tax: Mapped[bool] = mapped_column(default=True)
    answers: Mapped[list[Any]] = mapped_column(default=list)

    __table_args__ = (sa.Index(None, "event_id", "modified"), sa.Index(None, "event_id", "expires"))
