"""Changes of seats as sentences."""

from collections.abc import Mapping

from flask_babel import gettext, ngettext

from portal.core.history import Change
from portal.web.filters import number
from portal.web.history import Sentence


def _blocked(change: Change) -> str:
    count = len(change.data.get("ids") or ())
    if change.object_kind == "seat_change":
        return ngettext(
            "Took a change back: blocked %(count)s seat",
            "Took a change back: blocked %(count)s seats",
            count,
            count=number(count),
        )
    return ngettext("Blocked %(count)s seat", "Blocked %(count)s seats", count, count=number(count))


def _freed(change: Change) -> str:
    count = len(change.data.get("ids") or ())
    if change.object_kind == "seat_change":
        return ngettext(
            "Took a change back: freed %(count)s seat",
            "Took a change back: freed %(count)s seats",
            count,
            count=number(count),
        )
    return ngettext("Freed %(count)s seat", "Freed %(count)s seats", count, count=number(count))


def _planned(change: Change) -> str:
    added, changed, removed = (number(change.data.get(name) or 0) for name in ("added", "changed", "removed"))
    return gettext(
        "Put a seating plan in place: %(added)s seats added, %(changed)s changed, %(removed)s removed",
        added=added,
        changed=changed,
        removed=removed,
    )


SENTENCES: Mapping[str, Sentence] = {
    "seat.blocked": _blocked,
    "seat.unblocked": _freed,
    "seating_plan.changed": _planned,
}
