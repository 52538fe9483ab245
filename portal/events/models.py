"""Organizers, their events and subevents, products and questions."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, BigId, HasId, HasModified, foreign_key

#: Question types of the platform rules.
QUESTION_TYPES = ("N", "S", "T", "B", "C", "M", "F", "D", "H", "W", "CC", "TEL")

question_items = sa.Table(
    "question_items",
    Base.metadata,
    sa.Column("question_id", BigId, sa.ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("item_id", BigId, sa.ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Organizer(HasId, Base):
    """Who runs events. The slug is unique without regard to case."""

    __tablename__ = "organizers"

    slug: Mapped[str] = mapped_column(sa.String(50))
    name: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str | None] = mapped_column(sa.String(254))

    __table_args__ = (sa.Index("uq_organizers_slug", sa.func.lower(sa.text("slug")), unique=True),)


class Event(HasId, HasModified, Base):
    """An event, or a series of subevents. ``settings`` holds what `portal.events.settings` reads."""

    __tablename__ = "events"

    organizer_id: Mapped[int] = foreign_key("organizers.id", index=False)
    slug: Mapped[str] = mapped_column(sa.String(50))
    name: Mapped[dict[str, str]]
    live: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str] = mapped_column(sa.String(16), default="en")
    locales: Mapped[list[str]] = mapped_column(default=lambda: ["en"])
    currency: Mapped[str] = mapped_column(sa.String(3), default="EUR")
    date_from: Mapped[datetime]
    date_to: Mapped[datetime | None]
    timezone: Mapped[str] = mapped_column(sa.String(60), default="UTC")
    has_subevents: Mapped[bool] = mapped_column(default=False)
    url: Mapped[str | None] = mapped_column(sa.String(500))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)

    organizer: Mapped[Organizer] = relationship()

    __table_args__ = (
        sa.Index("uq_events_organizer_id_slug", "organizer_id", sa.func.lower(sa.text("slug")), unique=True),
    )


class SubEvent(HasId, Base):
    """One date of a series."""

    __tablename__ = "subevents"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    name: Mapped[dict[str, str]]
    date_from: Mapped[datetime]
    date_to: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (sa.Index(None, "event_id", "date_from"),)


class Item(HasId, Base):
    """A product."""

    __tablename__ = "items"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    name: Mapped[dict[str, str]]
    default_price: Mapped[Decimal]
    admission: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    checkin_attention: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)

    variations: Mapped[list["ItemVariation"]] = relationship(
        order_by="(ItemVariation.position, ItemVariation.id)", passive_deletes=True
    )

    __table_args__ = (sa.Index(None, "event_id", "position"),)


class ItemVariation(HasId, Base):
    """A variation of a product."""

    __tablename__ = "item_variations"

    item_id: Mapped[int] = foreign_key("items.id")
    value: Mapped[dict[str, str]]
    default_price: Mapped[Decimal | None]
    active: Mapped[bool] = mapped_column(default=True)
    checkin_attention: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)


class Question(HasId, Base):
    """A question asked for some products, at the sale or at check-in."""

    __tablename__ = "questions"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    question: Mapped[dict[str, str]]
    type: Mapped[str] = mapped_column(sa.String(5))
    required: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    identifier: Mapped[str] = mapped_column(sa.String(190))
    ask_during_checkin: Mapped[bool] = mapped_column(default=False)

    items: Mapped[list[Item]] = relationship(secondary=question_items, order_by=Item.id, passive_deletes=True)
    options: Mapped[list["QuestionOption"]] = relationship(
        order_by="(QuestionOption.position, QuestionOption.id)", passive_deletes=True
    )

    __table_args__ = (
        sa.UniqueConstraint("event_id", "identifier"),
        sa.CheckConstraint("type IN ({})".format(", ".join(f"'{kind}'" for kind in QUESTION_TYPES)), name="type"),
    )


class QuestionOption(HasId, Base):
    """One answer to choose of a ``C`` or ``M`` question."""

    __tablename__ = "question_options"

    question_id: Mapped[int] = foreign_key("questions.id", index=False)
    identifier: Mapped[str] = mapped_column(sa.String(190))
    answer: Mapped[dict[str, str]]
    position: Mapped[int] = mapped_column(default=0)

    __table_args__ = (sa.UniqueConstraint("question_id", "identifier"),)
