"""Erased data as a sentence."""

from collections.abc import Mapping

from flask_babel import ngettext

from portal.core.history import Change
from portal.web.filters import number
from portal.web.history import Sentence


def _erased(change: Change) -> str:
    count = int(change.data.get("tickets") or 0)
    return ngettext(
        "Erased the data of a person with %(count)s ticket",
        "Erased the data of a person with %(count)s tickets",
        count,
        count=number(count),
    )


SENTENCES: Mapping[str, Sentence] = {"person.erased": _erased}
