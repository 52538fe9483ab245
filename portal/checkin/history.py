"""Changes of check-in lists and devices as sentences."""

from collections.abc import Callable, Mapping

from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString

from portal.core.history import Change
from portal.web.history import Sentence


def _named(text: LazyString) -> Callable[[Change], str]:
    def sentence(change: Change) -> str:
        return str(text) % {"name": change.data.get("name") or ""}

    return sentence


def _undone(change: Change) -> str:
    return gettext("Took a check-in back: %(reason)s", reason=change.data.get("reason") or "")


SENTENCES: Mapping[str, Sentence] = {
    "checkin_list.created": _named(lazy_gettext("Made the check-in list %(name)s")),
    "checkin_list.changed": _named(lazy_gettext("Changed the check-in list %(name)s")),
    "checkin_list.deleted": _named(lazy_gettext("Deleted the check-in list %(name)s")),
    "device.created": _named(lazy_gettext("Made the check-in device %(name)s")),
    "device.changed": _named(lazy_gettext("Changed the check-in device %(name)s")),
    "device.paired": _named(lazy_gettext("Paired the check-in device %(name)s anew")),
    "device.revoked": _named(lazy_gettext("Shut the check-in device %(name)s out")),
    "checkin.undone": _undone,
}
