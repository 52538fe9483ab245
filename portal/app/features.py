"""The explicit list of features: their pages, JSON doors, jobs, commands, and what they show to organizers."""

from flask_babel import lazy_gettext

from portal import serve, worker
from portal.accounts import cli as accounts_cli
from portal.accounts import history as accounts_history
from portal.accounts import jobs as accounts_jobs
from portal.accounts.api import access as granted_access
from portal.accounts.api import applications as own_applications
from portal.accounts.api import consent as oauth_consent
from portal.accounts.api import oauth as oauth_api
from portal.accounts.oauth import history as oauth_history
from portal.accounts.views import account as account_pages
from portal.accounts.views import admin as admin_pages
from portal.accounts.views import admin_users as admin_user_pages
from portal.accounts.views import forgot as forgot_pages
from portal.accounts.views import invitation as invitation_pages
from portal.accounts.views import log as log_pages
from portal.accounts.views import organizer_settings as organizer_settings_pages
from portal.accounts.views import sign_in as accounts_sign_in
from portal.accounts.views import teams as team_pages
from portal.checkin import api as checkin_api
from portal.checkin import cli as checkin_cli
from portal.checkin import figures as checkin_figures
from portal.checkin import history as checkin_history
from portal.checkin.views import desk as gate_desk
from portal.checkin.views import devices as gate_devices
from portal.checkin.views import figures as gate_figures
from portal.checkin.views import lists as gate_lists
from portal.checkin.views import log as gate_log
from portal.core.actors import (
    SignIn,
)
from portal.events import history as event_history
from portal.events import lists as event_lists
from portal.events.views import home as event_pages
from portal.events.views import parts as event_part_pages
from portal.events.views import settings as event_setting_pages
from portal.exchange import cli as exchange_cli
from portal.exchange import history as exchange_history
from portal.exhibitors import api as exhibitors_api
from portal.exhibitors import figures as exhibitor_figures
from portal.exhibitors import history as exhibitor_history
from portal.exhibitors import jobs as exhibitor_jobs
from portal.exhibitors.views import bulk as exhibitors_bulk
from portal.exhibitors.views import codes as exhibitor_codes
from portal.exhibitors.views import edit as exhibitors_edit
from portal.exhibitors.views import organizer as exhibitors_of_organizers
from portal.exhibitors.views import pages as exhibitor_pages
from portal.exhibitors.views import send_code as exhibitor_send_code
from portal.exhibitors.views import sending as exhibitors_sending
from portal.exhibitors.views import settings as exhibitors_settings
from portal.exhibitors.views import tags as exhibitors_tags
from portal.exhibitors.views import transfer as exhibitors_transfer
from portal.exhibitors.views import voucher_files as exhibitor_voucher_files
from portal.exhibitors.views import voucher_links as exhibitors_vouchers
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
    ops,
    organizer,
)
from portal.web.organizer import SEES_ORDERS, EventCount, NavEntry

MANAGES_TEAMS = frozenset(("can_change_teams",))
CHANGES_ORDERS = frozenset(("can_change_orders",))
CHANGES_SETTINGS = frozenset(("can_change_organizer_settings",))


def is_admin(sign_in: SignIn) -> bool:
    """Whether somebody administers the installation."""
    return sign_in.is_admin


#: What the features show on the pages of organizers, in the order of the pages.
ORGANIZER = organizer.Features(
    nav=(
        NavEntry(lazy_gettext("Events"), "calendar", "organizer.index", level="all"),
        NavEntry(lazy_gettext("Clients"), "store", "reseller_pages.index", level="all", shown=resellers.belongs_to_one),
        NavEntry(lazy_gettext("Organizers"), "building-2", "admin.organizers", level="all", shown=is_admin),
        NavEntry(lazy_gettext("Users"), "users", "admin_users.all_users", level="all", shown=is_admin),
        NavEntry(lazy_gettext("Resellers"), "badge-check", "admin_resellers.index", level="all", shown=is_admin),
        NavEntry(lazy_gettext("Your account"), "user", "account.index", level="all"),
        NavEntry(lazy_gettext("Access"), "shield", "granted_access.index", level="all"),
        NavEntry(lazy_gettext("Applications"), "code", "applications.index", level="all"),
        NavEntry(lazy_gettext("Events"), "calendar", "organizer.overview", level="organizer"),
        NavEntry(lazy_gettext("Teams"), "users", "teams.index", MANAGES_TEAMS, level="organizer"),
        NavEntry(lazy_gettext("Settings"), "settings", "organizer_settings.edit", CHANGES_SETTINGS, level="organizer"),
        NavEntry(lazy_gettext("Log"), "history", "log.index", MANAGES_TEAMS | CHANGES_SETTINGS, level="organizer"),
        NavEntry(lazy_gettext("Home"), "house", "organizer.home"),
        NavEntry(lazy_gettext("Exhibitors"), "store", "organizer_exhibitors.index"),
        NavEntry(lazy_gettext("Leads"), "contact", "organizer_leads.index", any_of=frozenset(("can_view_orders",))),
        NavEntry(lazy_gettext("Orders"), "receipt", "orders.index", frozenset(("can_view_orders",))),
        NavEntry(lazy_gettext("Vouchers"), "ticket-check", "event_vouchers.index", frozenset(("can_view_vouchers",))),
        NavEntry(lazy_gettext("Seats"), "armchair", "seating.index"),
        NavEntry(
            lazy_gettext("Check-in"), "scan-line", "gate.index", any_of=SEES_ORDERS | {"can_change_event_settings"}
        ),
        NavEntry(
            lazy_gettext("Settings"), "settings", "event_settings.index", frozenset(("can_change_event_settings",))
        ),
        NavEntry(lazy_gettext("Privacy"), "shield", "privacy.index", CHANGES_ORDERS),
    ),
    boards=(
        checkin_figures.board,
        lead_figures.board,
        seat_figures.board,
        ticket_figures.board,
        voucher_figures.board,
    ),
    counts=(
        EventCount(lazy_gettext("Tickets"), ticket_figures.sold_by_event, SEES_ORDERS),
        EventCount(lazy_gettext("Checked in"), ticket_figures.came_by_event, SEES_ORDERS),
        EventCount(lazy_gettext("Exhibitors"), exhibitor_figures.exhibitors_by_event),
    ),
    choices=event_lists.choices,
)

#: The pages, in the order of their blueprints.
PAGES = (
    accounts_sign_in,
    forgot_pages,
    invitation_pages,
    account_pages,
    admin_pages,
    admin_user_pages,
    organizer_settings_pages,
    log_pages,
    team_pages,
    oauth_api,
    oauth_consent,
    own_applications,
    granted_access,
    exhibitor_codes,
    exhibitor_send_code,
    exhibitor_pages,
    exhibitor_voucher_files,
    leads_pages,
    leads_bulk,
    leads_export,
    leads_figures,
    leads_scanning,
    ops,
    event_pages,
    reseller_pages,
    admin_resellers,
    event_setting_pages,
    event_part_pages,
    order_pages,
    order_people_pages,
    attendee_imports,
    order_papers,
    voucher_pages,
    voucher_files,
    exhibitors_of_organizers,
    exhibitors_edit,
    exhibitors_bulk,
    exhibitors_sending,
    exhibitors_settings,
    exhibitors_tags,
    exhibitors_transfer,
    exhibitors_vouchers,
    leads_of_organizers,
    seating_map_pages,
    seating_change_pages,
    seating_plan_pages,
    gate_lists,
    gate_devices,
    gate_desk,
    gate_figures,
    gate_log,
    privacy_pages,
)
#: The JSON doors that the API's description holds.
DESCRIBED = (
    exhibitors_api,
    leads_app,
    leads_scanner,
    seats_api,
    vouchers_api,
    checkin_api,
    resellers_api,
)
#: What is read out of the log, a sentence an action.
SENTENCES = (
    accounts_history,
    oauth_history,
    event_history,
    ticket_history,
    voucher_history,
    seat_history,
    exhibitor_history,
    lead_history,
    checkin_history,
    reseller_history,
    privacy_history,
    exchange_history,
)
#: What is done after a commit or every hour.
JOBS = (
    accounts_jobs,
    exhibitor_jobs,
    oauth_api,
    ticket_jobs,
)
#: Commands, and groups of them.
COMMANDS = (
    serve,
    worker,
    exchange_cli,
    upkeep_cli,
)
GROUPS = (
    accounts_cli.users,
    accounts_cli.tokens,
    checkin_cli.devices,
    resellers_cli.resellers,
)
