"""Vouchers: what a code allows, how often, and the seat it may hold."""

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base, HasId, HasModified, foreign_key

PRICE_MODES = ("none", "set", "subtract", "percent")


class Voucher(HasId, HasModified, Base):
    """A voucher of an event; ``redeemed`` counts the positions that used it and are not cancelled."""

    __tablename__ = "vouchers"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    code: Mapped[str] = mapped_column(sa.String(255))
    max_usages: Mapped[int] = mapped_column(default=1)
    redeemed: Mapped[int] = mapped_column(default=0)
    valid_until: Mapped[datetime | None]
    block_quota: Mapped[bool] = mapped_column(default=False)
    allow_ignore_quota: Mapped[bool] = mapped_column(default=False)
    price_mode: Mapped[str] = mapped_column(sa.String(10), default="none")
    value: Mapped[Decimal | None]
    item_id: Mapped[int | None] = foreign_key("items.id", ondelete="SET NULL")
    variation_id: Mapped[int | None] = foreign_key("item_variations.id", ondelete="SET NULL")
    quota: Mapped[int | None] = mapped_column(sa.BigInteger)
    tag: Mapped[str] = mapped_column(sa.String(255), default="")
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    seat_id: Mapped[int | None] = foreign_key("seats.id", ondelete="RESTRICT")
    subevent_id: Mapped[int | None] = foreign_key("subevents.id", ondelete="RESTRICT")

    __table_args__ = (
        sa.UniqueConstraint("event_id", "code"),
        sa.Index(None, "event_id", "modified"),
        sa.Index(None, "event_id", "valid_until"),
        sa.CheckConstraint("price_mode IN ('none', 'set', 'subtract', 'percent')", name="price_mode"),
        sa.CheckConstraint("max_usages >= 0 AND redeemed >= 0", name="usages"),
    )
