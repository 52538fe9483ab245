"""The browser's side of signing in and out: its cookie, and where people go next."""

from flask import session
from flask_login import login_user, logout_user

from portal.core.actors import SignIn
from portal.core.database import reading
from portal.web.access import signed_in
from portal.web.urls import safe_next

#: Pages that a person who is signed in has no business to be sent back to.
_DOORS = ("/login", "/logout", "/e/", "/language")


def current() -> SignIn | None:
    """Who is signed in, read before a writing request opens its transaction."""
    with reading():
        return signed_in()


def remember(sign_in: SignIn) -> None:
    """Give this browser a new cookie that names the session; nothing of the old one but the language stays."""
    _renew()
    session.permanent = True
    login_user(sign_in)


def forget() -> None:
    """Take the session out of this browser's cookie."""
    logout_user()
    _renew()


def _renew() -> None:
    locale = session.get("locale")
    session.clear()
    if locale:
        session["locale"] = locale


def home(sign_in: SignIn) -> str:
    """The first page of a signed-in person."""
    if sign_in.exhibitor is None:
        return "/organizer/"
    return "/exhibitor/" if sign_in.exhibitor.code_kind == "full" else "/exhibitor/scan"


def destination(sign_in: SignIn, target: str | None) -> str:
    """The page that was asked for before the sign-in, where it is one of ours that this person may open."""
    path = safe_next(target)
    start = home(sign_in)
    if path is None or path == "/" or path.startswith(_DOORS):
        return start
    if sign_in.exhibitor is None:
        return start if path.startswith("/exhibitor") else path
    return path if path.startswith("/exhibitor/") and sign_in.exhibitor.code_kind == "full" else start
