"""The Flask extensions, made once and bound to the app by `portal.app`."""

from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from htmx_flask import Htmx

from portal.core.database import db


class Login(LoginManager):  # type: ignore[misc]
    """Flask-Login without comparing where a browser comes from: the session's row is what counts."""

    def _session_protection_failed(self) -> bool:
        return False


migrate = Migrate()
login = Login()
csrf = CSRFProtect()
babel = Babel()
htmx = Htmx()

__all__ = ["babel", "csrf", "db", "htmx", "login", "migrate"]
