"""Pages of check-in for organizers, all of one blueprint: lists, devices, checking in by hand, figures and the log."""

from typing import Any

from flask import Blueprint

from portal.core.actors import EventScope
from portal.core.errors import Forbidden
from portal.web.organizer import SEES_ORDERS

blueprint = Blueprint("gate", __name__, url_prefix="/organizer/<organizer>/<event>/checkin")

#: Ids fit the databases' integers.
LIST = "/lists/<int(max=9007199254740991):list_id>"
MANAGES = "can_change_event_settings"
CHECKS_IN = "can_checkin_orders"


def sees_figures(scope: EventScope) -> None:
    """Figures and the log are for who may see orders or check them in; `Forbidden` for all others."""
    if not scope.permissions & SEES_ORDERS:
        raise Forbidden("Your teams do not allow this. Ask the people who manage your team.")


def where(scope: EventScope) -> dict[str, Any]:
    """The event's part of an address."""
    return {"organizer": scope.organizer_slug, "event": scope.event_slug}


def rights(scope: EventScope) -> dict[str, bool]:
    """What this member may do here, for the templates."""
    return {
        "manages": scope.may(MANAGES),
        "checks_in": scope.may(CHECKS_IN),
        "sees_figures": bool(scope.permissions & SEES_ORDERS),
    }
