"""Changes of exhibitors and their access codes as sentences."""

from collections.abc import Mapping

from flask_babel import gettext

from portal.core.history import Change
from portal.web.history import Sentence


def _signed_in(_change: Change) -> str:
    return gettext("Signed in with an access code")


def _signed_out(_change: Change) -> str:
    return gettext("Signed out")


def _language_chosen(change: Change) -> str:
    return gettext("Chose the language %(locale)s", locale=(change.data.get("locale") or [""])[-1])


SENTENCES: Mapping[str, Sentence] = {
    "exhibitor.signed_in": _signed_in,
    "exhibitor.signed_out": _signed_out,
    "exhibitor.language_chosen": _language_chosen,
}
