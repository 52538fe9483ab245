"""What a list's figures and its copy depend on, in one indexed query: products, questions, and when things changed."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.checkin.models import CheckinList, checkin_list_items, device_items
from portal.checkin.queries.tickets import ASKABLE, CHECKINS, ITEMS, ORDERS, POSITIONS, QUESTIONS, VARIATIONS
from portal.core import clock
from portal.core.actors import DeviceScope
from portal.core.i18n import LocalisedString, localise
from portal.core.statements import json_rows, rows
from portal.events.models import Event, Organizer, QuestionOption, SubEvent, question_items

#: So many check-ins may be under way at once: a later number can be committed before an earlier one.
UNSETTLED = 2000
#: An order or ticket that changed so recently may have a twin whose transaction is not over.
_RECENT = timedelta(seconds=60)
_WINDOW = timedelta(seconds=5)
_MOST_RECENT = 500

_event: sa.BindParameter[int] = sa.bindparam("event", type_=sa.BigInteger())
_list: sa.BindParameter[int] = sa.bindparam("list", type_=sa.BigInteger())
_OPTIONS: sa.Table = QuestionOption.metadata.tables["question_options"]


def _rows(*columns: Any, where: Any, joined: Any = None) -> Any:
    statement = sa.select(json_rows(*columns))
    return (statement if joined is None else statement.select_from(joined)).where(*where).scalar_subquery()


_kinds: list[Any] = [sa.literal_column(f"'{kind}'") for kind in ASKABLE]
_asked = (QUESTIONS.c.event_id == _event, QUESTIONS.c.ask_during_checkin, QUESTIONS.c.type.in_(_kinds))
_latest_checkin = sa.select(sa.func.max(CHECKINS.c.id)).where(CHECKINS.c.list_id == _list).scalar_subquery()

_STATE = (
    sa.select(
        Event.name,
        Event.date_from,
        Event.date_to,
        Event.url,
        Event.modified,
        Organizer.name,
        CheckinList.modified,
        SubEvent.name,
        SubEvent.date_from,
        SubEvent.date_to,
        _rows(ITEMS.c.id, ITEMS.c.name, ITEMS.c.admission, ITEMS.c.position, ITEMS.c.checkin_attention,
              where=(ITEMS.c.event_id == _event,)),
        _rows(VARIATIONS.c.id, VARIATIONS.c.item_id, VARIATIONS.c.value, VARIATIONS.c.position,
              VARIATIONS.c.checkin_attention,
              joined=VARIATIONS.join(ITEMS, ITEMS.c.id == VARIATIONS.c.item_id), where=(ITEMS.c.event_id == _event,)),
        _rows(checkin_list_items.c.item_id, where=(checkin_list_items.c.list_id == _list,)),
        _rows(device_items.c.item_id, where=(device_items.c.device_id == sa.bindparam("device"),)),
        _rows(QUESTIONS.c.id, QUESTIONS.c.question, QUESTIONS.c.type, QUESTIONS.c.required, QUESTIONS.c.position,
              where=_asked),
        _rows(_OPTIONS.c.id, _OPTIONS.c.question_id, _OPTIONS.c.answer, _OPTIONS.c.position,
              joined=_OPTIONS.join(QUESTIONS, QUESTIONS.c.id == _OPTIONS.c.question_id), where=_asked),
        _rows(question_items.c.question_id, question_items.c.item_id,
              joined=question_items.join(QUESTIONS, QUESTIONS.c.id == question_items.c.question_id), where=_asked),
        sa.select(sa.func.max(ORDERS.c.modified)).where(ORDERS.c.event_id == _event).scalar_subquery(),
        sa.select(sa.func.max(POSITIONS.c.modified)).where(POSITIONS.c.event_id == _event).scalar_subquery(),
        _latest_checkin,
        sa.select(sa.func.count())
        .select_from(CHECKINS)
        .where(CHECKINS.c.list_id == _list, CHECKINS.c.id > _latest_checkin - UNSETTLED)
        .scalar_subquery(),
    )
    .select_from(Event)
    .join(Organizer, Organizer.id == Event.organizer_id)
    .join(CheckinList, CheckinList.id == _list)
    .outerjoin(SubEvent, SubEvent.id == sa.bindparam("subevent", type_=sa.BigInteger()))
    .where(Event.id == _event)
)  # fmt: skip


class microsecond(FunctionElement[int]):
    """The seconds of a time in its minute, in millionths."""

    name = "microsecond"
    type = sa.BigInteger()
    inherit_cache = True


@compiles(microsecond)
def _microsecond_sqlite(element: microsecond, compiler: Any, **kwargs: Any) -> str:
    text = compiler.process(element.clauses, **kwargs)
    return f"(CAST(substr({text}, 18, 2) AS INTEGER) * 1000000 + CAST(substr({text}, 21, 6) AS INTEGER))"


@compiles(microsecond, "postgresql")
def _microsecond_postgresql(element: microsecond, compiler: Any, **kwargs: Any) -> str:
    return f"CAST(extract(microseconds FROM {compiler.process(element.clauses, **kwargs)}) AS bigint)"


def _recent(table: sa.Table) -> Any:
    """How many rows changed last, which ones and when, as sums: another change among them changes these."""
    since = sa.bindparam(f"{table.name}_since", type_=table.c.modified.type)
    newest = (
        sa.select(table.c.id, table.c.modified)
        .where(table.c.event_id == _event, table.c.modified > since)
        .order_by(table.c.modified.desc(), table.c.id.desc())
        .limit(sa.literal_column(str(_MOST_RECENT)))
        .subquery()
    )
    ids, times = (sa.cast(sa.func.sum(each), sa.BigInteger) for each in (newest.c.id, microsecond(newest.c.modified)))
    return (
        sa.select(sa.func.count().label("rows"), ids.label("ids"), times.label("times")).select_from(newest).subquery()
    )


_recent_orders, _recent_positions = _recent(ORDERS), _recent(POSITIONS)
_RECENT_CHANGES = sa.select(*_recent_orders.c, *_recent_positions.c).select_from(
    _recent_orders.join(_recent_positions, sa.true())
)


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the event with its variations (id, name, attention), in their order."""

    id: int
    name: str
    admission: bool
    attention: bool
    variations: tuple[tuple[int, str, bool], ...]


@dataclass(frozen=True, slots=True)
class State:
    """The event, its products, and marks that change whenever what they stand for does.

    ``tickets`` is the mark of everything but check-ins; ``entries`` that of the list's check-ins, ``last_entry`` the
    number of the newest. ``listed`` are the products of the list, ``scoped`` those of the device; None is all.
    """

    name: str
    date_from: datetime
    date_to: datetime | None
    url: str | None
    organizer_name: str
    products: tuple[Product, ...]
    listed: frozenset[int] | None
    scoped: frozenset[int] | None
    tickets: str
    entries: str
    last_entry: int

    def names(self) -> tuple[Mapping[int, Product], Mapping[int, tuple[int, str, bool]]]:
        """Products and variations by id."""
        variations = {variation[0]: variation for product in self.products for variation in product.variations}
        return {product.id: product for product in self.products}, variations


def state_of(gate: DeviceScope) -> State:
    """The state of a gate's list; one query, and a second one in the minute after a change of orders or tickets."""
    found = rows(
        _STATE,
        {
            "event": gate.event_id,
            "list": gate.list_id,
            "device": gate.device_id,
            "subevent": gate.subevent_id,
        },
    )
    (
        name, date_from, date_to, url, event_modified, organizer_name, list_modified, sub_name, sub_from, sub_to,
        items, variations, listed, scoped, *asked, orders, positions, last_entry, entries,
    ) = found[0]  # fmt: skip
    if gate.subevent_id is not None:
        name, date_from, date_to = sub_name or name, sub_from, sub_to
    tables = [sorted(each or (), key=lambda entry: int(entry[0])) for each in (items, variations, listed, scoped)]
    more = [sorted(each or (), key=_key) for each in asked]
    settings = (gate.locale, gate.all_products, gate.all_items, gate.include_pending, gate.subevent_id)
    times = (event_modified, list_modified, orders, positions)
    recent = _recent_changes(gate.event_id, orders, positions)
    return State(
        name=localise(name, gate.locale),
        date_from=date_from,
        date_to=date_to,
        url=url,
        organizer_name=organizer_name,
        products=_products(tables[0], tables[1], gate.locale),
        listed=None if gate.all_products else frozenset(item for (item,) in tables[2]),
        scoped=None if gate.all_items else frozenset(item for (item,) in tables[3]),
        tickets=_mark(tables, more, settings, times, recent),
        entries=_mark(last_entry, entries),
        last_entry=last_entry or 0,
    )


def _key(entry: list[Any]) -> tuple[int, int]:
    return int(entry[0]), int(entry[1]) if isinstance(entry[1], int) else 0


_settled: OrderedDict[tuple[int, datetime | None, datetime | None], list[Any]] = OrderedDict()
_lock = threading.Lock()
_KEPT = 200


def _recent_changes(event_id: int, orders: datetime | None, positions: datetime | None) -> list[Any]:
    """What changed last and when. Read every time while so recent that more may follow with an earlier time."""
    key = (event_id, orders, positions)
    newest = max((time for time in (orders, positions) if time is not None), default=None)
    settled = newest is None or clock.now() - newest > _RECENT
    if settled and (known := _settled.get(key)) is not None:
        return known
    since = {
        f"{table.name}_since": (time or clock.now()) - _WINDOW
        for table, time in ((ORDERS, orders), (POSITIONS, positions))
    }
    found = list(rows(_RECENT_CHANGES, {"event": event_id, **since})[0])
    if settled:
        with _lock:
            _settled[key] = found
            while len(_settled) > _KEPT:
                _settled.popitem(last=False)
    return found


def _products(items: list[Any], variations: list[Any], locale: str) -> tuple[Product, ...]:
    of_item: dict[int, list[tuple[int, int, str, bool]]] = {}
    for id_, item, value, position, attention in variations:
        of_item.setdefault(item, []).append((position, id_, _localised(value, locale), bool(attention)))
    return tuple(
        Product(
            id_,
            _localised(name, locale),
            bool(admission),
            bool(attention),
            tuple(each[1:] for each in sorted(of_item.get(id_, ()))),
        )
        for id_, name, admission, _position, attention in sorted(items, key=lambda entry: (entry[3], entry[0]))
    )


def _localised(value: LocalisedString | str | None, locale: str) -> str:
    """A name that came inside JSON: SQLite hands it out as text."""
    return localise(orjson.loads(value) if isinstance(value, str) else value, locale)


def _mark(*values: Any) -> str:
    data = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(data, digest_size=12).hexdigest()
