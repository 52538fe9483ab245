"""What users granted to applications, and the codes and tokens that came of it, as hashes."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import OAuthApplication
from portal.core import clock
from portal.core.database import Base, BigId, HasId, foreign_key

oauth_grant_organizers = sa.Table(
    "oauth_grant_organizers",
    Base.metadata,
    sa.Column("grant_id", BigId, sa.ForeignKey("oauth_grants.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("organizer_id", BigId, sa.ForeignKey("organizers.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class OAuthGrant(HasId, Base):
    """What a user lets an application do: scopes, in all of their organizers or in those of the table beside."""

    __tablename__ = "oauth_grants"

    user_id: Mapped[int] = foreign_key("users.id", index=False)
    application_id: Mapped[int] = foreign_key("oauth_applications.id")
    scopes: Mapped[str] = mapped_column(sa.String(20))
    all_organizers: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime] = mapped_column(default=clock.now)
    last_used: Mapped[datetime | None]

    application: Mapped[OAuthApplication] = relationship()

    __table_args__ = (sa.Index(None, "user_id", "application_id"),)


class OAuthCode(HasId, Base):
    """A code of a grant, and the head of the chain of tokens that it is exchanged for: with it they all go."""

    __tablename__ = "oauth_codes"

    grant_id: Mapped[int] = foreign_key("oauth_grants.id")
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[str] = mapped_column(sa.String(20))
    redirect_uri: Mapped[str | None] = mapped_column(sa.String(2000))
    code_challenge: Mapped[str | None] = mapped_column(sa.String(128))
    created: Mapped[datetime] = mapped_column(default=clock.now)
    expires: Mapped[datetime] = mapped_column(index=True)
    used: Mapped[datetime | None]


class OAuthToken(HasId, Base):
    """An access or a refresh token of a chain. A refresh token that was used stays, so that a second use shows."""

    __tablename__ = "oauth_tokens"

    grant_id: Mapped[int] = foreign_key("oauth_grants.id")
    code_id: Mapped[int] = foreign_key("oauth_codes.id")
    kind: Mapped[str] = mapped_column(sa.String(7))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[str] = mapped_column(sa.String(20))
    created: Mapped[datetime] = mapped_column(default=clock.now)
    expires: Mapped[datetime | None] = mapped_column(index=True)
    ended: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("kind IN ('access', 'refresh')", name="kind"),)
