"""Dumping an event with all that belongs to it, list by list."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from portal.exchange.dump import sales
from portal.exchange.dump.encoding import Entry, Table, in_order, members, put, stamp
from portal.exchange.load import kinds, links, resources
from portal.exchange.load.kinds import Kind
from portal.exchange.load.links import Link
from portal.exhibitors.models import AccessCode
from portal.seating.models import Seat


def _table(kind: Kind, shape: Any, *names: str) -> Table:
    return Table(kind.table, shape, *(kind.table.c[name] for name in names))


_EVENT = _table(kinds.EVENT, resources.EVENT, "locales", "has_subevents", "settings")
_SUBEVENTS = _table(kinds.SUBEVENT, resources.SUBEVENT)
_ITEMS = _table(kinds.ITEM, resources.ITEM)
_VARIATIONS = _table(kinds.VARIATION, resources.VARIATION, "item_id")
_QUESTIONS = _table(kinds.QUESTION, resources.QUESTION, "identifier")
_OPTIONS = _table(kinds.OPTION, resources.OPTION, "question_id", "identifier")
_PLANS = _table(kinds.SEATING_PLAN, resources.SEATING_PLAN, "subevent_id", "layout")
_SEATS = _table(kinds.SEAT, resources.SEAT, "subevent_id", "product_id")
_V = kinds.VOUCHER.table
_VOUCHERS = Table(
    _V,
    resources.VOUCHER,
    *(_V.c[name] for name in ("item_id", "variation_id", "subevent_id")),
    Seat.seat_guid.label("seat_guid"),
)
_LISTS = _table(kinds.CHECKIN_LIST, resources.CHECKIN_LIST, "subevent_id")
_DEVICES = _table(kinds.DEVICE, resources.DEVICE, "list_id", "key_hash")
_EXHIBITORS = _table(kinds.EXHIBITOR, resources.EXHIBITOR, "locale")
_EV = kinds.EXHIBITOR_VOUCHER.table
_ATTACHED = Table(_EV, resources.EXHIBITOR_VOUCHER, _EV.c.exhibitor_id, _V.c.code)
_L = kinds.LEAD.table
_LEADS = Table(
    _L,
    resources.LEAD,
    *(_L.c[name] for name in ("exhibitor_id", "scope", "scanned", "first_upload")),
    kinds.POSITION.table.c.secret,
)


class EventDump:
    """One event in pieces of JSON."""

    def __init__(self, connection: sa.Connection, event_id: int) -> None:
        self._connection = connection
        self._id = event_id

    def pieces(self) -> Iterator[bytes]:
        """The whole event."""
        _, entry, (locales, has_subevents, settings) = next(self._read(_EVENT, _EVENT.table.c.id == self._id))
        put(entry, locales=locales, has_subevents=has_subevents, settings=in_order(settings))
        plans = self._plans()
        if None in plans:
            entry["seating_plan"] = plans[None]
        seats = list(self.seats())
        yield from members(
            entry,
            ("subevents", self.subevents(plans)),
            ("items", self.items()),
            ("questions", self.questions()),
            ("seats", seats if seats or plans else None),
            ("vouchers", self.vouchers()),
            ("checkin_lists", self.checkin_lists()),
            ("devices", self.devices()),
            ("orders", sales.orders(self._connection, self._id)),
            ("carts", sales.carts(self._connection, self._id)),
            ("exhibitor_tags", self.tags()),
            ("exhibitors", self.exhibitors()),
        )

    def _read(self, table: Table, where: Any = None, *order: Any, **more: Any) -> Iterator[tuple[int, Entry, Any]]:
        own = table.table.c.event_id == self._id if where is None else where
        return table.read(self._connection, own, *order, **more)

    def _own(self, kind: Kind) -> sa.Select[Any]:
        """The ids of the event's rows of a kind."""
        return sa.select(kind.table.c.id).where(kind.table.c.event_id == self._id)

    def _linked(self, link: Link, kind: Kind) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        left, right = link.table.c[link.left], link.table.c[link.right]
        for one, other in self._connection.execute(
            sa.select(left, right).where(left.in_(self._own(kind))).order_by(right)
        ):
            found[one].append(other)
        return found

    def _plans(self) -> dict[int | None, Entry]:
        return {subevent: put(entry, layout=in_order(layout)) for _, entry, (subevent, layout) in self._read(_PLANS)}

    def subevents(self, plans: dict[int | None, Entry]) -> Iterator[Entry]:
        """The dates of a series, with their own plans."""
        for pk, entry, _ in self._read(_SUBEVENTS):
            yield put({"id": pk} | entry, seating_plan=plans.get(pk))

    def items(self) -> Iterator[Entry]:
        """Products and variations."""
        variations: dict[int, list[Entry]] = defaultdict(list)
        for pk, entry, (item,) in self._read(_VARIATIONS, _VARIATIONS.table.c.item_id.in_(self._own(kinds.ITEM))):
            variations[item].append({"id": pk} | entry)
        for pk, entry, _ in self._read(_ITEMS):
            yield {"id": pk} | entry | {"variations": variations[pk]}

    def questions(self) -> Iterator[Entry]:
        """Questions and options."""
        options: dict[int, list[Entry]] = defaultdict(list)
        own = _OPTIONS.table.c.question_id.in_(self._own(kinds.QUESTION))
        for pk, entry, (question, identifier) in self._read(_OPTIONS, own):
            options[question].append({"id": pk, "identifier": identifier} | entry)
        items = self._linked(links.QUESTION_ITEMS, kinds.QUESTION)
        for pk, entry, (identifier,) in self._read(_QUESTIONS):
            lists = {"items": items.get(pk, []), "options": options[pk]}
            yield {"id": pk, "identifier": identifier} | entry | lists

    def seats(self) -> Iterator[Entry]:
        """Seats in the order of the plan."""
        table = _SEATS.table.c
        order = (sa.func.coalesce(table.subevent_id, 0), table.sorting_rank, table.id)
        for pk, entry, (subevent, product) in self._read(_SEATS, None, *order):
            yield put({"id": pk}, subevent=subevent) | put(entry, product=product)

    def vouchers(self) -> Iterator[Entry]:
        """Vouchers, with their seat's guid."""
        source = _V.outerjoin(Seat.__table__, Seat.id == _V.c.seat_id)
        for pk, entry, (item, variation, subevent, guid) in self._read(_VOUCHERS, source=source):
            yield put({"id": pk} | entry, item=item, variation=variation, subevent=subevent, seat=guid)

    def checkin_lists(self) -> Iterator[Entry]:
        """Check-in lists with their products."""
        items = self._linked(links.LIST_ITEMS, kinds.CHECKIN_LIST)
        for pk, entry, (subevent,) in self._read(_LISTS):
            yield put({"id": pk} | entry, subevent=subevent, limit_products=items.get(pk, []))

    def devices(self) -> Iterator[Entry]:
        """Devices with the hash of their key."""
        items = self._linked(links.DEVICE_ITEMS, kinds.DEVICE)
        for pk, entry, (list_id, hashed) in self._read(_DEVICES):
            yield put({"id": pk} | entry, list=list_id, key_hash=hashed, items=items.get(pk, []))

    def tags(self) -> Iterator[str]:
        """The event's tags."""
        table = kinds.TAG.table
        yield from self._connection.scalars(
            sa.select(table.c.name).where(table.c.event_id == self._id).order_by(table.c.id)
        )

    def exhibitors(self) -> Iterator[Entry]:
        """Exhibitors with their codes, tags, vouchers and leads."""
        codes = self._codes()
        tags = self._tag_names()
        vouchers = self._attached()
        scoped = {
            pk
            for (pk,) in self._connection.execute(
                self._own(kinds.EXHIBITOR).where(kinds.EXHIBITOR.table.c.lead_scanning_scope_by_device)
            )
        }
        leads = self._leads(scoped)
        for pk, entry, (locale,) in self._read(_EXHIBITORS):
            yield (
                {"id": pk}
                | entry
                | {
                    "locale": locale,
                    "access_code": codes.get((pk, "full")),
                    "lead_scanning_access_code": codes.get((pk, "scanning")),
                    "exhibitor_tags": tags.get(pk, []),
                    "vouchers": vouchers.get(pk, []),
                    "leads": leads.get(pk, []),
                }
            )

    def _codes(self) -> dict[tuple[int, str], str]:
        found = self._connection.execute(
            sa.select(AccessCode.exhibitor_id, AccessCode.kind, AccessCode.code).where(
                AccessCode.exhibitor_id.in_(self._own(kinds.EXHIBITOR))
            )
        )
        return {(exhibitor, kind): code for exhibitor, kind, code in found}

    def _tag_names(self) -> dict[int, list[str]]:
        table, link = kinds.TAG.table, links.EXHIBITOR_TAGS.table
        found: dict[int, list[str]] = defaultdict(list)
        for exhibitor, name in self._connection.execute(
            sa.select(link.c.exhibitor_id, table.c.name)
            .join(table, table.c.id == link.c.tag_id)
            .where(table.c.event_id == self._id)
        ):
            found[exhibitor].append(name)
        return {exhibitor: sorted(names) for exhibitor, names in found.items()}

    def _attached(self) -> dict[int, list[Entry]]:
        found: dict[int, list[Entry]] = defaultdict(list)
        source = _EV.join(_V, _V.c.id == _EV.c.voucher_id)
        own = _EV.c.exhibitor_id.in_(self._own(kinds.EXHIBITOR))
        for _, entry, (exhibitor, code) in self._read(_ATTACHED, own, source=source):
            found[exhibitor].append({"code": code} | entry)
        return found

    def _leads(self, scoped: set[int]) -> dict[int, list[Entry]]:
        found: dict[int, list[Entry]] = defaultdict(list)
        source = _L.join(kinds.POSITION.table, kinds.POSITION.table.c.id == _L.c.position_id)
        own = _L.c.exhibitor_id.in_(self._own(kinds.EXHIBITOR))
        for _, entry, (exhibitor, scope, scanned, first_upload, secret) in self._read(_LEADS, own, source=source):
            usual = (entry.get("device_uuid") or "") if exhibitor in scoped else ""
            lead = {"secret": secret} | entry | {"scanned": stamp(scanned), "first_upload": stamp(first_upload)}
            found[exhibitor].append(lead if scope == usual else lead | {"scope": scope})
        return found
