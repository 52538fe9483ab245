"""Loaded bundles as sentences, for the audit log."""

from collections.abc import Mapping

from flask_babel import gettext, ngettext

from portal.core.history import Change
from portal.web.filters import number
from portal.web.history import Sentence


def _loaded(change: Change) -> str:
    count = int(change.data.get("created") or 0) + int(change.data.get("changed") or 0)
    if not count:
        return gettext("Loaded a bundle")
    return ngettext(
        "Loaded a bundle: %(count)s record", "Loaded a bundle: %(count)s records", count, count=number(count)
    )


SENTENCES: Mapping[str, Sentence] = {"bundle.loaded": _loaded}
