"""The application factory: what binds the features, the kits and the extensions."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import models  # noqa: F401 - every table is known before the database is used
from portal.accounts.api import description as oauth_description
from portal.app import features
from portal.app.flask_app import Portal
from portal.app.loaders import Loaders, event_accent, load_sign_in
from portal.config import ROOT, Config
from portal.core import queue, statements
from portal.core.database import db
from portal.exhibitors.views import frame as exhibitor_frame
from portal.extensions import csrf, htmx, login, migrate
from portal.web import (
    accent,
    access,
    assets,
    cors,
    dev,
    errors,
    filters,
    history,
    i18n,
    idempotency,
    lifecycle,
    limits,
    logs,
    mails,
    openapi,
    organizer,
    rest,
)


def create_app(config: Config | None = None) -> Flask:
    """The portal. Without ``config`` the settings come from the environment (`ConfigError` names a bad one)."""
    config = config or Config.from_env()
    app = Portal("portal", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config.from_mapping(config.flask_settings(), PORTAL=config)
    config.instance_path.mkdir(parents=True, exist_ok=True)
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    logs.init_app(app)
    lifecycle.init_app(app)
    db.init_app(app)
    statements.init_app(app)
    queue.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    htmx.init_app(app)
    csrf.init_app(app)
    # The access rules ask it, for the doors of browsers alone.
    app.before_request_funcs[None].pop()
    limits.init_app(app, config)
    login.init_app(app)
    login.user_loader(load_sign_in)
    # No cookie remembers a sign-in beside the session's row: its hook would look for one at every answer.
    app.after_request_funcs[None].remove(login._update_remember_cookie)
    i18n.init_app(app)
    errors.init_app(app)
    cors.init_app(app, config)
    rest.init_app(app)
    access.init_app(app, Loaders())
    idempotency.init_app(app)
    assets.init_app(app)
    filters.init_app(app)
    exhibitor_frame.init_app(app)
    organizer.init_app(app, features.ORGANIZER)
    accent.init_app(app, event_accent)
    history.init_app(app, *(feature.SENTENCES for feature in features.SENTENCES))
    for blueprint in dict.fromkeys(door.blueprint for door in features.PAGES):
        app.register_blueprint(blueprint)
    described = openapi.make_api(app)
    for door in features.DESCRIBED:
        described.register_blueprint(door.blueprint)
    oauth_description.describe(app, described.spec)
    if config.development:
        for blueprint in (dev.blueprint, mails.blueprint):
            app.register_blueprint(blueprint)
    for jobs in features.JOBS:
        jobs.init_app(app)
    for commands in features.COMMANDS:
        commands.init_app(app)
    for group in features.GROUPS:
        app.cli.add_command(group)
    return app
