"""Changes of exhibitors, their codes, tags, vouchers and mails as sentences."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, ngettext

from portal.core.history import Change
from portal.exhibitors.table import label
from portal.web.filters import number
from portal.web.history import Sentence


def _signed_in(_change: Change) -> str:
    return gettext("Signed in with an access code")


def _signed_out(_change: Change) -> str:
    return gettext("Signed out")


def _language_chosen(change: Change) -> str:
    return gettext("Chose the language %(locale)s", locale=(change.data.get("locale") or [""])[-1])


def _named(change: Change) -> str:
    name = change.data.get("name")
    return str(name[-1] if isinstance(name, list) else name or "")


def _created(change: Change) -> str:
    return gettext("Created the exhibitor %(name)s", name=_named(change))


def _changed(change: Change) -> str:
    fields = change.data.get("changed") or {}
    names = ", ".join(label("contact_name" if field == "contact_name_parts" else field) for field in fields)
    return gettext("Changed %(name)s: %(fields)s", name=_named(change), fields=names)


def _deleted(change: Change) -> str:
    leads, vouchers = (number(change.data.get(name) or 0) for name in ("leads", "vouchers"))
    return gettext(
        "Deleted the exhibitor %(name)s, with it %(leads)s leads and %(vouchers)s links to vouchers",
        name=_named(change),
        leads=leads,
        vouchers=vouchers,
    )


def _rotated(change: Change) -> str:
    kinds: Any = change.data.get("kinds") or ()
    if list(kinds) == ["scanning"]:
        return gettext("Made a new scanning code")
    return gettext("Made new access codes") if len(kinds) > 1 else gettext("Made a new access code")


def _sent(change: Change) -> str:
    return gettext("Sent the access code to %(address)s", address=change.data.get("to") or "")


def _attached(change: Change) -> str:
    count = len(change.data.get("vouchers") or ())
    if not count:
        return gettext("Changed the comment of vouchers")
    return ngettext("Attached %(count)s voucher", "Attached %(count)s vouchers", count, count=number(count))


def _detached(change: Change) -> str:
    count = len(change.data.get("vouchers") or ())
    return ngettext("Took back %(count)s voucher", "Took back %(count)s vouchers", count, count=number(count))


def _tag_created(change: Change) -> str:
    return gettext("Created the tag %(name)s", name=_named(change))


def _tag_renamed(change: Change) -> str:
    old, new = (change.data.get("name") or ["", ""])[:2]
    return gettext("Renamed the tag %(old)s to %(new)s", old=old, new=new)


def _tag_deleted(change: Change) -> str:
    return gettext("Deleted the tag %(name)s", name=_named(change))


def _many(change: Change) -> int:
    return int(change.data.get("exhibitors") or 0)


def _mailing_started(change: Change) -> str:
    count = _many(change)
    return ngettext(
        "Sent access codes to %(count)s exhibitor",
        "Sent access codes to %(count)s exhibitors",
        count,
        count=number(count),
    )


def _mailing_retried(change: Change) -> str:
    count = _many(change)
    return ngettext("Tried %(count)s mail again", "Tried %(count)s mails again", count, count=number(count))


def _mailing_cancelled(change: Change) -> str:
    count = _many(change)
    return ngettext("Took back %(count)s mail", "Took back %(count)s mails", count, count=number(count))


def _settings(_change: Change) -> str:
    return gettext("Changed what exhibitors see")


SENTENCES: Mapping[str, Sentence] = {
    "exhibitor.signed_in": _signed_in,
    "exhibitor.signed_out": _signed_out,
    "exhibitor.language_chosen": _language_chosen,
    "exhibitor.created": _created,
    "exhibitor.changed": _changed,
    "exhibitor.deleted": _deleted,
    "exhibitor.codes_rotated": _rotated,
    "exhibitor.code_sent": _sent,
    "exhibitor.vouchers_attached": _attached,
    "exhibitor.vouchers_detached": _detached,
    "exhibitor_tag.created": _tag_created,
    "exhibitor_tag.renamed": _tag_renamed,
    "exhibitor_tag.deleted": _tag_deleted,
    "code_mailing.started": _mailing_started,
    "code_mailing.retried": _mailing_retried,
    "code_mailing.cancelled": _mailing_cancelled,
    "event.lead_settings_changed": _settings,
}
