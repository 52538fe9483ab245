"""The log of check-in: entries, refusals and what was taken back, as one list, the newest first."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from portal.accounts.models import User
from portal.checkin.models import CheckinList, CheckinRefusal, CheckinUndone, Device
from portal.core.i18n import LocalisedString
from portal.core.statements import one_of_ids, run
from portal.events.models import Item, ItemVariation
from portal.tickets.models import Checkin, Order, OrderPosition

PAGE = 50
#: An export reads so many at once.
BATCH = 2000
#: More lists than that are read as one, which costs more.
_APART = 60

Source = Literal["checkin", "refusal", "undone"]
#: What a filter of results means: which tables, and which rows of them.
RESULTS = ("in", "again", "exit", "refused", "already_redeemed", "unpaid", "product", "unknown_ticket", "undone")
#: Entries by a member's hand instead of a device.
BY_HAND = -1


class Mark(NamedTuple):
    """The place of a row in the log: what comes later than it is older."""

    datetime: dt.datetime
    source: Source
    id: int


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which rows: None is any. ``positions`` are the tickets that a text found."""

    list_id: int | None = None
    device_id: int | None = None
    item_id: int | None = None
    result: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    positions: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class LogRow:
    """Something that happened at a gate. ``result`` is one of `RESULTS`.

    Of what was taken back, ``gate`` is who did that, ``why`` the reason, ``entered`` and ``through`` when and where the
    ticket had come in.
    """

    mark: Mark
    list_id: int
    list_name: str
    result: str
    position_id: int | None
    name: str | None
    company: str | None
    order: str | None
    secret: str | None
    item: LocalisedString | None
    variation: LocalisedString | None
    gate: str
    forced: bool
    entered: dt.datetime | None
    through: str
    why: str


_TABLES: dict[Source, Any] = {"checkin": Checkin, "refusal": CheckinRefusal, "undone": CheckinUndone}
_RANK: dict[Source, int] = {"checkin": 0, "refusal": 1, "undone": 2}


def page(*, event_id: int, wanted: LogFilter, before: Mark | None, limit: int = PAGE) -> tuple[list[LogRow], bool]:
    """A page of the log after a mark, and whether there is more; one query a table, and four for the names."""
    marks = _marks(event_id, wanted, before, limit + 1)
    return _rows(marks[:limit]), len(marks) > limit


def everything(*, event_id: int, wanted: LogFilter) -> Iterator[LogRow]:
    """All rows that a filter leaves, read in batches."""
    before: Mark | None = None
    while True:
        marks = _marks(event_id, wanted, before, BATCH)
        yield from _rows(marks)
        if len(marks) < BATCH:
            return
        before = _mark(marks[-1])


def _sources(result: str) -> Sequence[Source]:
    if result in ("in", "again", "exit"):
        return ("checkin",)
    if result == "undone":
        return ("undone",)
    return ("refusal",) if result else ("checkin", "refusal", "undone")


def _marks(event_id: int, wanted: LogFilter, before: Mark | None, limit: int) -> list[Any]:
    """The rows without their names, the newest first."""
    lists = [wanted.list_id] if wanted.list_id is not None else _lists(event_id)
    found: list[Any] = []
    for source in _sources(wanted.result):
        found += run(_statement(source, lists, wanted, before, limit))
    found.sort(key=lambda row: (row.datetime, -_RANK[row.source], row.id), reverse=True)
    return found[:limit]


def _lists(event_id: int) -> list[int]:
    return [id_ for (id_,) in run(sa.select(CheckinList.id).where(CheckinList.event_id == event_id))]


def _statement(
    source: Source, lists: Sequence[int], wanted: LogFilter, before: Mark | None, limit: int
) -> sa.Select[Any]:
    """The newest rows of a table: from each list's end of its index, and the newest of these."""
    table = _TABLES[source]
    conditions = _conditions(source, wanted, before)
    order = (table.datetime.desc(), table.id.desc())
    if wanted.positions is not None or len(lists) > _APART:
        return _columns(source, wanted).where(table.list_id.in_(lists), *conditions).order_by(*order).limit(limit)
    parts = [
        sa.select(
            _columns(source, wanted).where(table.list_id == id_, *conditions).order_by(*order).limit(limit).subquery()
        )
        for id_ in lists or [0]
    ]
    every = sa.union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    return sa.select(every).order_by(every.c.datetime.desc(), every.c.id.desc()).limit(limit)


def _columns(source: Source, wanted: LogFilter) -> sa.Select[Any]:
    table = _TABLES[source]
    none = sa.null
    own: Sequence[Any]
    if source == "checkin":
        again = sa.case((Checkin.type == "exit", "exit"), (Checkin.first, "in"), else_="again")
        own = (again, Checkin.forced, Checkin.modified, sa.literal(""))
    elif source == "refusal":
        own = (CheckinRefusal.reason, sa.false(), sa.cast(none(), table.datetime.type), sa.literal(""))
    else:
        own = (sa.literal("undone"), CheckinUndone.forced, CheckinUndone.entered, CheckinUndone.reason)
    names = ("result", "forced", "entered", "why")
    statement = sa.select(
        sa.literal(source).label("source"),
        table.id,
        table.datetime,
        table.list_id,
        table.position_id,
        table.device_id,
        table.user_id,
        *(column.label(name) for column, name in zip(own, names, strict=True)),
    )
    if wanted.item_id is not None:
        statement = statement.join(OrderPosition, OrderPosition.id == table.position_id)
    return statement


#: Spelled as the indexes of what is rare are.
_ENTRIES: dict[str, Any] = {
    "in": Checkin.first,
    "again": sa.text("NOT checkins.first AND checkins.type = 'entry'"),
    "exit": sa.text("checkins.type = 'exit'"),
}


def _conditions(source: Source, wanted: LogFilter, before: Mark | None) -> list[sa.ColumnElement[bool]]:
    table = _TABLES[source]
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.device_id == BY_HAND:
        conditions.append(table.user_id.is_not(None))
    elif wanted.device_id is not None:
        conditions.append(table.device_id == wanted.device_id)
    if wanted.item_id is not None:
        conditions.append(OrderPosition.item_id == wanted.item_id)
    if wanted.since is not None:
        conditions.append(table.datetime >= wanted.since)
    if wanted.until is not None:
        conditions.append(table.datetime < wanted.until)
    if wanted.positions is not None:
        conditions.append(table.position_id.in_(wanted.positions))
    if wanted.result in _ENTRIES:
        conditions.append(_ENTRIES[wanted.result])
    elif source == "refusal" and wanted.result not in ("", "refused"):
        conditions.append(CheckinRefusal.reason == wanted.result)
    if before is not None:
        conditions.append(_after(source, before))
    return conditions


def _after(source: Source, before: Mark) -> sa.ColumnElement[bool]:
    """Rows of a table that come behind a mark in the log."""
    table = _TABLES[source]
    if _RANK[source] > _RANK[before.source]:
        behind: sa.ColumnElement[bool] = table.datetime <= before.datetime
    elif _RANK[source] < _RANK[before.source]:
        behind = table.datetime < before.datetime
    else:
        same = sa.and_(table.datetime == before.datetime, table.id < before.id)
        behind = sa.and_(table.datetime <= before.datetime, sa.or_(table.datetime < before.datetime, same))
    return behind


def _mark(row: Any) -> Mark:
    return Mark(row.datetime, row.source, row.id)


_TICKETS = (
    sa.select(
        OrderPosition.id,
        OrderPosition.attendee_name,
        OrderPosition.company,
        Order.code,
        OrderPosition.secret,
        Item.name,
        ItemVariation.value,
    )
    .join(Order, Order.id == OrderPosition.order_id)
    .join(Item, Item.id == OrderPosition.item_id)
    .outerjoin(ItemVariation, ItemVariation.id == OrderPosition.variation_id)
    .where(one_of_ids(OrderPosition.id, "ids"))
)
_NAMES = {
    "list_id": sa.select(CheckinList.id, CheckinList.name).where(one_of_ids(CheckinList.id, "ids")),
    "device_id": sa.select(Device.id, Device.name).where(one_of_ids(Device.id, "ids")),
    "user_id": sa.select(
        User.id, sa.func.coalesce(sa.func.nullif(User.name, ""), User.email)
    ).where(one_of_ids(User.id, "ids")),
}  # fmt: skip


def _rows(marks: Sequence[Any]) -> list[LogRow]:
    if not marks:
        return []

    def ids(column: str) -> dict[str, list[int]]:
        return {"ids": sorted({value for row in marks if (value := getattr(row, column)) is not None})}

    tickets = {row[0]: row[1:] for row in run(_TICKETS, ids("position_id"))}
    names = {column: dict(run(statement, ids(column)).all()) for column, statement in _NAMES.items()}
    return [_row(row, tickets.get(row.position_id, _NOTHING), names) for row in marks]


_NOTHING: tuple[Any, ...] = (None,) * 6


def _row(row: Any, ticket: Sequence[Any], names: Mapping[str, Mapping[int, str]]) -> LogRow:
    name, company, order, secret, item, variation = ticket
    device, undone = names["device_id"].get(row.device_id, ""), row.source == "undone"
    return LogRow(
        mark=_mark(row),
        list_id=row.list_id,
        list_name=names["list_id"].get(row.list_id, ""),
        result=row.result,
        position_id=row.position_id,
        name=name,
        company=company,
        order=order,
        secret=secret,
        item=item,
        variation=variation,
        gate=("" if undone else device) or names["user_id"].get(row.user_id, ""),
        forced=bool(row.forced),
        entered=row.entered if undone else None,
        through=device if undone else "",
        why=row.why,
    )
