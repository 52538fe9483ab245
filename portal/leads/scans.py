"""Scans: a barcode becomes a lead, once, whoever scans it how often and from how many phones."""

import datetime as dt
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from portal.core import audit, clock
from portal.core.actors import Actor, ExhibitorScope
from portal.core.database import db
from portal.core.errors import Forbidden, InvalidInput, NotSignedIn
from portal.core.statements import run
from portal.leads.models import Lead, LeadVersion
from portal.leads.services import lead_search_text
from portal.tickets.fields import PERSON_COLUMNS, GivenAnswer, Sight, answers_of, sight_of
from portal.tickets.models import Order, OrderPosition

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
    person = _person(exhibitor.event_id, scan.code)
    if person is None:
        raise InvalidInput({"code": [UNKNOWN_CODE]})
    now = clock.now()
    moment = min(scan.scanned or now, now)
    sight = sight_of(exhibitor.event_id)
    answers = answers_of(sight.shown, [person.position_id]).get(person.position_id, {})
    given = _given(scan, with_notes=sight.settings.lead_notes)
    of_lead = _OfLead(actor, exhibitor, scan, sight, person, answers)
    before = _oldest(exhibitor, person, scan)
    if before is None:
        made = of_lead.make(given, moment, now)
        if made is not None:
            return Scanned(made, True, person, answers, sight)
        before = _oldest(exhibitor, person, scan)
        if before is None:
            raise NotSignedIn("Invalid access code.", scheme="Exhibitor")
    after = replace(
        before,
        scanned=min(before.scanned, moment),
        device_name=before.device_name or scan.device_name,
        device_uuid=before.device_uuid or scan.device_uuid,
        **given,
    )
    if after != before:
        of_lead.change(before, after, now)
    return Scanned(after, False, person, answers, sight)


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
            made = run(_insert(db.engine.dialect.name), values | row).scalar()
        except IntegrityError:
            db.session.rollback()
            raise NotSignedIn("Invalid access code.", scheme="Exhibitor") from None
        if made is None:
            return None
        lead = LeadState(id=made, **values)
        self._keep(LeadState(made, moment, "", None, [], None, None), lead, now, "lead.scanned")
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
        run(
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
_NEW_VERSION = LeadVersion.metadata.tables["lead_versions"].insert()


@lru_cache
def _insert(dialect: str) -> Any:
    """The lead, unless it is there already."""
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(_leads)
    unique = ["exhibitor_id", "position_id", "scope"]
    return statement.on_conflict_do_nothing(index_elements=unique).returning(_leads.c.id)


_CODE: sa.BindParameter[str] = sa.bindparam("code", type_=sa.String())
_BADGE: sa.BindParameter[str] = sa.bindparam("badge", type_=sa.String())
_PERSON = (
    sa.select(*PERSON_COLUMNS)
    .join(Order, Order.id == OrderPosition.order_id)
    .where(
        OrderPosition.event_id == sa.bindparam("event", type_=sa.BigInteger()),
        OrderPosition.canceled.is_(False),
        Order.status.in_(("n", "p")),
        Order.testmode.is_(False),
    )
    .limit(1)
)
_BY_BADGE = _PERSON.where(OrderPosition.pseudonymization_id == _BADGE).order_by(OrderPosition.id)
_BY_CODE = _PERSON.where(sa.or_(OrderPosition.secret == _CODE, OrderPosition.pseudonymization_id == _CODE)).order_by(
    sa.case((OrderPosition.secret == _CODE, 0), else_=1), OrderPosition.id
)


def _person(event_id: int, code: str) -> Any:
    """The ticket that a barcode names: its secret, its pseudonymization id, or JSON that holds the latter."""
    badge = _from_json(code)
    if badge is not None:
        return run(_BY_BADGE, {"event": event_id, "badge": badge}).one_or_none()
    return run(_BY_CODE, {"event": event_id, "code": code}).one_or_none()


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
    sa.select(
        *(_leads.c.id, _leads.c.scanned, _leads.c.notes, _leads.c.rating, _leads.c.tags),
        *(_leads.c.device_name, _leads.c.device_uuid),
    )
    .where(
        _leads.c.exhibitor_id == sa.bindparam("exhibitor", type_=sa.BigInteger()),
        _leads.c.position_id == sa.bindparam("position", type_=sa.BigInteger()),
    )
    .order_by(_leads.c.first_upload, _leads.c.id)
    .limit(1)
    .with_for_update()
)
_DEVICE: sa.BindParameter[str] = sa.bindparam("device", type_=sa.String())
_OLDEST_OF_DEVICE = _OLDEST.where(sa.or_(_leads.c.scope == _DEVICE, _leads.c.device_uuid == _DEVICE))


def _oldest(exhibitor: ExhibitorScope, person: Any, scan: Scan) -> LeadState | None:
    """Where the setting changed since, leads of both kinds may be there: the oldest one that fits takes the scan."""
    given: dict[str, Any] = {"exhibitor": exhibitor.exhibitor_id, "position": person.position_id}
    if exhibitor.lead_scanning_scope_by_device:
        row = run(_OLDEST_OF_DEVICE, given | {"device": _device(exhibitor, scan)}).one_or_none()
    else:
        row = run(_OLDEST, given).one_or_none()
    return None if row is None else LeadState(*row)
