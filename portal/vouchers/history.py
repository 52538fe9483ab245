"""Changes of vouchers as sentences."""

from collections.abc import Mapping

from flask_babel import gettext

from portal.core.history import Change
from portal.web.history import Sentence


def _created(change: Change) -> str:
    return gettext("Made the voucher %(code)s", code=change.data.get("code", ""))


def _changed(change: Change) -> str:
    return gettext("Changed the voucher %(code)s", code=change.data.get("code", ""))


def _deleted(change: Change) -> str:
    return gettext("Deleted the voucher %(code)s", code=change.data.get("code", ""))


SENTENCES: Mapping[str, Sentence] = {
    "voucher.created": _created,
    "voucher.changed": _changed,
    "voucher.deleted": _deleted,
}
