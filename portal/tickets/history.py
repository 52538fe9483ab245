"""Changes of orders as sentences."""

from collections.abc import Mapping

from flask_babel import gettext, ngettext

from portal.core.history import Change
from portal.web.filters import number
from portal.web.history import Sentence


def state_name(status: str) -> str:
    """A status of orders as a word."""
    names = {"n": gettext("pending"), "p": gettext("paid"), "e": gettext("expired"), "c": gettext("cancelled")}
    return names.get(status, status)


def _created(change: Change) -> str:
    count = int(change.data.get("positions") or 0)
    return ngettext(
        "Made order %(code)s with %(count)s ticket",
        "Made order %(code)s with %(count)s tickets",
        count,
        code=change.data.get("code", ""),
        count=number(count),
    )


def _status(change: Change) -> str:
    before, after = change.data.get("status") or ("", "")
    code = change.data.get("code", "")
    return gettext(
        "Order %(code)s: %(before)s → %(after)s", code=code, before=state_name(before), after=state_name(after)
    )


def _cancelled(change: Change) -> str:
    return gettext("Cancelled order %(code)s", code=change.data.get("code", ""))


def _tickets(change: Change) -> tuple[str, str]:
    return change.data.get("code", ""), ", ".join(str(each) for each in change.data.get("positions") or ())


def _ticket_cancelled(change: Change) -> str:
    code, numbers = _tickets(change)
    return gettext("Cancelled ticket %(numbers)s of order %(code)s", code=code, numbers=numbers)


def _people(change: Change) -> str:
    code, numbers = _tickets(change)
    return gettext("Changed whose ticket %(numbers)s of order %(code)s is", code=code, numbers=numbers)


def _changed(change: Change) -> str:
    return gettext("Changed contact or invoice of order %(code)s", code=change.data.get("code", ""))


def _moved(change: Change) -> str:
    code, numbers = _tickets(change)
    return gettext("Gave ticket %(numbers)s of order %(code)s another seat", code=code, numbers=numbers)


def _sent(change: Change) -> str:
    return gettext("Sent the tickets of order %(code)s", code=change.data.get("code", ""))


SENTENCES: Mapping[str, Sentence] = {
    "order.created": _created,
    "order.status_changed": _status,
    "order.cancelled": _cancelled,
    "order.position_cancelled": _ticket_cancelled,
    "order.people_changed": _people,
    "order.changed": _changed,
    "order.moved": _moved,
    "order.tickets_sent": _sent,
}
