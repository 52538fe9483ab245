"""Vouchers from files and as files: the columns, what each row would do, and doing it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput
from portal.core.sentences import Sentence
from portal.events.services.changes import touch
from portal.seating.services.holding import NO_SEAT, find_seats
from portal.tickets.columns import Names
from portal.vouchers import overview
from portal.vouchers.forms import MOST_USES, read_code
from portal.vouchers.models import PRICE_MODES, Voucher
from portal.vouchers.services import manage
from portal.vouchers.views.pages import SEATS, blueprint
from portal.web.access import event_member, event_scope
from portal.web.downloads import csv_download, xlsx_download
from portal.web.fields import Fields
from portal.web.imports import Column, Import, Planned, Record, Refused, add_steps, refuse_wrong

_LABELS = {
    "code": (lazy_gettext("Code"), ("voucher", "voucher code", "gutschein", "gutscheincode")),
    "max_usages": (lazy_gettext("Can be used so often"), ("usages", "maximum usages", "uses", "anzahl")),
    "valid_until": (lazy_gettext("Until"), ("expires", "gueltig bis", "expiry")),
    "product": (lazy_gettext("Product"), ("item", "ticket", "produkt")),
    "variation": (lazy_gettext("Variation"), ("variante",)),
    "subevent": (lazy_gettext("Date"), ("termin",)),
    "price_mode": (lazy_gettext("Kind of price"), ("price effect", "preisart")),
    "value": (lazy_gettext("Amount or percent"), ("amount", "wert", "betrag")),
    "tag": (lazy_gettext("Tag"), ("group",)),
    "comment": (lazy_gettext("Comment"), ("kommentar", "notes")),
    "seat": (lazy_gettext("Seat"), ("seat guid", "sitzplatz")),
    "quota": (lazy_gettext("Quota"), ("kontingent",)),
    "block_quota": (lazy_gettext("Keeps room in the quota"), ("reserve quota",)),
    "allow_ignore_quota": (lazy_gettext("May pass the quota"), ("ignore quota",)),
}
#: Where a value of a voucher stands in a file.
_COLUMNS = {"item": "product", "item_id": "product", "variation_id": "product"}
_COLUMNS |= {"subevent_id": "subevent", "seat_id": "seat"}


def columns(scope: EventScope) -> list[Column]:
    """What a file of vouchers may hold."""
    labels = overview.Labels(scope)
    choices = {
        "product": list(labels.products.items()),
        "subevent": [(str(id_), name) for id_, name in labels.dates.items()],
        "price_mode": [(mode, mode) for mode in PRICE_MODES],
    }
    return [
        Column(name, label, also=also, required=name == "code", choices=choices.get(name, ()))
        for name, (label, also) in _LABELS.items()
        if name != "subevent" or scope.has_subevents
    ]


@dataclass
class Row:
    """A row of the file: what it sets, and the voucher that it means."""

    line: int
    code: str
    values: dict[str, Any]
    errors: dict[str, list[str]]
    voucher: Any | None = None
    changed: list[str] | None = None

    def planned(self, labels: dict[str, Any]) -> Planned:
        """For the preview."""
        if self.errors:
            return Planned(self.line, self.code, "wrong", self.errors)
        if self.voucher is None:
            return Planned(self.line, self.code, "new")
        named = [str(labels[name.removesuffix("_id").replace("item", "product")]) for name in self.changed or ()]
        return Planned(self.line, self.code, "changed" if named else "same", changes=list(dict.fromkeys(named)))


def plan(scope: EventScope, records: Sequence[Record]) -> list[Planned]:
    """What each row would do."""
    labels = {name: label for name, (label, _) in _LABELS.items()}
    return [row.planned(labels) for row in _rows(scope, records)]


def apply(actor: Actor, scope: EventScope, records: Sequence[Record]) -> list[Planned]:
    """Do it. What somebody else took since the preview is `Refused`, and then nothing is done."""
    rows = _rows(scope, records)
    labels = {name: label for name, (label, _) in _LABELS.items()}
    shown = [row.planned(labels) for row in rows]
    refuse_wrong(shown)
    new = [(row.code, manage.VoucherValues(**row.values)) for row in rows if row.voucher is None]
    changes = {row.voucher.id: row.values for row in rows if row.voucher is not None and row.changed}
    try:
        if new:
            manage.create_vouchers(actor=actor, event=scope, vouchers=new, seats=SEATS)
        if changes:
            manage.update_vouchers(actor=actor, event=scope, changes=changes, seats=SEATS)
    except (InvalidInput, Conflict) as refused:
        raise Refused() from refused
    touch(scope.event_id)
    return shown


def _rows(scope: EventScope, records: Sequence[Record]) -> list[Row]:
    names = Names(scope)
    rows = [_read(scope, names, record) for record in records]
    places = {(row.values.get("subevent_id"), row.values["seat"]) for row in rows if row.values.get("seat")}
    seats = find_seats(scope.event_id, places)
    known = _known(scope.event_id, [row.code for row in rows if row.code])
    parts = manage.Parts(scope.event_id)
    seen: dict[str, int] = {}
    for row in rows:
        if seat := row.values.pop("seat", ""):
            row.values["seat_id"] = seats.get((row.values.get("subevent_id"), seat))
            if row.values["seat_id"] is None:
                row.errors.setdefault("seat", []).append(NO_SEAT)
        first = seen.setdefault(row.code.lower(), row.line)
        if row.code and first != row.line:
            row.errors.setdefault("code", []).append(Sentence("Line %(line)s has the same.", line=first))
        row.voucher = known.get(row.code.lower())
        _check(scope, row, parts)
    return rows


def _check(scope: EventScope, row: Row, parts: manage.Parts) -> None:
    """Look at the values as they would be stored, and at what would be another one."""
    names = manage.VoucherValues.__dataclass_fields__
    before = {name: getattr(row.voucher, name) for name in names} if row.voucher is not None else {}
    values = {name: value for name, value in row.values.items() if _COLUMNS.get(name, name) not in row.errors}
    if before and all(before[name] == value for name, value in values.items()):
        return
    try:
        after = manage.checked(scope, manage.VoucherValues(**{**before, **values}), parts)
    except InvalidInput as refused:
        for name, messages in refused.fields.items():
            row.errors.setdefault(_COLUMNS.get(name, name), list(messages))
        return
    row.changed = [name for name in values if before and getattr(after, name) != before[name]]
    if row.voucher is not None and after.max_usages < row.voucher.redeemed:
        message = Sentence("It was used %(count)s times already.", count=row.voucher.redeemed)
        row.errors.setdefault("max_usages", [message])


def _known(event_id: int, codes: Sequence[str]) -> dict[str, Any]:
    """The event's vouchers with these codes, without regard to case."""
    if not codes:
        return {}
    statement = sa.select(Voucher).where(Voucher.event_id == event_id)
    wanted = {code.lower() for code in codes}
    if len(wanted) <= 500:
        statement = statement.where(sa.func.lower(Voucher.code).in_(wanted))
    return {each.code.lower(): each for each in db.session.scalars(statement) if each.code.lower() in wanted}


def _read(scope: EventScope, names: Names, record: Record) -> Row:
    given = record.values
    read = Fields(given, scope.timezone)
    code = read_code(read, "code")
    if not code:
        read.wrong("code", Sentence("Please fill in this field."))
    readers: dict[str, Any] = {
        "max_usages": lambda: read.whole("max_usages", most=MOST_USES, default=1),
        "valid_until": lambda: read.moment("valid_until", end=True),
        "price_mode": lambda: read.choice("price_mode", PRICE_MODES, default="none"),
        "value": lambda: read.money("value"),
        "quota": lambda: read.whole("quota") or None,
        "tag": lambda: read.text("tag", 255),
        "comment": lambda: read.text("comment", 10_000, lines=True),
        "seat": lambda: read.text("seat", 300),
        "block_quota": lambda: read.flag("block_quota"),
        "allow_ignore_quota": lambda: read.flag("allow_ignore_quota"),
    }
    values = {name: reader() for name, reader in readers.items() if given.get(name, "").strip()}
    product, variation = given.get("product", "").strip(), given.get("variation", "").strip()
    if product:
        found = names.for_voucher(product, variation)
        if found is None:
            wrong = Sentence("“%(name)s” is no product of this event, or not one alone.", name=product[:60])
            read.wrong("product", wrong)
        else:
            values["item_id"], values["variation_id"] = found
    if date := given.get("subevent", "").strip():
        values["subevent_id"] = names.date(date)
        if values["subevent_id"] is None:
            read.wrong("subevent", Sentence("“%(name)s” is no date of this series, or not one alone.", name=date[:60]))
    return Row(record.line, code, values, read.errors)


VOUCHERS = Import(
    kind="vouchers",
    title=lazy_gettext("Import vouchers"),
    about=lazy_gettext(
        "Each row is a voucher, known by its code: importing the file again changes the vouchers that are there. "
        "An empty cell leaves what is there."
    ),
    permission="can_change_vouchers",
    back="event_vouchers.index",
    listing=lazy_gettext("Vouchers"),
    columns=columns,
    plan=plan,
    apply=apply,
)
add_steps(blueprint, VOUCHERS, path="/-/import")


@blueprint.get("/-/vouchers.<any(csv, xlsx):kind>")
@event_member("can_view_vouchers")
def export(organizer: str, event: str, kind: str) -> ResponseReturnValue:
    """All vouchers; the columns are those that an import reads, and how often each was used."""
    scope = event_scope()
    names = [name for name in _LABELS if name != "subevent" or scope.has_subevents]
    head = [str(_LABELS[name][0]) for name in names] + [gettext("Used"), gettext("Exhibitor")]
    name = f"{scope.event_slug}-vouchers.{kind}"
    if kind == "csv":
        return csv_download(name, head, _exported(scope, names))
    rows = _exported(scope, names)
    return xlsx_download(name, head, rows, zone=ZoneInfo(scope.timezone), title=gettext("Vouchers"))


def _exported(scope: EventScope, names: Sequence[str]) -> Iterator[list[object]]:
    labels, offset = overview.Labels(scope), 0
    while batch := overview.page(scope.event_id, {}, limit=1000, offset=offset):
        offset += len(batch)
        for voucher in batch:
            values: dict[str, object] = {
                **voucher,
                "product": labels.products.get(str(voucher["item"]), ""),
                "variation": labels.variations.get(voucher["variation"] or 0, ""),
                "subevent": labels.dates.get(voucher["subevent"] or 0, ""),
            }
            yield [*(values[name] for name in names), voucher["redeemed"], voucher["exhibitor"]]
