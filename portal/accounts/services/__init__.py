"""What changes accounts: users, passwords, sessions, teams with their tokens, and invitations."""

from portal.accounts.services.sessions import (
    CODE_LIFETIME,
    STAMP_EVERY,
    USER_IDLE,
    Client,
    SignInRefused,
    Verified,
    authenticate,
    end_session,
    end_sessions,
    stamp_session,
    start_code_session,
    start_session,
)
from portal.accounts.services.tokens import create_token, stamp_token
from portal.accounts.services.users import create_user, set_active, set_password

__all__ = [
    "CODE_LIFETIME",
    "STAMP_EVERY",
    "USER_IDLE",
    "Client",
    "SignInRefused",
    "Verified",
    "authenticate",
    "create_token",
    "create_user",
    "end_session",
    "end_sessions",
    "set_active",
    "set_password",
    "stamp_session",
    "stamp_token",
    "start_code_session",
    "start_session",
]
