"""Exhibitors as a table: the columns that files hold, for export and import alike."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext, lazy_gettext

from portal.core.database import db
from portal.core.names import PART_LABELS
from portal.exhibitors.models import Exhibitor
from portal.web.imports import Column

#: A whole name stands in ``contact_name``; each part of one in a column of its own.
PARTS = tuple(key for key in PART_LABELS if key != "full_name")
FLAGS = ("allow_lead_scanning", "allow_lead_access", "allow_voucher_access", "lead_scanning_scope_by_device")
CODES = {"full": "access_code", "scanning": "lead_scanning_access_code"}
_CHUNK = 500

_LABELS = {
    "id": lazy_gettext("Number in the portal"),
    "name": lazy_gettext("Name"),
    "internal_id": lazy_gettext("Internal id"),
    "booth": lazy_gettext("Booth"),
    "contact_name": lazy_gettext("Contact person"),
    "contact_scheme": lazy_gettext("Form of the name"),
    "contact_email": lazy_gettext("E-mail address"),
    "contact_cc_email": lazy_gettext("Copies to"),
    "locale": lazy_gettext("Language of mails"),
    "allow_lead_scanning": lazy_gettext("May scan leads"),
    "allow_lead_access": lazy_gettext("May see leads"),
    "allow_voucher_access": lazy_gettext("May see vouchers"),
    "lead_scanning_scope_by_device": lazy_gettext("Each device has its own leads"),
    "exhibitor_tags": lazy_gettext("Tags"),
    "comment": lazy_gettext("Comment"),
    "access_code": lazy_gettext("Full access code"),
    "lead_scanning_access_code": lazy_gettext("Scanning code"),
}
#: Other titles that lists of exhibitors have.
_ALSO: Mapping[str, Sequence[str]] = {
    "name": ("exhibitor", "company", "company name", "organisation", "organization", "firma", "aussteller"),
    "internal_id": ("external id", "customer id", "customer number", "kundennummer", "externe id"),
    "booth": ("stand", "booth number", "stand number", "stand no", "booth no", "standnummer", "stand nr", "standnr"),
    "contact_name": ("contact", "contact name", "ansprechpartner", "ansprechpartnerin", "kontakt"),
    "contact_email": ("email", "e mail", "mail", "contact email", "email address", "contact e mail"),
    "contact_cc_email": ("cc", "copy", "copies", "kopie"),
    "contact_given_name": ("given name", "first name", "firstname", "vorname"),
    "contact_family_name": ("family name", "last name", "lastname", "surname", "nachname", "familienname"),
    "contact_title": ("title", "titel"),
    "contact_salutation": ("salutation", "anrede"),
    "locale": ("language", "sprache"),
    "exhibitor_tags": ("tag", "category", "kategorie"),
    "comment": ("note", "notes", "remark", "bemerkung", "notiz"),
}
ORDER = (
    "id",
    "name",
    "internal_id",
    "booth",
    "contact_name",
    "contact_scheme",
    *(f"contact_{part}" for part in PARTS),
    "contact_email",
    "contact_cc_email",
    "locale",
    *FLAGS,
    "exhibitor_tags",
    "comment",
)


def label(name: str) -> str:
    """A column's title."""
    if name in _LABELS:
        return str(_LABELS[name])
    return gettext("Contact: %(part)s", part=PART_LABELS[name.removeprefix("contact_")])


def columns() -> list[Column]:
    """The columns that an import takes; codes are made by the portal and never taken from a file."""
    return [Column(name, _lazy(name), _ALSO.get(name, ()), required=name == "name") for name in ORDER]


def _lazy(name: str) -> Any:
    return (
        _LABELS[name]
        if name in _LABELS
        else lazy_gettext("Contact: %(part)s", part=PART_LABELS[name.removeprefix("contact_")])
    )


def export_head(*, with_codes: bool) -> list[str]:
    """The titles of an export."""
    return [label(name) for name in (*ORDER, *(CODES.values() if with_codes else ()))]


def export_rows(event_id: int, ids: Sequence[int], *, with_codes: bool) -> Iterator[list[object]]:
    """The rows of an export, in the order of ``ids``; three queries for every 500 of them."""
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        found = db.session.scalars(
            sa.select(Exhibitor)
            .where(Exhibitor.event_id == event_id, Exhibitor.id.in_(chunk))
            .options(sa.orm.selectinload(Exhibitor.tags), sa.orm.selectinload(Exhibitor.access_codes))
        )
        by_id = {each.id: each for each in found}
        yield from (_row(by_id[id_], with_codes) for id_ in chunk if id_ in by_id)
        db.session.expunge_all()


def _row(exhibitor: Exhibitor, with_codes: bool) -> list[object]:
    parts = exhibitor.contact_name_parts or {}
    values: dict[str, object] = {name: getattr(exhibitor, name, None) for name in ORDER}
    values |= {f"contact_{part}": parts.get(part) for part in PARTS}
    values["contact_scheme"] = parts.get("_scheme")
    values["contact_cc_email"] = (exhibitor.contact_cc_email or "").replace(",", ", ")
    values["exhibitor_tags"] = "; ".join(tag.name for tag in exhibitor.tags)
    row = [values[name] for name in ORDER]
    if with_codes:
        codes = {code.kind: code.code for code in exhibitor.access_codes}
        row += [codes.get(kind) for kind in CODES]
    return row
