"""Reading exhibitors: their tags, access codes, vouchers and leads."""

from typing import Any

from portal.core.codes import FULL_CODE_LENGTH, SCANNING_CODE_LENGTH, make_code, normalise_code
from portal.core.names import compose
from portal.exchange.load import kinds, links, resources
from portal.exchange.load.reading import Part, Reading, Secret
from portal.exchange.load.shapes import KEEP, Row
from portal.exchange.load.values import kind_of, locale, moment, text
from portal.exhibitors.search import exhibitor_search_text

_E, _L = kinds.EXHIBITOR.index, kinds.LEAD.index
_read_code = text(64, blank=False)
_read_tag = text(190, blank=False)
_read_scope = text(190)


def read_tags(reading: Reading, part: Part, data: dict[str, Any]) -> None:
    """The event's tags for exhibitors."""
    for path, value in reading.entries(data, "exhibitor_tags", part.path):
        try:
            name = _read_tag(value)
        except ValueError as error:
            reading.problems.error(path, str(error))
            continue
        if name not in part.tags:
            part.tags[name] = reading.add(part, kinds.TAG, path, None, [part.owner, name])


def read_exhibitors(reading: Reading, part: Part, data: dict[str, Any]) -> None:
    """Exhibitors with everything that is theirs."""
    for path, entry in reading.entries(data, "exhibitors", part.path):
        values = reading.shape(resources.EXHIBITOR, entry, path)
        if values is None:
            continue
        name, parts = _E["contact_name"], _E["contact_name_parts"]
        if values[name] is None and values[parts]:
            values[name] = compose(values[parts]) or None
        language = reading.value(locale, entry, "locale", path, part.locale)
        words = exhibitor_search_text(
            name=values[_E["name"]] or "",
            booth=values[_E["booth"]],
            contact_name=values[name],
            contact_email=values[_E["contact_email"]],
            internal_id=values[_E["internal_id"]],
        )
        row = reading.add(part, kinds.EXHIBITOR, path, entry, [*values, language, part.owner, words])
        _link_tags(reading, part, row, entry, path)
        _read_codes(reading, part, row, entry, path)
        for at, voucher in reading.entries(entry, "vouchers", path):
            _read_voucher(reading, part, row, voucher, at)
        for at, lead in reading.entries(entry, "leads", path):
            _read_lead(reading, part, row, lead, at)


def _link_tags(reading: Reading, part: Part, row: Row, data: dict[str, Any], path: str) -> None:
    found: dict[Row, None] = {}
    for at, value in reading.entries(data, "exhibitor_tags", path):
        tag = part.tags.get(value) if isinstance(value, str) else None
        if tag is not None:
            found[tag] = None
        else:
            shown = (
                f"no exhibitor tag “{value}”" if isinstance(value, str) else f"must be a string, not {kind_of(value)}"
            )
            reading.problems.error(at, shown)
    part.links[links.EXHIBITOR_TAGS].append((row, list(found)))


def _read_codes(reading: Reading, part: Part, row: Row, data: dict[str, Any], path: str) -> None:
    """Both access codes. One that is missing is made; a scanning code that is null is none."""
    for kind, key, length in (
        ("full", "access_code", FULL_CODE_LENGTH),
        ("scanning", "lead_scanning_access_code", SCANNING_CODE_LENGTH),
    ):
        if kind == "scanning" and key in data and data[key] is None:
            continue
        given = reading.value(_read_code, data, key, path, KEEP)
        lookup: Any = KEEP
        if given is not KEEP:
            lookup = normalise_code(given)
            if not lookup:
                reading.problems.error(f"{path}.{key}", "has neither letters nor digits")
                continue
        made = reading.add(part, kinds.ACCESS_CODE, f"{path}.{key}", None, [row, kind, given, lookup])
        if given is KEEP and data.get(key) is None:
            what = "access code" if kind == "full" else "lead scanning access code"
            reading.secrets.append(
                Secret(kinds.ACCESS_CODE, made, f"{what} of “{row.values[_E['name']]}”", make_code(length))
            )


def _read_voucher(reading: Reading, part: Part, exhibitor: Row, data: Any, path: str) -> None:
    values = reading.shape(resources.EXHIBITOR_VOUCHER, data, path)
    if values is None:
        return
    code = data.get("code")
    if code is not None:
        voucher = part.vouchers.get(code) if isinstance(code, str) else None
        if voucher is None:
            reading.problems.error(
                f"{path}.code", f"no voucher “{code}”" if isinstance(code, str) else "must be a string"
            )
    else:
        voucher = reading.ref(part, kinds.VOUCHER, data, "id", path, "voucher")
        if data.get("id") is None:
            reading.problems.error(f"{path}.code", "is missing")
    if voucher is not None:
        owner = reading.voucher_owners.setdefault(voucher, exhibitor)
        if owner is not exhibitor:
            name = owner.values[_E["name"]]
            reading.problems.error(path, f"the voucher belongs to “{name}” ({owner.path})")
            return
    reading.add(part, kinds.EXHIBITOR_VOUCHER, path, None, [*values, exhibitor, voucher])


def _read_lead(reading: Reading, part: Part, exhibitor: Row, data: Any, path: str) -> None:
    values = reading.shape(resources.LEAD, data, path)
    if values is None:
        return
    secret = data.get("secret")
    position = part.tickets.get(secret) if isinstance(secret, str) else None
    if position is None:
        shown = "is missing" if secret is None else f"no ticket “{secret}”"
        reading.problems.error(f"{path}.secret", shown)
        return
    first_upload = reading.value(moment, data, "first_upload", path)
    scanned = reading.value(moment, data, "scanned", path, first_upload)
    if scanned is None and data.get("scanned") is None:
        reading.problems.error(f"{path}.scanned", "is missing")
    by_device = exhibitor.values[_E["lead_scanning_scope_by_device"]]
    default_scope = (values[_L["device_uuid"]] or "") if by_device else ""
    scope = reading.value(_read_scope, data, "scope", path, default_scope)
    reading.add(part, kinds.LEAD, path, None, [*values, exhibitor, position, scope, scanned, first_upload or scanned])
