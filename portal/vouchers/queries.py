"""Reads about vouchers: the list with its filters and orders, one voucher, vouchers by id."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from portal.core import clock
from portal.core.money import money
from portal.core.statements import one_of_ids, one_of_texts, rows, run
from portal.events.models import Event, Item
from portal.vouchers.models import Voucher

#: What the platform rules print, in their order.
FIELDS = (
    "id", "code", "max_usages", "redeemed", "valid_until", "block_quota", "allow_ignore_quota", "price_mode", "value",
    "item", "variation", "quota", "tag", "comment", "seat", "subevent",
)  # fmt: skip
ORDERINGS = ("id", "code", "max_usages", "valid_until", "value")

_vouchers: sa.Table = Voucher.metadata.tables["vouchers"]
_v = _vouchers.c
_seats = sa.table("seats", sa.column("id"), sa.column("seat_guid"))

_COLUMNS = (
    _v.id,
    _v.code,
    _v.max_usages,
    _v.redeemed,
    _v.valid_until,
    # As the database has them: SQLite's are numbers.
    sa.type_coerce(_v.block_quota, sa.Integer),
    sa.type_coerce(_v.allow_ignore_quota, sa.Integer),
    _v.price_mode,
    _v.value,
    _v.item_id,
    _v.variation_id,
    _v.quota,
    _v.tag,
    _v.comment,
    sa.select(_seats.c.seat_guid).where(_seats.c.id == _v.seat_id).scalar_subquery(),
    _v.subevent_id,
)

#: Names of filters and the columns they compare with.
_EQUAL = {
    "max_usages": _v.max_usages,
    "redeemed": _v.redeemed,
    "block_quota": _v.block_quota,
    "allow_ignore_quota": _v.allow_ignore_quota,
    "price_mode": _v.price_mode,
    "value": _v.value,
    "item": _v.item_id,
    "variation": _v.variation_id,
    "quota": _v.quota,
    "tag": _v.tag,
    "subevent": _v.subevent_id,
}

_redeemable = sa.and_(
    _v.redeemed < _v.max_usages, sa.or_(_v.valid_until.is_(None), _v.valid_until > sa.bindparam("now"))
)
_pattern: sa.BindParameter[str] = sa.bindparam("search", type_=sa.Text())
_SPECIAL = {
    "code": sa.func.lower(_v.code) == sa.func.lower(sa.bindparam("code", type_=sa.Text())),
    "active": _redeemable == sa.bindparam("active", type_=sa.Boolean()),
    "search": sa.or_(*(column.ilike(_pattern, escape="\\") for column in (_v.code, _v.tag, _v.comment))),
}
FILTERS = (*_EQUAL, *_SPECIAL)

_STAMP = sa.select(
    sa.select(sa.func.max(_v.modified)).where(_v.event_id == sa.bindparam("event")).scalar_subquery(),
    sa.select(sa.func.max(_v.valid_until))
    .where(_v.event_id == sa.bindparam("event"), _v.valid_until <= sa.bindparam("now"))
    .scalar_subquery(),
    sa.select(Event.modified).where(Event.id == sa.bindparam("event")).scalar_subquery(),
)
_ONE = sa.select(*_COLUMNS).where(_v.event_id == sa.bindparam("event"), _v.id == sa.bindparam("id"))
_BY_IDS = sa.select(*_COLUMNS).where(one_of_ids(_v.id, "ids"))
_ITEM = sa.select(Item.id).where(Item.event_id == sa.bindparam("event"), Item.id == sa.bindparam("id"))


def _resource(
    id_: int, code: str, max_usages: int, redeemed: int, valid_until: datetime | None, block_quota: int,
    allow_ignore_quota: int, price_mode: str, value: Decimal | None, item: int | None, variation: int | None,
    quota: int | None, tag: str, comment: str, seat: str | None, subevent: int | None,
) -> dict[str, Any]:  # fmt: skip
    """A row as the platform rules print it: written out, since it is what long lists spend their time with."""
    return {
        "id": id_, "code": code, "max_usages": max_usages, "redeemed": redeemed, "valid_until": valid_until,
        "block_quota": block_quota == 1, "allow_ignore_quota": allow_ignore_quota == 1, "price_mode": price_mode,
        "value": money(value), "item": item, "variation": variation, "quota": quota, "tag": tag, "comment": comment,
        "seat": seat, "subevent": subevent,
    }  # fmt: skip


def last_changes(event_id: int) -> tuple[datetime | None, ...]:
    """When an event's vouchers last changed, by row or by the clock."""
    return tuple(rows(_STAMP, {"event": event_id, "now": clock.now()})[0])


def _where(names: tuple[str, ...]) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [_v.event_id == sa.bindparam("event")]
    for name in names:
        column = _EQUAL.get(name)
        if column is None:
            conditions.append(_SPECIAL[name])
            continue
        kind = sa.BigInteger() if isinstance(column.type, sa.Integer) else column.type
        conditions.append(column == sa.bindparam(name, type_=kind))
    return conditions


@lru_cache(maxsize=500)
def _counting(names: tuple[str, ...]) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(_vouchers).where(*_where(names))


@lru_cache(maxsize=500)
def _listing(names: tuple[str, ...], ordering: tuple[str, ...]) -> sa.Select[Any]:
    order = []
    for name in ordering:
        column = _v[name.lstrip("-")]
        order.append(column.desc().nulls_first() if name.startswith("-") else column.asc().nulls_last())
    page = (
        sa.select(_v.id)
        .where(*_where(names))
        .order_by(*order, _v.id)
        .limit(sa.bindparam("limit"))
        .offset(sa.bindparam("offset"))
    )
    return sa.select(*_COLUMNS).where(_v.id.in_(page)).order_by(*order, _v.id)


def _parameters(event_id: int, filters: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {"event": event_id, **filters}
    if "active" in filters:
        parameters["now"] = clock.now()
    if "search" in filters:
        escaped = filters["search"].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        parameters["search"] = f"%{escaped}%"
    return parameters


def count(event_id: int, filters: Mapping[str, Any]) -> int:
    """How many vouchers match."""
    return int(rows(_counting(tuple(filters)), _parameters(event_id, filters))[0][0])


def page(
    event_id: int, filters: Mapping[str, Any], ordering: tuple[str, ...], *, limit: int, offset: int
) -> list[dict[str, Any]]:
    """One page of the vouchers that match. ``ordering`` holds names of `ORDERINGS`, with ``-`` for descending."""
    parameters = _parameters(event_id, filters) | {"limit": limit, "offset": offset}
    return [_resource(*row) for row in rows(_listing(tuple(filters), ordering), parameters)]


def one(event_id: int, voucher_id: int) -> dict[str, Any] | None:
    """A voucher of an event."""
    found = rows(_ONE, {"event": event_id, "id": voucher_id})
    return _resource(*found[0]) if found else None


def by_ids(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Vouchers by id, for resources that nest them."""
    return {row[0]: _resource(*row) for row in rows(_BY_IDS, {"ids": ids})}


def has_item(event_id: int, item_id: int) -> bool:
    """Whether the event has such a product."""
    return run(_ITEM, {"event": event_id, "id": item_id}).one_or_none() is not None


_CODES = sa.select(_v.code, _v.id).where(_v.event_id == sa.bindparam("event"), one_of_texts(_v.code, "codes"))


def ids_by_code(event_id: int, codes: Collection[str]) -> dict[str, int]:
    """The ids of vouchers by what somebody typed: the code as it is, or in capital letters."""
    wanted = {spelled for code in codes if code for spelled in (code, code.upper())}
    found = dict(run(_CODES, {"event": event_id, "codes": list(wanted)}).all()) if wanted else {}
    named = ((code, found.get(code, found.get(code.upper()))) for code in codes)
    return {code: id_ for code, id_ in named if id_ is not None}
