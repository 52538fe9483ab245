"""The form of an exhibitor: what a browser sends, as the values that both doors check and store."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from portal.core.errors import InvalidInput
from portal.core.names import PART_LABELS, SCHEMES, compose
from portal.exhibitors.schemas import ExhibitorWriteSchema

TEXTS = ("name", "internal_id", "booth", "locale", "contact_email", "contact_cc_email", "comment")
FLAGS = ("allow_lead_scanning", "allow_lead_access", "allow_voucher_access", "lead_scanning_scope_by_device")
#: The scheme of a new name.
USUAL_SCHEME = "given_family"
_BETWEEN_ADDRESSES = re.compile(r"[;\s]+")


def form_of(exhibitor: Any | None, *, locale: str) -> dict[str, Any]:
    """What the form shows of an exhibitor; of a new one without."""
    if exhibitor is None:
        return {"locale": locale, "scheme": USUAL_SCHEME, "exhibitor_tags": [], "allow_lead_scanning": True}
    values: dict[str, Any] = {name: getattr(exhibitor, name) or "" for name in TEXTS}
    values |= {name: getattr(exhibitor, name) for name in FLAGS}
    values["contact_cc_email"] = values["contact_cc_email"].replace(",", ", ")
    values["exhibitor_tags"] = [tag.name for tag in exhibitor.tags]
    return values | name_fields(exhibitor.contact_name_parts, exhibitor.contact_name)


def name_fields(parts: Mapping[str, str] | None, name: str | None) -> dict[str, str]:
    """A name as the form's fields; one without a scheme is shown in one piece."""
    scheme = (parts or {}).get("_scheme", "")
    if parts and scheme in SCHEMES:
        return {"scheme": scheme, **{f"part_{key}": parts.get(key) or "" for key in SCHEMES[scheme].parts}}
    whole = name or compose(parts)
    return {"scheme": "full", "part_full_name": whole} if whole else {"scheme": USUAL_SCHEME}


def other_scheme(form: Mapping[str, str], scheme: str) -> dict[str, str]:
    """The name's fields in another scheme: parts that both have stay, else the whole name goes to what can hold it."""
    parts = SCHEMES.get(scheme, SCHEMES[USUAL_SCHEME]).parts
    given = {key: form.get(f"part_{key}", "").strip() for key in PART_LABELS}
    kept = {key: given[key] for key in parts}
    if not any(kept.values()) and any(given.values()):
        whole = given["full_name"] or " ".join(
            given[key] for key in ("title", "given_name", "middle_name", "family_name") if given[key]
        )
        if "full_name" in parts:
            kept["full_name"] = whole
        else:
            first, _, last = whole.rpartition(" ")
            kept |= {"given_name": first, "family_name": last}
    return {"scheme": scheme if scheme in SCHEMES else USUAL_SCHEME, **{f"part_{key}": kept[key] for key in kept}}


def read_form(form: MultiDict[str, str]) -> dict[str, Any]:
    """The values of a sent form, not checked yet. A contact without a name has no parts."""
    values: dict[str, Any] = {name: form.get(name, "") for name in TEXTS}
    values["contact_cc_email"] = _BETWEEN_ADDRESSES.sub(",", values["contact_cc_email"].strip())
    values |= {name: form.get(name) == "1" for name in FLAGS}
    values["exhibitor_tags"] = form.getlist("exhibitor_tags")
    scheme = form.get("scheme", "")
    parts = {key: form.get(f"part_{key}", "") for key in (SCHEMES[scheme].parts if scheme in SCHEMES else ())}
    named = any(part.strip() for part in parts.values()) or scheme not in SCHEMES
    return values | {"contact_name_parts": {"_scheme": scheme, **parts} if named else {}}


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the schema of both doors takes them. Raises `InvalidInput` with all that is wrong."""
    try:
        loaded: dict[str, Any] = ExhibitorWriteSchema().load(values)
    except ValidationError as error:
        raise InvalidInput(error.messages_dict) from None
    return loaded
