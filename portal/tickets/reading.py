"""Rows of a file of attendees, read: what each says of a ticket, and what is wrong with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.core.names import SCHEMES, compose
from portal.core.sentences import Sentence
from portal.core.text import fold
from portal.events.catalog import Choice
from portal.tickets.columns import PARTS, STATUS_WORDS, Names
from portal.tickets.forms import TEXTS, country
from portal.web.fields import Fields
from portal.web.imports import Record

MOST_CODE = 16


@dataclass
class Row:
    """A row of the file. Columns that are empty or missing leave what is there: ``person`` holds the others."""

    line: int
    order: str = ""
    number: int = 0
    external_id: str = ""
    secret: str = ""
    status: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    choice: Choice | None = None
    subevent_id: int | None = None
    seat: str = ""
    voucher: str = ""
    price: Decimal | None = None
    email: str | None = None
    invoice_name: str = ""
    invoice_company: str | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What somebody knows the row by."""
        name = compose(self.person.get("attendee_name_parts")) or self.person.get("attendee_email")
        return str(name or self.order or self.external_id or self.secret)


def read_rows(records: Sequence[Record], names: Names, *, series: bool, zone: str, scheme: str) -> list[Row]:
    """All rows. Those of one order without numbers of their own are numbered as they come."""
    rows = [_read(record, names, series=series, zone=zone, scheme=scheme) for record in records]
    places: Counter[str] = Counter()
    for row in rows:
        if row.order and not row.number:
            places[row.order] += 1
            row.number = places[row.order]
    _twice(rows, "external_id", lambda row: row.external_id)
    _twice(rows, "secret", lambda row: row.secret)
    _twice(rows, "position", lambda row: (row.order, row.number) if row.order else "")
    return rows


def _twice(rows: Sequence[Row], name: str, key: Any) -> None:
    seen: dict[Any, int] = {}
    for row in rows:
        value = key(row)
        if value and value in seen:
            row.errors.setdefault(name, []).append(Sentence("Line %(line)s has the same.", line=seen[value]))
        elif value:
            seen[value] = row.line


def _read(record: Record, names: Names, *, series: bool, zone: str, scheme: str) -> Row:
    given = record.values
    read = Fields(given, zone)
    row = Row(
        line=record.line,
        order="".join(read.text("order", MOST_CODE).split()),
        number=read.whole("position", least=1, most=10_000),
        external_id=read.text("external_id", 190),
        secret=read.text("secret", 255),
        status=_status(read),
        person=_person(read, given, scheme),
        seat=read.text("seat", 300),
        voucher=read.text("voucher", 255),
        price=read.money("price"),
        email=read.email("order_email"),
        invoice_name=read.text("invoice_name", 190),
        invoice_company=read.maybe("invoice_company", 500),
    )
    product = given.get("product", "").strip()
    row.choice = names.product(product, given.get("variation", "").strip())
    if not product:
        read.wrong("product", Sentence("Write which product it is."))
    elif row.choice is None:
        read.wrong("product", Sentence("“%(name)s” is no product of this event, or not one alone.", name=product[:60]))
    if series:
        date = given.get("subevent", "").strip()
        row.subevent_id = names.date(date)
        if row.subevent_id is None:
            read.wrong("subevent", Sentence("“%(name)s” is no date of this series, or not one alone.", name=date[:60]))
    row.errors = read.errors
    return row


def _status(read: Fields) -> str:
    text = fold(read.text("status", 40))
    if text and text not in STATUS_WORDS:
        read.wrong("status", Sentence("Write paid or pending."))
        return ""
    return STATUS_WORDS.get(text, "")


def _person(read: Fields, given: Mapping[str, str], scheme: str) -> dict[str, Any]:
    person: dict[str, Any] = {name: text for name, most in TEXTS.items() if (text := read.maybe(name, most))}
    if code := country(read, "country"):
        person["country"] = code
    if email := read.email("email"):
        person["attendee_email"] = email
    parts = {part: text for part in PARTS if (text := read.text(part, 190))}
    if parts:
        person["attendee_name_parts"] = {"_scheme": _scheme(parts, scheme), **parts}
    elif full := read.text("full_name", 190):
        person["attendee_name_parts"] = {"_scheme": "full", "full_name": full}
    return person


def _scheme(parts: Mapping[str, str], scheme: str) -> str:
    """A scheme of names that has all these parts; the event's own where that will do."""
    candidates: tuple[str, ...] = (
        scheme,
        "given_family",
        "title_given_family",
        "given_middle_family",
        "title_given_middle_family",
    )
    candidates = (*candidates, "salutation_given_family", "salutation_title_given_family", *SCHEMES)
    fitting = (name for name in candidates if set(parts) <= set(SCHEMES[name].parts))
    return next(fitting, "salutation_title_given_family_degree")


def differs(name: str, given: Any, there: Any) -> bool:
    """Whether a row says something else of a person than the ticket. Names are compared as they read."""
    if name != "attendee_name_parts":
        return bool(given != there)
    if given["_scheme"] == "full":
        return compose(given) != compose(there)
    before = {part: text for part, text in (there or {}).items() if text and not part.startswith("_")}
    return {part: text for part, text in given.items() if part != "_scheme"} != before
