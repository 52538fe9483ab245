"""The permissions of a team in words: what each is called, and what it opens."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from portal.accounts.models import PERMISSIONS


@dataclass(frozen=True, slots=True)
class Words:
    """A permission as pages name and explain it."""

    label: LazyString
    explained: LazyString


WORDS: Mapping[str, Words] = {
    "can_change_organizer_settings": Words(
        lazy_gettext("Organizer settings"),
        lazy_gettext("Change the organizer’s name and contact address, and read the log."),
    ),
    "can_change_teams": Words(
        lazy_gettext("Teams"),
        lazy_gettext(
            "Invite and remove people, make teams and tokens that may do no more than oneself, and read the log."
        ),
    ),
    "can_create_events": Words(lazy_gettext("New events"), lazy_gettext("Create events of this organizer.")),
    "can_change_event_settings": Words(
        lazy_gettext("Event settings"),
        lazy_gettext(
            "Change events, exhibitors, seats, check-in lists and devices; see access codes, which open people’s data."
        ),
    ),
    "can_view_orders": Words(
        lazy_gettext("See orders"), lazy_gettext("See who bought what, attendees’ data and exhibitors’ leads.")
    ),
    "can_change_orders": Words(
        lazy_gettext("Change orders"),
        lazy_gettext("Create, import, cancel and pay orders, and erase a person’s data."),
    ),
    "can_checkin_orders": Words(
        lazy_gettext("Check in"), lazy_gettext("Check attendees in and see the gates’ figures.")
    ),
    "can_view_vouchers": Words(
        lazy_gettext("See vouchers"), lazy_gettext("See vouchers and how often they were used.")
    ),
    "can_change_vouchers": Words(
        lazy_gettext("Change vouchers"), lazy_gettext("Create vouchers and give them to exhibitors.")
    ),
}


def labels(permissions: Collection[str]) -> list[str]:
    """Permissions by their names, in the order of the platform rules."""
    return [str(WORDS[name].label) for name in PERMISSIONS if name in permissions]
