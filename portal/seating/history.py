"""Changes of seats as sentences."""

from collections.abc import Mapping

from flask_babel import ngettext

from portal.core.history import Change
from portal.web.filters import number
from portal.web.history import Sentence


def _blocked(change: Change) -> str:
    count = len(change.data.get("ids") or ())
    return ngettext("Blocked %(count)s seat", "Blocked %(count)s seats", count, count=number(count))


def _freed(change: Change) -> str:
    count = len(change.data.get("ids") or ())
    return ngettext("Freed %(count)s seat", "Freed %(count)s seats", count, count=number(count))


SENTENCES: Mapping[str, Sentence] = {"seat.blocked": _blocked, "seat.unblocked": _freed}
