"""Changes of leads as sentences."""

from collections.abc import Mapping

from flask_babel import gettext, ngettext

from portal.core.history import Change
from portal.web.filters import number
from portal.web.history import Sentence


def _scanned(_change: Change) -> str:
    return gettext("Scanned a lead")


def _changed(_change: Change) -> str:
    return gettext("Changed a lead")


def _changed_many(change: Change) -> str:
    count = len(change.data.get("leads") or ())
    return ngettext("Changed %(count)s lead", "Changed %(count)s leads", count, count=number(count))


def _exported(change: Change) -> str:
    count = int(change.data.get("count") or 0)
    return ngettext("Exported %(count)s lead", "Exported %(count)s leads", count, count=number(count))


def _export_forgotten(_change: Change) -> str:
    return gettext("Took the last export of leads back")


SENTENCES: Mapping[str, Sentence] = {
    "lead.scanned": _scanned,
    "lead.changed": _changed,
    "leads.changed": _changed_many,
    "leads.exported": _exported,
    "leads.export_forgotten": _export_forgotten,
}
