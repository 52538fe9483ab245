"""Lists and devices of an event as its members see them, and a list as somebody stands at its gate."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.checkin.models import CheckinList, Device, checkin_list_items, device_items
from portal.checkin.queries.tickets import CHECKINS, ORDERS, POSITIONS, counts, rare
from portal.core import clock
from portal.core.actors import Actor, DeviceScope, EventScope
from portal.core.database import db
from portal.core.i18n import LocalisedString
from portal.events.models import Item, SubEvent
from portal.tickets.models import Checkin

#: Choices of a form or a filter are no longer than that.
MOST_CHOICES = 500
#: A device that polls is heard of at least every two minutes; one that was seen today and not for so long is silent.
SILENT_AFTER = dt.timedelta(minutes=5)
FORGOTTEN_AFTER = dt.timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list with what it lets in, and how many came in on it."""

    id: int
    name: str
    all_products: bool
    include_pending: bool
    subevent_id: int | None
    date_name: LocalisedString | None
    date_from: dt.datetime | None
    products: Sequence[LocalisedString]
    devices: int
    entries: int


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device with its list, what it may do, and how many it let in."""

    id: int
    name: str
    list_id: int
    list_name: str
    all_items: bool
    allow_search: bool
    show_info: bool
    active: bool
    api_version: int | None
    last_seen: dt.datetime | None
    app: str | None
    products: Sequence[LocalisedString]
    entries: int

    @property
    def silent(self) -> bool:
        """Whether it scanned today and has not been heard of for a while."""
        return self.active and is_silent(self.last_seen)


def is_silent(last_seen: dt.datetime | None) -> bool:
    """Seen in the last hours, but not in the last minutes."""
    return last_seen is not None and SILENT_AFTER < clock.now() - last_seen < FORGOTTEN_AFTER


def count_lists(event_id: int) -> int:
    """How many lists an event has."""
    return db.session.scalar(sa.select(sa.func.count()).where(CheckinList.event_id == event_id)) or 0


def list_rows(event_id: int, *, offset: int = 0, limit: int = MOST_CHOICES) -> list[ListRow]:
    """A page of the lists, by date and name; eight queries."""
    found = db.session.execute(
        sa.select(CheckinList, SubEvent.name, SubEvent.date_from)
        .outerjoin(SubEvent, SubEvent.id == CheckinList.subevent_id)
        .where(CheckinList.event_id == event_id)
        .order_by(SubEvent.date_from, CheckinList.name, CheckinList.id)
        .offset(offset)
        .limit(limit)
    ).all()
    ids = [row[0].id for row in found]
    products = _products(checkin_list_items, checkin_list_items.c.list_id, ids)
    counted = sa.select(Device.list_id, sa.func.count()).where(Device.list_id.in_(ids), Device.active)
    devices = {id_: count for id_, count in db.session.execute(counted.group_by(Device.list_id))}
    entries = entries_by_list(event_id, [row[0] for row in found])
    return [
        ListRow(
            row.id, row.name, row.all_products, row.include_pending, row.subevent_id, date_name, date_from,
            products.get(row.id, ()), devices.get(row.id, 0), entries.get(row.id, 0),
        )
        for row, date_name, date_from in found
    ]  # fmt: skip


def checkins_on(list_id: int) -> int:
    """How many check-ins a list keeps, those included that count in no figure; one query in an index."""
    return db.session.scalar(sa.select(sa.func.count()).where(Checkin.list_id == list_id)) or 0


def entries_by_list(event_id: int, lists: Sequence[CheckinList]) -> dict[int, int]:
    """How many tickets that count are in on each list (as `portal.checkin.queries.figures` has it); five queries.

    Where a list takes every ticket, its rows are counted in an index, and what is rare is taken away.
    """
    takes_all = [row.id for row in lists if row.all_products and row.subevent_id is None]
    narrowed = [row.id for row in lists if row.id not in takes_all]
    every = sa.select(Checkin.list_id, sa.func.count()).where(Checkin.list_id.in_(takes_all)).group_by(Checkin.list_id)
    found = Counter({id_: count for id_, count in db.session.execute(every)})
    again, exits = sa.text("NOT first AND type = 'entry'"), sa.text("type = 'exit'")
    for rare_ones in (every.where(again), every.where(exits), _uncounted(event_id, takes_all)):
        found.subtract({id_: count for id_, count in db.session.execute(rare_ones)})
    if narrowed:
        found.update({id_: count for id_, count in db.session.execute(_counted(narrowed))})
    return found


def _first_entries(ids: Sequence[int]) -> sa.Select[Any]:
    """The first entries on some lists, with their tickets and orders; to be counted."""
    return (
        sa.select(CHECKINS.c.list_id, sa.func.count())
        .select_from(
            CHECKINS.join(CheckinList.__table__, CheckinList.id == CHECKINS.c.list_id)
            .join(POSITIONS, POSITIONS.c.id == CHECKINS.c.position_id)
            .join(ORDERS, ORDERS.c.id == POSITIONS.c.order_id)
        )
        .where(CHECKINS.c.list_id.in_(ids), CHECKINS.c.first)
        .group_by(CHECKINS.c.list_id)
    )


def _uncounted(event_id: int, ids: Sequence[int]) -> sa.Select[Any]:
    """Entries of tickets that are cancelled, or not paid on a list that wants them paid."""
    cancelled = sa.select(POSITIONS.c.id).where(POSITIONS.c.event_id == event_id, POSITIONS.c.canceled)
    of_orders = sa.select(POSITIONS.c.id).join(ORDERS, ORDERS.c.id == POSITIONS.c.order_id)
    unpaid = of_orders.where(ORDERS.c.event_id == event_id, ORDERS.c.status != "p")
    tickets = cancelled.union(unpaid)
    return _first_entries(ids).where(rare(CHECKINS.c.position_id.in_(tickets)), ~counts(CheckinList.include_pending))


def _counted(ids: Sequence[int]) -> sa.Select[Any]:
    """Entries of tickets that count, of the lists' products and dates."""
    listed = sa.exists().where(
        checkin_list_items.c.list_id == CheckinList.id, checkin_list_items.c.item_id == POSITIONS.c.item_id
    )
    return _first_entries(ids).where(
        counts(CheckinList.include_pending),
        sa.or_(CheckinList.all_products, listed),
        sa.or_(CheckinList.subevent_id.is_(None), CheckinList.subevent_id == POSITIONS.c.subevent_id),
    )


def list_choices(event_id: int) -> list[tuple[int, str]]:
    """The lists of an event by name; one query."""
    statement = (
        sa.select(CheckinList.id, CheckinList.name, SubEvent.date_from)
        .outerjoin(SubEvent, SubEvent.id == CheckinList.subevent_id)
        .where(CheckinList.event_id == event_id)
        .order_by(SubEvent.date_from, CheckinList.name, CheckinList.id)
        .limit(MOST_CHOICES)
    )
    return [(id_, name) for id_, name, _date in db.session.execute(statement)]


def item_choices(event_id: int) -> list[tuple[int, LocalisedString]]:
    """The products of an event, in their order; one query."""
    statement = (
        sa.select(Item.id, Item.name)
        .where(Item.event_id == event_id)
        .order_by(Item.position, Item.id)
        .limit(MOST_CHOICES)
    )
    return [(id_, name) for id_, name in db.session.execute(statement)]


def date_choices(event_id: int) -> list[tuple[int, LocalisedString, dt.datetime]]:
    """The dates of a series; one query."""
    statement = (
        sa.select(SubEvent.id, SubEvent.name, SubEvent.date_from)
        .where(SubEvent.event_id == event_id)
        .order_by(SubEvent.date_from, SubEvent.id)
        .limit(MOST_CHOICES)
    )
    return [(id_, name, date) for id_, name, date in db.session.execute(statement)]


def device_choices(event_id: int, *, list_id: int | None = None) -> list[tuple[int, str]]:
    """The devices of an event, or of one of its lists, by name; one query."""
    statement = sa.select(Device.id, Device.name).where(Device.event_id == event_id)
    if list_id is not None:
        statement = statement.where(Device.list_id == list_id)
    found = db.session.execute(statement.order_by(Device.name, Device.id).limit(MOST_CHOICES))
    return [(id_, name) for id_, name in found]


def count_devices(event_id: int) -> int:
    """How many devices an event has, those shut out as well."""
    return db.session.scalar(sa.select(sa.func.count()).where(Device.event_id == event_id)) or 0


def device_rows(
    event_id: int, *, offset: int = 0, limit: int = MOST_CHOICES, ids: Sequence[int] | None = None
) -> list[DeviceRow]:
    """A page of the devices, those in use first; three queries."""
    wanted = [Device.event_id == event_id]
    if ids is not None:
        wanted.append(Device.id.in_(ids))
    found = db.session.execute(
        sa.select(Device, CheckinList.name)
        .join(CheckinList, CheckinList.id == Device.list_id)
        .where(*wanted)
        .order_by(Device.active.desc(), Device.name, Device.id)
        .offset(offset)
        .limit(limit)
    ).all()
    shown = [row[0].id for row in found]
    products = _products(device_items, device_items.c.device_id, shown)
    counted = sa.select(Checkin.device_id, sa.func.count()).where(Checkin.device_id.in_(shown))
    entries = {id_: count for id_, count in db.session.execute(counted.group_by(Checkin.device_id))}
    return [
        DeviceRow(
            row.id, row.name, row.list_id, list_name, row.all_items, row.allow_search, row.show_info, row.active,
            row.api_version, row.last_seen, row.app, products.get(row.id, ()), entries.get(row.id, 0),
        )
        for row, list_name in found
    ]  # fmt: skip


def silent_devices(list_id: int) -> list[tuple[int, str, dt.datetime]]:
    """The devices of a list that scanned today and have gone silent, the longest silence first; one query."""
    now = clock.now()
    statement = (
        sa.select(Device.id, Device.name, Device.last_seen)
        .where(
            Device.list_id == list_id,
            Device.active,
            Device.last_seen < now - SILENT_AFTER,
            Device.last_seen > now - FORGOTTEN_AFTER,
        )
        .order_by(Device.last_seen)
        .limit(MOST_CHOICES)
    )
    return [(id_, name, seen) for id_, name, seen in db.session.execute(statement) if seen]


def _products(table: sa.Table, owner: sa.Column[int], ids: Sequence[int]) -> Mapping[int, Sequence[LocalisedString]]:
    found: dict[int, list[LocalisedString]] = {}
    statement = (
        sa.select(owner, Item.name)
        .join_from(table, Item, Item.id == table.c.item_id)
        .where(owner.in_(ids))
        .order_by(Item.position, Item.id)
    )
    for id_, name in db.session.execute(statement):
        found.setdefault(id_, []).append(name)
    return found


def hand_gate(scope: EventScope, row: CheckinList, subevent_id: int | None, actor: Actor, locale: str) -> DeviceScope:
    """A list as a member stands at its gate: the same rules as for a device that may redeem all of its products.

    Names come in ``locale``, the member's language.

    It is for who may check in by hand (``can_checkin_orders``), overriding what a gate may override: the phones leave
    that to the person who holds them as well.
    """
    return DeviceScope(
        actor=actor,
        device_id=0,
        organizer_slug=scope.organizer_slug,
        event_id=scope.event_id,
        event_slug=scope.event_slug,
        locale=locale,
        timezone=scope.timezone,
        list_id=row.id,
        subevent_id=(row.subevent_id or subevent_id) if scope.has_subevents else None,
        all_products=row.all_products,
        all_items=True,
        include_pending=row.include_pending,
        allow_search=True,
        show_info=True,
        api_version=None,
    )
