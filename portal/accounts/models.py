"""Users, teams with their permissions and tokens, applications, and browser sessions."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.database import Base, BigId, HasId, foreign_key

#: Team permissions of the platform rules, each a boolean column of `Team`.
PERMISSIONS = (
    "can_change_organizer_settings",
    "can_change_teams",
    "can_create_events",
    "can_change_event_settings",
    "can_view_orders",
    "can_change_orders",
    "can_checkin_orders",
    "can_view_vouchers",
    "can_change_vouchers",
)

team_members = sa.Table(
    "team_members",
    Base.metadata,
    sa.Column("team_id", BigId, sa.ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", BigId, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
)

team_events = sa.Table(
    "team_events",
    Base.metadata,
    sa.Column("team_id", BigId, sa.ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("event_id", BigId, sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class User(HasId, Base):
    """A person who signs in with e-mail and password."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(sa.String(254))
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str | None] = mapped_column(sa.String(16))
    created: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (sa.Index("uq_users_email", sa.func.lower(sa.text("email")), unique=True),)


class Team(HasId, Base):
    """Members of an organizer with the same permissions, for all of its events or some."""

    __tablename__ = "teams"

    organizer_id: Mapped[int] = foreign_key("organizers.id", index=False)
    name: Mapped[str] = mapped_column(sa.String(190))
    all_events: Mapped[bool] = mapped_column(default=False)
    can_change_organizer_settings: Mapped[bool] = mapped_column(default=False)
    can_change_teams: Mapped[bool] = mapped_column(default=False)
    can_create_events: Mapped[bool] = mapped_column(default=False)
    can_change_event_settings: Mapped[bool] = mapped_column(default=False)
    can_view_orders: Mapped[bool] = mapped_column(default=False)
    can_change_orders: Mapped[bool] = mapped_column(default=False)
    can_checkin_orders: Mapped[bool] = mapped_column(default=False)
    can_view_vouchers: Mapped[bool] = mapped_column(default=False)
    can_change_vouchers: Mapped[bool] = mapped_column(default=False)

    members: Mapped[list[User]] = relationship(secondary=team_members, order_by=User.id, passive_deletes=True)
    tokens: Mapped[list["TeamToken"]] = relationship(order_by="TeamToken.id", passive_deletes=True)

    __table_args__ = (sa.UniqueConstraint("organizer_id", "name"),)


class TeamInvitation(HasId, Base):
    """A team's invitation to an e-mail address. Who accepts it takes the row away: it works once.

    ``token_hash`` is of the link's token, which is made of ``nonce`` and the installation's key: neither the database
    nor the queue of mails holds what opens the link.
    """

    __tablename__ = "team_invitations"

    team_id: Mapped[int] = foreign_key("teams.id", index=False)
    email: Mapped[str] = mapped_column(sa.String(254))
    nonce: Mapped[str] = mapped_column(sa.String(64))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    invited_by: Mapped[str] = mapped_column(sa.String(255), default="")
    locale: Mapped[str | None] = mapped_column(sa.String(16))
    created: Mapped[datetime] = mapped_column(default=clock.now)
    expires: Mapped[datetime]

    __table_args__ = (sa.Index("uq_team_invitations_team_id_email", "team_id", "email", unique=True),)


class TeamToken(HasId, Base):
    """A team's credentials for a server-side client; the token itself is shown once."""

    __tablename__ = "team_tokens"

    team_id: Mapped[int] = foreign_key("teams.id")
    name: Mapped[str] = mapped_column(sa.String(190))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime] = mapped_column(default=clock.now)
    last_used: Mapped[datetime | None]


class OAuthApplication(HasId, Base):
    """A client of the OAuth endpoints, owned by a user."""

    __tablename__ = "oauth_applications"

    owner_id: Mapped[int] = foreign_key("users.id")
    name: Mapped[str] = mapped_column(sa.String(255))
    client_id: Mapped[str] = mapped_column(sa.String(100), unique=True)
    client_secret_hash: Mapped[str] = mapped_column(sa.String(64))
    redirect_uris: Mapped[list[str]] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime] = mapped_column(default=clock.now)


class Session(HasId, Base):
    """A signed-in browser: a user's or, with an access code, an exhibitor's. Ending the row ends the session."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int | None] = foreign_key("users.id")
    access_code_id: Mapped[int | None] = foreign_key("access_codes.id")
    created: Mapped[datetime] = mapped_column(default=clock.now)
    last_used: Mapped[datetime] = mapped_column(default=clock.now)
    expires: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(255), default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (sa.CheckConstraint("(user_id IS NULL) != (access_code_id IS NULL)", name="one_owner"),)
