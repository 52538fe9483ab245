"""Reading orders, their positions with answers and check-ins, and carts."""

from collections.abc import Iterable
from typing import Any

from portal.core.names import compose
from portal.exchange.load import kinds, links, resources
from portal.exchange.load.reading import Part, Progress, Reading
from portal.exchange.load.shapes import Row, get_list
from portal.exchange.load.values import number
from portal.tickets.search import position_search_text

_STEP = 500
_read_positionid = number(1)
_P = kinds.POSITION.index
_NAME, _PARTS, _EMAIL, _COMPANY = (
    _P[key] for key in ("attendee_name", "attendee_name_parts", "attendee_email", "company")
)
_ADDON, _SECRET, _CANCELED, _ITEM = _P["addon_to_id"], _P["secret"], _P["canceled"], _P["item_id"]
_SEARCH = _P["search_text"]
_NO_INVOICE: list[Any] = [None, None, None]
_INVOICE = slice(kinds.ORDER.index["invoice_name"], kinds.ORDER.index["invoice_name"] + len(_NO_INVOICE))


def read_orders(reading: Reading, part: Part, orders: Iterable[Any], progress: Progress) -> None:
    """All orders of an event."""
    holders: dict[Row, Row] = {}
    count = 0
    for count, entry in enumerate(orders, 1):
        _read_order(reading, part, entry, f"{part.path}.orders[{count - 1}]", holders)
        if not count % _STEP:
            progress(_STEP)
    progress(count % _STEP)


def _read_order(reading: Reading, part: Part, data: Any, path: str, holders: dict[Row, Row]) -> None:
    values = reading.shape(resources.ORDER, data, path)
    if values is None:
        return
    address = data.get("invoice_address")
    invoice = _NO_INVOICE
    if address is not None:
        invoice = reading.shape(resources.INVOICE_ADDRESS, address, f"{path}.invoice_address") or _NO_INVOICE
    order = reading.add(part, kinds.ORDER, path, None, [*values, *invoice, part.owner])
    holds = kinds.ORDER.get(values, "status") in ("n", "p")
    addons: list[tuple[Row, Any]] = []
    own: dict[int, Row] = {}
    for index, entry in enumerate(get_list(reading.problems, data, "positions", path)):
        at = f"{path}.positions[{index}]"
        row = _read_position(reading, part, order, entry, at, index)
        if row is None:
            continue
        if row.ident is not None:
            own[row.ident] = row
        if entry.get("addon_to") is not None:
            addons.append((row, entry["addon_to"]))
        seat = row.values[_P["seat_id"]]
        if seat is not None and holds and not row.values[_CANCELED]:
            other = holders.setdefault(seat, row)
            if other is not row:
                reading.problems.warn(f"{at}.seat", f"the seat is also held by {other.path}")
    for row, value in addons:
        parent = row.values[_ADDON] = _addon_to(reading, own, row, value)
        if parent is not None:
            row.values[_SEARCH] = _search_text(order, row.values, parent)


def _search_text(order: Row, values: list[Any], parent: Row | None = None) -> str:
    """What a position is found by, with the invoice's name and that of the ticket it is an add-on of."""
    invoice_name, invoice_parts, invoice_company = order.values[_INVOICE]
    return position_search_text(
        attendee_name=values[_NAME],
        attendee_email=values[_EMAIL],
        company=values[_COMPANY],
        parent_name=parent.values[_NAME] if parent is not None else None,
        invoice_name=invoice_name or compose(invoice_parts),
        invoice_company=invoice_company,
    )


def _addon_to(reading: Reading, own: dict[int, Row], row: Row, value: Any) -> Row | None:
    """The position of the same order that another is an add-on of."""
    parent = own.get(value) if type(value) is int else None
    if parent is None:
        reading.problems.error(f"{row.path}.addon_to", f"no position {value} in this order")
    elif parent is row or parent.values[_ADDON] is not None:
        reading.problems.error(f"{row.path}.addon_to", f"position {value} is an add-on itself")
        return None
    return parent


def _read_position(reading: Reading, part: Part, order: Row, data: Any, path: str, index: int) -> Row | None:
    values = reading.shape(resources.POSITION, data, path)
    if values is None:
        return None
    item = reading.ref(part, kinds.ITEM, data, "item", path)
    if data.get("item") is None:
        reading.problems.error(f"{path}.item", "is missing")
    subevent = reading.ref(part, kinds.SUBEVENT, data, "subevent", path)
    if values[_NAME] is None and values[_PARTS]:
        values[_NAME] = compose(values[_PARTS]) or None
    values += [
        reading.value(_read_positionid, data, "positionid", path, index + 1),
        part.owner,
        order,
        item,
        reading.variation(part, data, item, path) if data.get("variation") is not None else None,
        reading.ref(part, kinds.VOUCHER, data, "voucher", path),
        None,
        subevent,
        reading.seat(part, data, subevent, path) if data.get("seat") is not None else None,
        "",
    ]
    values[_SEARCH] = _search_text(order, values)
    row = reading.add(part, kinds.POSITION, path, data, values)
    part.tickets[values[_SECRET]] = row
    if data.get("answers"):
        _read_answers(reading, part, row, data, path)
    if data.get("checkins"):
        _read_checkins(reading, part, row, data, path)
    return row


def _read_answers(reading: Reading, part: Part, position: Row, data: dict[str, Any], path: str) -> None:
    for at, entry in reading.entries(data, "answers", path):
        values = reading.shape(resources.ANSWER, entry, at)
        if values is None:
            continue
        question = reading.ref(part, kinds.QUESTION, entry, "question", at)
        if entry.get("question") is None:
            reading.problems.error(f"{at}.question", "is missing")
        options = _options(reading, part, question, entry, at)
        row = reading.add(part, kinds.ANSWER, at, None, [*values, position, question])
        part.links[links.ANSWER_OPTIONS].append((row, options))


def _options(reading: Reading, part: Part, question: Row | None, data: dict[str, Any], path: str) -> list[Row]:
    """The options that an answer names by id or, without ids, by identifier."""
    if question is None:
        return []
    found: dict[Row, None] = {}
    known = part.options.get(question, [])
    key, attribute = ("options", "id") if data.get("options") else ("option_identifiers", "identifier")
    for at, value in reading.entries(data, key, path):
        for option in known:
            if type(value) is not bool and value == (option.ident if attribute == "id" else option.values[-1]):
                found[option] = None
                break
        else:
            shown = f"“{value}”" if isinstance(value, str) else value
            reading.problems.error(at, f"no option {shown} of question {question.ident or question.values[-1]}")
    return list(found)


def _read_checkins(reading: Reading, part: Part, position: Row, data: dict[str, Any], path: str) -> None:
    """Entries and exits. The earliest entry on a list is the one that admitted, unless the file says another."""
    read: list[tuple[Row, bool | None]] = []
    for at, entry in reading.entries(data, "checkins", path):
        values = reading.shape(resources.CHECKIN, entry, at)
        if values is None:
            continue
        checkin_list = reading.ref(part, kinds.CHECKIN_LIST, entry, "list", at, "check-in list")
        if entry.get("list") is None:
            reading.problems.error(f"{at}.list", "is missing")
        first = reading.flag(entry, "first", at, False) if entry.get("first") is not None else None
        row = reading.add(part, kinds.CHECKIN, at, entry, [*values, position, checkin_list, False])
        read.append((row, first))
    admitted: dict[Row | None, Row] = {}
    columns = kinds.CHECKIN.index
    for row, first in read:
        if first:
            other = admitted.setdefault(row.values[columns["list_id"]], row)
            if other is not row:
                reading.problems.error(f"{row.path}.first", f"{other.path} is the first on this list")
    for row, first in sorted(read, key=lambda pair: pair[0].values[columns["datetime"]] or reading.now):
        if first is None and row.values[columns["type"]] == "entry":
            admitted.setdefault(row.values[columns["list_id"]], row)
    for row in admitted.values():
        row.values[columns["first"]] = True


def read_carts(reading: Reading, part: Part, data: dict[str, Any]) -> None:
    """Cart positions."""
    by_id: dict[int, Row] = {}
    read: list[tuple[Row, Any]] = []
    columns = kinds.CART.index
    for path, entry in reading.entries(data, "carts", part.path):
        values = reading.shape(resources.CART, entry, path)
        if values is None:
            continue
        item = reading.ref(part, kinds.ITEM, entry, "item", path)
        if entry.get("item") is None:
            reading.problems.error(f"{path}.item", "is missing")
        variation = reading.variation(part, entry, item, path)
        voucher = reading.ref(part, kinds.VOUCHER, entry, "voucher", path)
        subevent = reading.ref(part, kinds.SUBEVENT, entry, "subevent", path)
        seat = reading.seat(part, entry, subevent, path)
        name, parts = columns["attendee_name"], columns["attendee_name_parts"]
        if values[name] is None and values[parts]:
            values[name] = compose(values[parts]) or None
        answers = _cart_answers(reading, part, entry, path)
        values += [answers, part.owner, item, variation, voucher, None, subevent, seat]
        row = reading.add(part, kinds.CART, path, entry, values)
        if row.ident is not None:
            by_id[row.ident] = row
        read.append((row, entry.get("addon_to")))
    for row, parent_id in read:
        if parent_id is not None:
            parent = by_id.get(parent_id) if type(parent_id) is int else None
            if parent is None or parent is row or parent.values[columns["addon_to_id"]] is not None:
                reading.problems.error(f"{row.path}.addon_to", f"no cart position {parent_id} that may have add-ons")
            row.values[columns["addon_to_id"]] = parent


def _cart_answers(reading: Reading, part: Part, data: dict[str, Any], path: str) -> Any:
    """The answers in the form of the contract, their questions and options as rows."""
    found: list[dict[str, Any]] = []
    for at, entry in reading.entries(data, "answers", path):
        values = reading.shape(resources.ANSWER, entry, at)
        if values is None:
            continue
        question = reading.ref(part, kinds.QUESTION, entry, "question", at)
        if question is None:
            if entry.get("question") is None:
                reading.problems.error(f"{at}.question", "is missing")
            continue
        options = _options(reading, part, question, entry, at)
        found.append(
            {
                "question": question,
                "answer": values[0],
                "question_identifier": kinds.QUESTION.get(question.values, "identifier"),
                "options": options,
                "option_identifiers": [kinds.OPTION.get(option.values, "identifier") for option in options],
            }
        )
    return reading.later(found)
