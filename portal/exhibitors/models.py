"""Exhibitors, their tags and vouchers, and the access codes that open their doors."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.database import Base, BigId, HasId, HasModified, foreign_key

exhibitor_tag_links = sa.Table(
    "exhibitor_tag_links",
    Base.metadata,
    sa.Column("exhibitor_id", BigId, sa.ForeignKey("exhibitors.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag_id", BigId, sa.ForeignKey("exhibitor_tags.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class ExhibitorTag(HasId, Base):
    """A label that organizers sort exhibitors by; exhibitors never see it."""

    __tablename__ = "exhibitor_tags"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    name: Mapped[str] = mapped_column(sa.String(190))

    __table_args__ = (sa.UniqueConstraint("event_id", "name"),)


class Exhibitor(HasId, HasModified, Base):
    """An exhibitor of an event."""

    __tablename__ = "exhibitors"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    name: Mapped[str] = mapped_column(sa.String(190))
    internal_id: Mapped[str | None] = mapped_column(sa.String(255))
    contact_name: Mapped[str | None] = mapped_column(sa.String(500))
    contact_name_parts: Mapped[dict[str, str]] = mapped_column(default=dict)
    contact_email: Mapped[str | None] = mapped_column(sa.String(254))
    contact_cc_email: Mapped[str | None] = mapped_column(sa.Text)
    booth: Mapped[str | None] = mapped_column(sa.String(100))
    locale: Mapped[str] = mapped_column(sa.String(16), default="en")
    allow_lead_scanning: Mapped[bool] = mapped_column(default=False)
    allow_lead_access: Mapped[bool] = mapped_column(default=False)
    allow_voucher_access: Mapped[bool] = mapped_column(default=False)
    lead_scanning_scope_by_device: Mapped[bool] = mapped_column(default=False)
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    search_text: Mapped[str] = mapped_column(sa.Text, default="")
    #: When the present access code was last sent, and why the newest attempt failed; an app sees neither.
    code_sent: Mapped[datetime | None]
    code_sent_error: Mapped[str | None] = mapped_column(sa.String(300))

    tags: Mapped[list[ExhibitorTag]] = relationship(
        secondary=exhibitor_tag_links, order_by=ExhibitorTag.name, passive_deletes=True
    )
    access_codes: Mapped[list["AccessCode"]] = relationship(
        order_by="AccessCode.kind", back_populates="exhibitor", passive_deletes=True
    )

    __table_args__ = (
        sa.Index(None, "event_id", "name"),
        sa.Index(None, "event_id", "internal_id"),
        sa.Index(None, "event_id", "modified"),
        sa.Index("ix_exhibitors_contact_email", sa.func.lower(sa.text("contact_email"))),
    )


class AccessCode(HasId, Base):
    """A code that opens an exhibitor's doors: ``full`` all of them, ``scanning`` the scanner alone.

    ``lookup`` is the code without case, spaces and dashes, unique in the installation whatever the kind.
    """

    __tablename__ = "access_codes"

    exhibitor_id: Mapped[int] = foreign_key("exhibitors.id", index=False)
    kind: Mapped[str] = mapped_column(sa.String(10))
    code: Mapped[str] = mapped_column(sa.String(64))
    lookup: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created: Mapped[datetime] = mapped_column(default=clock.now)
    last_used: Mapped[datetime | None]
    last_used_from: Mapped[str | None] = mapped_column(sa.String(255))

    exhibitor: Mapped[Exhibitor] = relationship(back_populates="access_codes")

    __table_args__ = (
        sa.UniqueConstraint("exhibitor_id", "kind"),
        sa.CheckConstraint("kind IN ('full', 'scanning')", name="kind"),
    )


class CodeMailing(HasId, Base):
    """Access codes sent to many exhibitors: who asked for it, and where the links of the mails lead.

    ``key`` comes with the form, so that a form that is sent twice is one mailing.
    """

    __tablename__ = "code_mailings"

    event_id: Mapped[int] = foreign_key("events.id", index=False)
    key: Mapped[str] = mapped_column(sa.String(64))
    created: Mapped[datetime] = mapped_column(default=clock.now)
    actor_kind: Mapped[str] = mapped_column(sa.String(20))
    actor_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    actor_label: Mapped[str] = mapped_column(sa.String(255))
    base_url: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (sa.UniqueConstraint("event_id", "key"),)


class CodeMailingRecipient(HasId, Base):
    """An exhibitor of a mailing; while it waits for one mail it gets no other.

    ``attempt`` counts how often somebody asked for it; ``error`` is why the newest attempt failed.
    """

    __tablename__ = "code_mailing_recipients"

    mailing_id: Mapped[int] = foreign_key("code_mailings.id", index=False)
    exhibitor_id: Mapped[int] = foreign_key("exhibitors.id")
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    attempt: Mapped[int] = mapped_column(default=1)
    error: Mapped[str | None] = mapped_column(sa.String(300))
    changed: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        sa.UniqueConstraint("mailing_id", "exhibitor_id"),
        sa.Index(
            "uq_code_mailing_recipients_waiting",
            "exhibitor_id",
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'cancelled')", name="state"),
    )


class ExhibitorVoucher(HasId, Base):
    """A voucher given to an exhibitor: to one at most (contract decision 17)."""

    __tablename__ = "exhibitor_vouchers"

    exhibitor_id: Mapped[int] = foreign_key("exhibitors.id")
    voucher_id: Mapped[int] = foreign_key("vouchers.id", index=False, unique=True)
    exhibitor_comment: Mapped[str] = mapped_column(sa.Text, default="")
