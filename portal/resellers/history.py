"""Changes of reseller accounts as sentences."""

from collections.abc import Mapping

from flask_babel import gettext

from portal.core.history import Change
from portal.web.history import Sentence


def _words(change: Change, key: str = "name") -> str:
    return str(change.data.get(key) or "")


def _created(change: Change) -> str:
    return gettext("Made the reseller %(name)s", name=_words(change))


def _changed(change: Change) -> str:
    return gettext("Changed the data of the reseller %(name)s", name=_words(change))


def _member_added(change: Change) -> str:
    return gettext("Added %(email)s to the reseller %(name)s", email=_words(change, "email"), name=_words(change))


def _member_removed(change: Change) -> str:
    return gettext("Removed %(email)s from the reseller %(name)s", email=_words(change, "email"), name=_words(change))


def _client_created(change: Change) -> str:
    return gettext("Made the client %(name)s of a reseller", name=_words(change))


SENTENCES: Mapping[str, Sentence] = {
    "reseller.created": _created,
    "reseller.changed": _changed,
    "reseller.member_added": _member_added,
    "reseller.member_removed": _member_removed,
    "reseller.client_created": _client_created,
}
