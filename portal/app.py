"""The application factory: the explicit list of features, and what binds them."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import models  # noqa: F401 - every table is known before the database is used
from portal.config import ROOT, Config
from portal.core.actors import Actor, EventScope, ExhibitorScope, SignIn
from portal.core.database import db
from portal.events import queries as events
from portal.exhibitors import queries as exhibitors
from portal.extensions import csrf, htmx, limiter, login, mail, migrate
from portal.web import access, errors, i18n, lifecycle


class Loaders:
    """Where the access rules get their actors from."""

    def token_scope(self, token: str, organizer: str, event: str) -> tuple[Actor, EventScope | None] | None:
        return events.token_scope(token, organizer, event)

    def user_scope(self, sign_in: SignIn, organizer: str, event: str) -> EventScope | None:
        return events.user_scope(sign_in, organizer, event)

    def exhibitor_scope(self, code: str) -> ExhibitorScope | None:
        return exhibitors.scope_by_code(code)


def create_app(config: Config | None = None) -> Flask:
    """The portal. Without ``config`` the settings come from the environment (`ConfigError` names a bad one)."""
    config = config or Config.from_env()
    app = Flask("portal", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config.from_mapping(config.flask_settings(), PORTAL=config)
    config.instance_path.mkdir(parents=True, exist_ok=True)
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    lifecycle.init_app(app)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    htmx.init_app(app)
    csrf.init_app(app)
    mail.init_app(app)
    limiter.init_app(app)
    login.init_app(app)
    i18n.init_app(app)
    errors.init_app(app)
    access.init_app(app, Loaders())
    return app
