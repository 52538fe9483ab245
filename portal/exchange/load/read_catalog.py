"""Reading an event: itself, its subevents, products, questions, vouchers, check-in lists and devices."""

from typing import Any

from portal.core.codes import make_token
from portal.events.settings import SETTING_NAMES, check_settings
from portal.exchange.load import kinds, links, resources
from portal.exchange.load.read_people import read_secret
from portal.exchange.load.reading import Part, Reading, Secret
from portal.exchange.load.shapes import KEEP, Row
from portal.exchange.load.values import kind_of


def read_event(reading: Reading, people: Part, data: Any, path: str) -> Part | None:
    """The event itself."""
    values = reading.shape(resources.EVENT, data, path)
    if values is None:
        return None
    locale = kinds.EVENT.get(values, "locale")
    locales = reading.value(resources.LOCALES, data, "locales", path, [])
    is_series = reading.flag(data, "has_subevents", path, bool(data.get("subevents")))
    if not is_series and data.get("subevents"):
        reading.problems.error(f"{path}.subevents", "the event is no series (has_subevents is false)")
    settings = _settings(reading, data.get("settings"), f"{path}.settings")
    row = reading.add(
        people,
        kinds.EVENT,
        path,
        None,
        [*values, list(dict.fromkeys(locales or [locale])), is_series, settings, people.owner],
    )
    date_from, date_to = kinds.EVENT.get(values, "date_from"), kinds.EVENT.get(values, "date_to")
    if date_from and date_to and date_to < date_from:
        reading.problems.error(f"{path}.date_to", "is before date_from")
    return Part(row, path, is_series=is_series, locale=locale)


def _settings(reading: Reading, data: Any, path: str) -> dict[str, Any]:
    if data is None:
        return {}
    if type(data) is not dict:
        reading.problems.error(path, f"must be an object, not {kind_of(data)}")
        return {}
    for name in data.keys() - SETTING_NAMES:
        reading.problems.warn(f"{path}.{name}", "unknown key, ignored")
    stored, errors = check_settings(data)
    for error in errors:
        reading.problems.error(f"{path}.{error.name}", error.reason)
    return stored


def read_subevents(reading: Reading, part: Part, data: dict[str, Any]) -> list[tuple[Row, dict[str, Any]]]:
    """The dates of a series, with what the file says about each."""
    found = []
    for path, entry in reading.entries(data, "subevents", part.path):
        values = reading.shape(resources.SUBEVENT, entry, path)
        if values is not None:
            found.append((reading.add(part, kinds.SUBEVENT, path, entry, [*values, part.owner]), entry))
    return found


def read_items(reading: Reading, part: Part, data: dict[str, Any]) -> None:
    """Products and their variations."""
    for path, entry in reading.entries(data, "items", part.path):
        values = reading.shape(resources.ITEM, entry, path)
        if values is None:
            continue
        item = reading.add(part, kinds.ITEM, path, entry, [*values, part.owner])
        for at, variation in reading.entries(entry, "variations", path):
            given = reading.shape(resources.VARIATION, variation, at)
            if given is not None:
                reading.add(part, kinds.VARIATION, at, variation, [*given, item])


def read_questions(reading: Reading, part: Part, data: dict[str, Any]) -> None:
    """Questions, the products they are asked for, and their options."""
    for path, entry in reading.entries(data, "questions", part.path):
        values = reading.shape(resources.QUESTION, entry, path)
        if values is None:
            continue
        identifier = _identifier(reading, entry, path)
        question = reading.add(part, kinds.QUESTION, path, entry, [*values, part.owner, identifier])
        items = reading.refs(part, kinds.ITEM, entry, "items", path, "item")
        part.links[links.QUESTION_ITEMS].append((question, items))
        for at, option in reading.entries(entry, "options", path):
            given = reading.shape(resources.OPTION, option, at)
            if given is not None:
                identifier = _identifier(reading, option, at)
                row = reading.add(part, kinds.OPTION, at, option, [*given, question, identifier])
                part.options[question].append(row)


def _identifier(reading: Reading, data: dict[str, Any], path: str) -> str | None:
    """The identifier, or the id where there is none."""
    given: str | None = reading.value(resources.IDENTIFIER, data, "identifier", path)
    if given is None and data.get("identifier") is None:
        if type(data.get("id")) is int:
            return str(data["id"])
        reading.problems.error(f"{path}.identifier", "is missing")
    return given


def read_vouchers(reading: Reading, part: Part, data: dict[str, Any]) -> None:
    """Vouchers, which may be bound to a product, a subevent and a seat."""
    for path, entry in reading.entries(data, "vouchers", part.path):
        values = reading.shape(resources.VOUCHER, entry, path)
        if values is None:
            continue
        item = reading.ref(part, kinds.ITEM, entry, "item", path)
        variation = reading.variation(part, entry, item, path)
        if variation is not None and entry.get("item") is None:
            reading.problems.error(f"{path}.item", "is missing, and there is a variation")
        subevent = reading.ref(part, kinds.SUBEVENT, entry, "subevent", path)
        seat = reading.seat(part, entry, subevent, path)
        if kinds.VOUCHER.get(values, "price_mode") != "none" and kinds.VOUCHER.get(values, "value") is None:
            reading.problems.error(f"{path}.value", "is missing, and price_mode is not “none”")
        row = reading.add(part, kinds.VOUCHER, path, entry, [*values, part.owner, item, variation, seat, subevent])
        part.vouchers[kinds.VOUCHER.get(values, "code")] = row


def read_checkin_lists(reading: Reading, part: Part, data: dict[str, Any]) -> None:
    """The lists that tickets are checked in on."""
    for path, entry in reading.entries(data, "checkin_lists", part.path):
        values = reading.shape(resources.CHECKIN_LIST, entry, path)
        if values is None:
            continue
        subevent = reading.ref(part, kinds.SUBEVENT, entry, "subevent", path)
        row = reading.add(part, kinds.CHECKIN_LIST, path, entry, [*values, part.owner, subevent])
        products = reading.refs(part, kinds.ITEM, entry, "limit_products", path, "item")
        part.links[links.LIST_ITEMS].append((row, products))


def read_devices(reading: Reading, part: Part, data: dict[str, Any]) -> None:
    """The devices that scan; a key that is not given is made."""
    for path, entry in reading.entries(data, "devices", part.path):
        values = reading.shape(resources.DEVICE, entry, path)
        if values is None:
            continue
        checkin_list = reading.ref(part, kinds.CHECKIN_LIST, entry, "list", path, "check-in list")
        if entry.get("list") is None:
            reading.problems.error(f"{path}.list", "is missing")
        hashed = read_secret(reading, entry, path, "key")
        row = reading.add(part, kinds.DEVICE, path, entry, [*values, part.owner, checkin_list, hashed])
        part.links[links.DEVICE_ITEMS].append((row, reading.refs(part, kinds.ITEM, entry, "items", path, "item")))
        if hashed is KEEP:
            reading.secrets.append(Secret(kinds.DEVICE, row, f"key of device “{values[0]}”", make_token()[:40]))
