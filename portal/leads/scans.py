"""Scans: a barcode becomes a lead, once, whoever scans it how often and from how many phones."""

import datetime as dt
from collections import namedtuple
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.core import audit, clock
from portal.core.actors import Actor, ExhibitorScope
from portal.core.database import db
from portal.core.errors import Forbidden, InvalidInput, NotSignedIn
from portal.core.statements import clashes, reading_ahead, rows, run
from portal.leads.models import Lead, LeadVersion
from portal.leads.services import lead_search_text
from portal.tickets.fields import PERSON_COLUMNS, GivenAnswer, answers_of
from portal.tickets.models import Order, OrderPosition
from portal.tickets.sight import Sight, sight_of

NO_SCANNING = "Lead scanning is not enabled for this exhibitor."
UNKNOWN_CODE = "This code belongs to no ticket of this event."


@dataclass(frozen=True, slots=True)
class Scan:
    """What a phone sends. ``notes`` ``""`` and ``rating`` and ``tags`` None keep what is there."""

    code: str
    scanned: dt.datetime | None = None
    notes: str = ""
    rating: int | None = None
    tags: tuple[str, ...] | None = None
    device_name: str | None = None
    device_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class LeadState:
    """A lead as the database has it."""

    id: int
    scanned: dt.datetime
    notes: str
    rating: int | None
    tags: list[str]
    device_name: str | None
    device_uuid: str | None


@dataclass(frozen=True, slots=True)
class Scanned:
    """The lead behind a scan, whether this was its first one, and who was scanned."""

    lead: LeadState
    first: bool
    person: Any
    answers: dict[str, GivenAnswer]
    sight: Sight


def record_scan(*, actor: Actor, exhibitor: ExhibitorScope, scan: Scan) -> Scanned:
    """Make the lead, or add to it (exhibitors contract, Submitting a lead; decisions 12, 13, 15, 16 and 27).

    The barcode matches exactly, in this event only; `InvalidInput` on ``code`` where it does not. Of several first
    scans at once the database lets one make the lead. Raises `Forbidden` where scanning is switched off.
    """
    if not exhibitor.allow_lead_scanning:
        raise Forbidden(NO_SCANNING)
    with reading_ahead():
        found = _find(exhibitor, scan)
        if found is None:
            raise InvalidInput({"code": [UNKNOWN_CODE]})
        person, before = found
        sight = sight_of(exhibitor.event_id)
        answers = answers_of(sight.shown, [person.position_id]).get(person.position_id, {})
    now = clock.now()
    moment = min(scan.scanned or now, now)
    given = _given(scan, with_notes=sight.settings.lead_notes)
    if before is not None and _after(before, scan, given, moment) == before:
        return Scanned(before, False, person, answers, sight)
    of_lead = _OfLead(actor, exhibitor, scan, sight, person, answers)
    before = _oldest(exhibitor, person, scan) if before else None
    if before is None:
        made = of_lead.make(given, moment, now)
        if made is not None:
            return Scanned(made, True, person, answers, sight)
        before = _oldest(exhibitor, person, scan)
        if before is None:
            raise NotSignedIn("Invalid access code.", scheme="Exhibitor")
    after = _after(before, scan, given, moment)
    if after != before:
        of_lead.change(before, after, now)
    return Scanned(after, False, person, answers, sight)


def _after(before: LeadState, scan: Scan, given: dict[str, Any], moment: dt.datetime) -> LeadState:
    """A lead once a scan has been added to it."""
    return LeadState(
        before.id,
        min(before.scanned, moment),
        given.get("notes", before.notes),
        given.get("rating", before.rating),
        given.get("tags", before.tags),
        before.device_name or scan.device_name,
        before.device_uuid or scan.device_uuid,
    )


@dataclass(frozen=True, slots=True)
class _OfLead:
    """What is written about one scan."""

    actor: Actor
    exhibitor: ExhibitorScope
    scan: Scan
    sight: Sight
    person: Any
    answers: dict[str, GivenAnswer]

    def make(self, given: dict[str, Any], moment: dt.datetime, now: dt.datetime) -> LeadState | None:
        """A new lead; None where another scan made it in the meantime."""
        values: dict[str, Any] = {"notes": "", "rating": None, "tags": []} | given
        values |= {"device_name": self.scan.device_name, "device_uuid": self.scan.device_uuid, "scanned": moment}
        row = {
            "exhibitor_id": self.exhibitor.exhibitor_id,
            "position_id": self.person.position_id,
            "scope": _device(self.exhibitor, self.scan),
            "first_upload": now,
            "modified": now,
            "search_text": self._search_text(values["notes"], values["tags"]),
        }
        try:
            made = rows(_insert(db.engine.dialect.name), values | row)
        except clashes():
            db.session.rollback()
            raise NotSignedIn("Invalid access code.", scheme="Exhibitor") from None
        if not made:
            return None
        lead = LeadState(id=made[0][0], **values)
        self._keep(LeadState(lead.id, moment, "", None, [], None, None), lead, now, "lead.scanned")
        return lead

    def change(self, before: LeadState, after: LeadState, now: dt.datetime) -> None:
        """The new values; with a version and an entry in the log where the exhibitor's own words changed."""
        noted = [name for name in ("notes", "rating", "tags") if getattr(before, name) != getattr(after, name)]
        names = ("scanned", "device_name", "device_uuid", *noted)
        values = {name: getattr(after, name) for name in names} | {"modified": now}
        if noted:
            values["search_text"] = self._search_text(after.notes, after.tags)
        run(sa.update(_leads).where(_leads.c.id == before.id).values(values))
        if noted:
            self._keep(before, after, now, "lead.changed")

    def _search_text(self, notes: str, tags: list[str]) -> str:
        return lead_search_text(
            self.sight.shown,
            self.person,
            self.answers,
            notes=notes,
            tags=tags,
            show_notes=self.sight.settings.lead_notes,
        )

    def _keep(self, before: LeadState, after: LeadState, now: dt.datetime, action: str) -> None:
        rows(
            _NEW_VERSION,
            {
                "lead_id": after.id,
                "datetime": now,
                "notes": after.notes,
                "rating": after.rating,
                "tags": after.tags,
                "device_name": self.scan.device_name,
                "device_uuid": self.scan.device_uuid,
                "actor_label": self.actor.label,
            },
        )
        changed = {
            name: [getattr(before, name), getattr(after, name)]
            for name in ("rating", "tags")
            if getattr(before, name) != getattr(after, name)
        }
        audit.record(
            actor=self.actor,
            action=action,
            organizer_id=self.exhibitor.organizer_id,
            event_id=self.exhibitor.event_id,
            object_kind="lead",
            object_id=after.id,
            data={"exhibitor": self.exhibitor.exhibitor_id, "position": self.person.position_id} | changed,
        )


_leads: sa.Table = Lead.metadata.tables["leads"]
_versions: sa.Table = LeadVersion.metadata.tables["lead_versions"]


def _values(table: sa.Table, *without: str) -> dict[str, Any]:
    """A value for each column of a new row."""
    return {name: sa.bindparam(name) for name in table.columns.keys() if name not in without}  # noqa: SIM118 - by name


_NEW_VERSION = _versions.insert().values(_values(_versions, "id"))


@lru_cache
def _insert(dialect: str) -> Any:
    """The lead, unless it is there already."""
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(_leads).values(_values(_leads, "id", "exported"))
    unique = ["exhibitor_id", "position_id", "scope"]
    return statement.on_conflict_do_nothing(index_elements=unique).returning(_leads.c.id)


_CODE: sa.BindParameter[str] = sa.bindparam("code", type_=sa.String())
_EXHIBITOR: sa.BindParameter[int] = sa.bindparam("exhibitor", type_=sa.BigInteger())
_DEVICE: sa.BindParameter[str] = sa.bindparam("device", type_=sa.String())
_STATE = tuple(_leads.c[each.name] for each in fields(LeadState))
_OF_DEVICE = sa.or_(_leads.c.scope == _DEVICE, _leads.c.device_uuid == _DEVICE)


@lru_cache
def _finding(by_badge: bool, of_device: bool) -> sa.Select[*tuple[Any, ...]]:
    """The ticket of a code and the exhibitor's lead of it: where there are several, the oldest that fits."""
    secret, badge = OrderPosition.secret == _CODE, OrderPosition.pseudonymization_id == _CODE
    mine = sa.and_(_leads.c.position_id == OrderPosition.id, _leads.c.exhibitor_id == _EXHIBITOR)
    return (
        sa.select(*PERSON_COLUMNS, *_STATE)
        .select_from(OrderPosition)
        .join(Order, Order.id == OrderPosition.order_id)
        .outerjoin(_leads, sa.and_(mine, _OF_DEVICE) if of_device else mine)
        .where(
            OrderPosition.event_id == sa.bindparam("event", type_=sa.BigInteger()),
            OrderPosition.canceled.is_(False),
            sa.or_(Order.status == "n", Order.status == "p"),
            Order.testmode.is_(False),
            badge if by_badge else sa.or_(secret, badge),
        )
        .order_by(sa.case((secret, 0), else_=1), OrderPosition.id, _leads.c.first_upload, _leads.c.id)
        .limit(1)
    )


#: A tuple that is read by the names of its columns; the type checker knows it by nothing but them.
_tuple: Any = namedtuple
_Person = _tuple("_Person", [column.key for column in PERSON_COLUMNS])


def _find(exhibitor: ExhibitorScope, scan: Scan) -> tuple[Any, LeadState | None] | None:
    """The ticket that a barcode names, by its secret, its pseudonymization id, or JSON that holds the latter.

    With it the lead that a scan of it adds to, as it is now.
    """
    badge, of_device = _from_json(scan.code), exhibitor.lead_scanning_scope_by_device
    given = {"event": exhibitor.event_id, "exhibitor": exhibitor.exhibitor_id, "code": badge or scan.code}
    if of_device:
        given["device"] = _device(exhibitor, scan)
    found = rows(_finding(badge is not None, of_device), given)
    if not found:
        return None
    person, state = found[0][: len(PERSON_COLUMNS)], found[0][len(PERSON_COLUMNS) :]
    return _Person._make(person), None if state[0] is None else LeadState(*state)


def _from_json(code: str) -> str | None:
    if not code.lstrip().startswith("{"):
        return None
    try:
        content = orjson.loads(code)
    except (orjson.JSONDecodeError, RecursionError):
        return None
    badge = content.get("lead") if isinstance(content, dict) else None
    return badge if isinstance(badge, str) and badge and "\0" not in badge else None


def _given(scan: Scan, *, with_notes: bool) -> dict[str, Any]:
    """What the scan sets; notes only where the event lets exhibitors take some."""
    given: dict[str, Any] = {}
    if scan.notes and with_notes:
        given["notes"] = scan.notes
    if scan.rating is not None:
        given["rating"] = scan.rating
    if scan.tags is not None:
        given["tags"] = list(dict.fromkeys(scan.tags))
    return given


def _device(exhibitor: ExhibitorScope, scan: Scan) -> str:
    """Which device a lead is for: ``""`` where the exhibitor has one lead an attendee."""
    return (scan.device_uuid or "") if exhibitor.lead_scanning_scope_by_device else ""


_OLDEST = (
    sa.select(*_STATE)
    .where(
        _leads.c.exhibitor_id == _EXHIBITOR,
        _leads.c.position_id == sa.bindparam("position", type_=sa.BigInteger()),
    )
    .order_by(_leads.c.first_upload, _leads.c.id)
    .limit(1)
    .with_for_update()
)
_OLDEST_OF_DEVICE = _OLDEST.where(_OF_DEVICE)


def _oldest(exhibitor: ExhibitorScope, person: Any, scan: Scan) -> LeadState | None:
    """Where the setting changed since, leads of both kinds may be there: the oldest one that fits takes the scan."""
    given: dict[str, Any] = {"exhibitor": exhibitor.exhibitor_id, "position": person.position_id}
    if exhibitor.lead_scanning_scope_by_device:
        row = run(_OLDEST_OF_DEVICE, given | {"device": _device(exhibitor, scan)}).one_or_none()
    else:
        row = run(_OLDEST, given).one_or_none()
    return None if row is None else LeadState(*row)
