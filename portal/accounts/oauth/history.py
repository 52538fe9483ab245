"""Changes of applications and of what users granted them as sentences."""

from collections.abc import Mapping

from flask_babel import gettext

from portal.core.history import Change
from portal.web.history import Sentence


def _granted(change: Change) -> str:
    words = {
        "read": gettext("Let %(application)s see what they may see", **_names(change)),
        "write": gettext("Let %(application)s change what they may change", **_names(change)),
    }
    both = gettext("Let %(application)s see and change what they may", **_names(change))
    return words.get(str(change.data.get("scopes")), both)


def _names(change: Change) -> dict[str, str]:
    return {"application": str(change.data.get("application") or change.data.get("name") or "")}


def _ended(change: Change) -> str:
    return gettext("Ended the access of %(application)s", **_names(change))


def _reused(_change: Change) -> str:
    return gettext("Used a code or refresh token a second time: everything that came of it has ended")


def _created(change: Change) -> str:
    return gettext("Made the application %(application)s", **_names(change))


def _changed(change: Change) -> str:
    return gettext("Changed the application %(application)s", **_names(change))


def _secret(change: Change) -> str:
    return gettext("Made a new secret for the application %(application)s", **_names(change))


def _deleted(change: Change) -> str:
    return gettext("Deleted the application %(application)s", **_names(change))


SENTENCES: Mapping[str, Sentence] = {
    "access.granted": _granted,
    "access.ended": _ended,
    "access.reused": _reused,
    "application.created": _created,
    "application.changed": _changed,
    "application.secret_renewed": _secret,
    "application.deleted": _deleted,
}
