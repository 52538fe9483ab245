"""Reads about an exhibitor's vouchers: pages of them, one of them, and who redeemed them."""

import datetime as dt
from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal.core import clock
from portal.core.database import db
from portal.core.i18n import localise
from portal.core.statements import columns, one_of_ids, rows
from portal.events.models import Item, ItemVariation, SubEvent
from portal.exhibitors.models import ExhibitorVoucher
from portal.tickets.fields import PERSON_COLUMNS, Answers, FieldEntry, FieldReader, answers_of
from portal.tickets.models import Order, OrderPosition
from portal.vouchers.models import Voucher

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """A voucher as its exhibitor may see it; ``comment`` is the one for the exhibitor, never the organizer's."""

    id: int
    code: str
    max_usages: int
    redeemed: int
    valid_until: dt.datetime | None
    tag: str
    comment: str
    price_mode: str
    value: Decimal | None
    product: str
    subevent: str

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.valid_until is not None and self.valid_until < clock.now()

    @property
    def used_up(self) -> bool:
        """Whether nobody can redeem it any more."""
        return self.redeemed >= self.max_usages

    @property
    def left(self) -> int:
        """How often it can be redeemed still."""
        return max(0, self.max_usages - self.redeemed)


@dataclass(frozen=True, slots=True)
class VoucherPage:
    """A page of vouchers, and the sums of all of them."""

    rows: list[VoucherRow]
    total: int
    usages: int
    redeemed: int
    used_up: int
    page: int
    pages: int


class Redemption(NamedTuple):
    """A ticket that was bought with a voucher, as far as the event shows its attendee."""

    fields: list[FieldEntry]
    when: dt.datetime
    subevent: str


_COLUMNS = (
    Voucher.id,
    Voucher.code,
    Voucher.max_usages,
    Voucher.redeemed,
    Voucher.valid_until,
    Voucher.tag,
    ExhibitorVoucher.exhibitor_comment,
    Voucher.price_mode,
    Voucher.value,
    Item.name.label("item"),
    ItemVariation.value.label("variation"),
    SubEvent.name.label("subevent"),
)


_EXHIBITOR: sa.BindParameter[int] = sa.bindparam("exhibitor", type_=sa.BigInteger())
_VOUCHERS = (
    sa.select(*_COLUMNS)
    .select_from(ExhibitorVoucher)
    .join(Voucher, Voucher.id == ExhibitorVoucher.voucher_id)
    .outerjoin(Item, Item.id == Voucher.item_id)
    .outerjoin(ItemVariation, ItemVariation.id == Voucher.variation_id)
    .outerjoin(SubEvent, SubEvent.id == Voucher.subevent_id)
    .where(ExhibitorVoucher.exhibitor_id == _EXHIBITOR)
)
_ONE = _VOUCHERS.where(Voucher.id == sa.bindparam("id", type_=sa.BigInteger()))
_SOME = (
    _VOUCHERS.order_by(Voucher.tag, Voucher.id)
    .limit(sa.bindparam("limit", type_=sa.Integer()))
    .offset(sa.bindparam("offset", type_=sa.Integer()))
)
_COUNT = sa.select(sa.func.count()).select_from(ExhibitorVoucher).where(ExhibitorVoucher.exhibitor_id == _EXHIBITOR)
#: What can be redeemed still.
_NOW: sa.BindParameter[dt.datetime] = sa.bindparam("now", type_=Voucher.valid_until.type)
_USABLE = Voucher.redeemed < Voucher.max_usages, sa.or_(Voucher.valid_until.is_(None), Voucher.valid_until > _NOW)
_SOME_USABLE = _SOME.where(*_USABLE)
_COUNT_USABLE = _COUNT.join(Voucher, Voucher.id == ExhibitorVoucher.voucher_id).where(*_USABLE)
#: A tuple that is read by the names of its columns; the type checker knows it by nothing but them.
_tuple: Any = namedtuple
_Voucher = _tuple("_Voucher", _VOUCHERS.selected_columns.keys())


def voucher_page(*, exhibitor_id: int, page: int, locales: Sequence[str]) -> VoucherPage:
    """Two queries, whatever the number of vouchers; a page behind the end is the last one."""
    total, usages, redeemed, used_up = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(Voucher.max_usages), 0),
            sa.func.coalesce(sa.func.sum(Voucher.redeemed), 0),
            sa.func.count(sa.case((Voucher.redeemed >= Voucher.max_usages, 1))),
        )
        .select_from(ExhibitorVoucher)
        .join(Voucher, Voucher.id == ExhibitorVoucher.voucher_id)
        .where(ExhibitorVoucher.exhibitor_id == exhibitor_id)
    ).one()
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    offset = (page - 1) * PAGE_SIZE
    shown = some(exhibitor_id=exhibitor_id, locales=locales, limit=PAGE_SIZE, offset=offset) if total else []
    return VoucherPage(shown, total, int(usages), int(redeemed), used_up, page, pages)


def count(*, exhibitor_id: int, usable: bool = False) -> int:
    """How many vouchers the exhibitor has; with ``usable`` those that can be redeemed still."""
    given = {"exhibitor": exhibitor_id, "now": clock.now()} if usable else {"exhibitor": exhibitor_id}
    return int(rows(_COUNT_USABLE if usable else _COUNT, given)[0][0])


def some(
    *, exhibitor_id: int, locales: Sequence[str], limit: int, offset: int, usable: bool = False
) -> list[VoucherRow]:
    """Some of the exhibitor's vouchers, those with the same tag together."""
    given: dict[str, Any] = {"exhibitor": exhibitor_id, "limit": limit, "offset": offset}
    if usable:
        given["now"] = clock.now()
    return [_row(_Voucher._make(row), locales) for row in rows(_SOME_USABLE if usable else _SOME, given)]


def voucher(*, exhibitor_id: int, voucher_id: int, locales: Sequence[str]) -> VoucherRow | None:
    """One of the exhibitor's vouchers; None for another's."""
    found = rows(_ONE, {"exhibitor": exhibitor_id, "id": voucher_id})
    return _row(_Voucher._make(found[0]), locales) if found else None


def _row(row: Any, locales: Sequence[str]) -> VoucherRow:
    names = (localise(row.item, *locales), localise(row.variation, *locales))
    return VoucherRow(
        id=row.id,
        code=row.code,
        max_usages=row.max_usages,
        redeemed=row.redeemed,
        valid_until=row.valid_until,
        tag=row.tag,
        comment=row.exhibitor_comment,
        price_mode=row.price_mode,
        value=row.value,
        product=" - ".join(name for name in names if name),
        subevent=localise(row.subevent, *locales),
    )


#: What is a redemption: a ticket that is not cancelled, nor its order cancelled or expired.
_COUNTS = (OrderPosition.canceled.is_(False), sa.or_(Order.status == "n", Order.status == "p"))


def redemption_count(voucher_id: int) -> int:
    """How many redemptions a voucher has."""
    statement = sa.select(sa.func.count()).select_from(OrderPosition).join(Order, Order.id == OrderPosition.order_id)
    return db.session.scalar(statement.where(OrderPosition.voucher_id == voucher_id, *_COUNTS)) or 0


class Redeemed(NamedTuple):
    """Redemptions by columns, in order: a page of vouchers may have a thousand."""

    voucher_ids: Sequence[int]
    moments: Sequence[dt.datetime]
    #: The subevents' names, ``""`` without one.
    subevents: Sequence[str]
    #: As `FieldReader.json` takes them.
    people: Mapping[str, Sequence[Any]]
    answers: Mapping[int, Answers]


def redeemed(
    *,
    voucher_ids: Sequence[int],
    reader: FieldReader,
    locales: Sequence[str],
    limit: int | None = None,
    offset: int | None = None,
) -> Redeemed:
    """Who redeemed the vouchers, in order; with ``limit`` some of them."""
    part = {"limit": 2**31 - 1 if limit is None else limit, "offset": offset or 0}
    people = columns(_REDEMPTIONS, {"vouchers": list(voucher_ids), **part})
    subevents = [localise(each, *locales) if each else "" for each in people["subevent"]]
    answers = answers_of(reader.shown, people["position_id"])
    return Redeemed(people["voucher_id"], people["datetime"], subevents, people, answers)


def redemptions(
    *,
    voucher_ids: Sequence[int],
    reader: FieldReader,
    locales: Sequence[str],
    limit: int | None = None,
    offset: int | None = None,
) -> dict[int, list[Redemption]]:
    """The same as objects by voucher."""
    ids, moments, subevents, people, answers = redeemed(
        voucher_ids=voucher_ids, reader=reader, locales=locales, limit=limit, offset=offset
    )
    found: dict[int, list[Redemption]] = {}
    persons = map(_Person, zip(*people.values(), strict=True))
    for voucher_id, person, when, subevent in zip(ids, persons, moments, subevents, strict=True):
        fields = reader.entries(person, answers.get(person.position_id))
        found.setdefault(voucher_id, []).append(Redemption(fields, when, subevent))
    return found


_REDEMPTIONS = (
    sa.select(OrderPosition.voucher_id, Order.datetime, SubEvent.name.label("subevent"), *PERSON_COLUMNS)
    .join(Order, Order.id == OrderPosition.order_id)
    .outerjoin(SubEvent, SubEvent.id == OrderPosition.subevent_id)
    .where(one_of_ids(OrderPosition.voucher_id, "vouchers"), *_COUNTS)
    .order_by(Order.datetime, OrderPosition.id)
    .limit(sa.bindparam("limit", type_=sa.Integer()))
    .offset(sa.bindparam("offset", type_=sa.Integer()))
)
_Person = _tuple("_Person", _REDEMPTIONS.selected_columns.keys())._make
