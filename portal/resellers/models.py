"""Reseller accounts, their members, and the organizers they created."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import User
from portal.core.database import Base, BigId, HasId, HasModified

reseller_members = sa.Table(
    "reseller_members",
    Base.metadata,
    sa.Column("reseller_id", BigId, sa.ForeignKey("resellers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", BigId, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
)

reseller_organizers = sa.Table(
    "reseller_organizers",
    Base.metadata,
    sa.Column("reseller_id", BigId, sa.ForeignKey("resellers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("organizer_id", BigId, sa.ForeignKey("organizers.id", ondelete="CASCADE"), primary_key=True, unique=True),
)


class Reseller(HasId, HasModified, Base):
    """A value-added reseller with its public contact data. It is never deleted; changes of members touch it."""

    __tablename__ = "resellers"

    name: Mapped[str] = mapped_column(sa.String(190), unique=True)
    public_name: Mapped[str] = mapped_column(sa.String(190), default="")
    public_url: Mapped[str] = mapped_column(sa.String(500), default="")
    support_email: Mapped[str] = mapped_column(sa.String(254), default="")
    support_phone: Mapped[str] = mapped_column(sa.String(100), default="")
    communication_language: Mapped[str] = mapped_column(sa.String(16), default="en")

    members: Mapped[list[User]] = relationship(secondary=reseller_members, order_by=User.id, passive_deletes=True)
