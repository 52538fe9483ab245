"""The application factory: what binds the features, the kits and the extensions."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import models, serve, worker  # noqa: F401 - every table is known before the database is used
from portal.accounts import cli as accounts_cli
from portal.accounts import history as accounts_history
from portal.accounts import jobs as accounts_jobs
from portal.accounts import queries as accounts
from portal.accounts.api import access as granted_access
from portal.accounts.api import applications as own_applications
from portal.accounts.api import consent as oauth_consent
from portal.accounts.api import oauth as oauth_api
from portal.accounts.oauth import history as oauth_history
from portal.accounts.oauth.services import stamp_grant
from portal.accounts.services import STAMP_EVERY, stamp_session, stamp_token
from portal.accounts.views import account as account_pages
from portal.accounts.views import admin as admin_pages
from portal.accounts.views import admin_users as admin_user_pages
from portal.accounts.views import forgot as forgot_pages
from portal.accounts.views import invitation as invitation_pages
from portal.accounts.views import log as log_pages
from portal.accounts.views import organizer_settings as organizer_settings_pages
from portal.accounts.views import sign_in as accounts_sign_in
from portal.accounts.views import teams as team_pages
from portal.app import features
from portal.app.loaders import Loaders, load_sign_in
from portal.checkin import api as checkin_api
from portal.checkin import cli as checkin_cli
from portal.checkin import figures as checkin_figures
from portal.checkin import history as checkin_history
from portal.checkin.queries import devices
from portal.checkin.services import devices as device_stamps
from portal.checkin.views import desk as gate_desk
from portal.checkin.views import devices as gate_devices
from portal.checkin.views import figures as gate_figures
from portal.checkin.views import lists as gate_lists
from portal.checkin.views import log as gate_log
from portal.config import ROOT, Config
from portal.core import clock, queue, statements
from portal.core.actors import (
    Actor,
    ApplicationScope,
    DeviceScope,
    EventScope,
    ExhibitorScope,
    OrganizerScope,
    ResellerScope,
    SignIn,
)
from portal.core.database import db
from portal.events import history as event_history
from portal.events import lists as event_lists
from portal.events import queries as events
from portal.events.views import home as event_pages
from portal.events.views import parts as event_part_pages
from portal.events.views import settings as event_setting_pages
from portal.exchange import cli as exchange_cli
from portal.exhibitors import api as exhibitors_api
from portal.exhibitors import figures as exhibitor_figures
from portal.exhibitors import history as exhibitor_history
from portal.exhibitors import jobs as exhibitor_jobs
from portal.exhibitors import queries as exhibitors
from portal.exhibitors.services import codes as exhibitor_code_stamps
from portal.exhibitors.views import bulk as exhibitors_bulk
from portal.exhibitors.views import codes as exhibitor_codes
from portal.exhibitors.views import edit as exhibitors_edit
from portal.exhibitors.views import frame as exhibitor_frame
from portal.exhibitors.views import organizer as exhibitors_of_organizers
from portal.exhibitors.views import pages as exhibitor_pages
from portal.exhibitors.views import send_code as exhibitor_send_code
from portal.exhibitors.views import sending as exhibitors_sending
from portal.exhibitors.views import settings as exhibitors_settings
from portal.exhibitors.views import tags as exhibitors_tags
from portal.exhibitors.views import transfer as exhibitors_transfer
from portal.exhibitors.views import voucher_files as exhibitor_voucher_files
from portal.exhibitors.views import voucher_links as exhibitors_vouchers
from portal.extensions import csrf, htmx, login, migrate
from portal.leads import api as leads_scanner
from portal.leads import app_api as leads_app
from portal.leads import figures as lead_figures
from portal.leads import history as lead_history
from portal.leads.views import bulk as leads_bulk
from portal.leads.views import export as leads_export
from portal.leads.views import figures as leads_figures
from portal.leads.views import organizer as leads_of_organizers
from portal.leads.views import pages as leads_pages
from portal.leads.views import scanning as leads_scanning
from portal.privacy import history as privacy_history
from portal.privacy import views as privacy_pages
from portal.resellers import api as resellers_api
from portal.resellers import cli as resellers_cli
from portal.resellers import history as reseller_history
from portal.resellers import queries as resellers
from portal.resellers.views import admin as admin_resellers
from portal.resellers.views import pages as reseller_pages
from portal.seating import api as seats_api
from portal.seating import figures as seat_figures
from portal.seating import history as seat_history
from portal.seating.views import change as seating_change_pages
from portal.seating.views import map as seating_map_pages
from portal.seating.views import plan as seating_plan_pages
from portal.tickets import figures as ticket_figures
from portal.tickets import history as ticket_history
from portal.tickets import jobs as ticket_jobs
from portal.tickets.views import imports as attendee_imports
from portal.tickets.views import orders as order_pages
from portal.tickets.views import papers as order_papers
from portal.tickets.views import people as order_people_pages
from portal.upkeep import cli as upkeep_cli
from portal.vouchers import api as vouchers_api
from portal.vouchers import figures as voucher_figures
from portal.vouchers import history as voucher_history
from portal.vouchers.views import files as voucher_files
from portal.vouchers.views import pages as voucher_pages
from portal.web import (
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
    ops,
    organizer,
    rest,
)
from portal.web.organizer import SEES_ORDERS, EventCount, NavEntry


class Portal(Flask):
    """Flask without asking each hook of each request whether it is a coroutine: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


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
    limits.init_app(app, config)
    login.init_app(app)
    login.user_loader(load_sign_in)
    # A phone changes its address between hall and street: the session's row, not where it comes from, is what counts.
    login.session_protection = None
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
    history.init_app(app, *(feature.SENTENCES for feature in features.SENTENCES))
    for blueprint in dict.fromkeys(door.blueprint for door in features.PAGES):
        app.register_blueprint(blueprint)
    described = openapi.make_api(app)
    for door in features.DESCRIBED:
        described.register_blueprint(door.blueprint)
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
