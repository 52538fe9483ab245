"""The Flask extensions, made once and bound to the app by `portal.app`."""

from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_mailman import Mail
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from htmx_flask import Htmx

from portal.core.database import db

migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()
babel = Babel()
mail = Mail()
htmx = Htmx()
limiter = Limiter(key_func=get_remote_address, headers_enabled=False, default_limits=[])

__all__ = ["babel", "csrf", "db", "htmx", "limiter", "login", "mail", "migrate"]
