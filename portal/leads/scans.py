"""Scans: a barcode becomes a lead, once, whoever scans it how often and from how many phones."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from portal.core import audit, clock
from portal.core.actors import Actor, ExhibitorScope
from portal.core.database import db
from portal.core.errors import Forbidden, InvalidInput, NotSignedIn
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
class Scanned:
    """The lead behind a scan, whether this was its first one, and who was scanned."""

    lead: Lead
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
    lead, first = _find_or_make(exhibitor, person, scan, moment, now)
    before = {"notes": lead.notes, "rating": lead.rating, "tags": list(lead.tags)}
    after = before | _given(scan, with_notes=sight.settings.lead_notes)
    lead.scanned = min(lead.scanned, moment)
    lead.device_name = lead.device_name or scan.device_name
    lead.device_uuid = lead.device_uuid or scan.device_uuid
    if first or after != before:
        lead.notes, lead.rating, lead.tags = after["notes"], after["rating"], after["tags"]
        lead.search_text = lead_search_text(
            sight.shown,
            person,
            answers,
            notes=lead.notes,
            tags=lead.tags,
            show_notes=sight.settings.lead_notes,
        )
        db.session.add(
            LeadVersion(
                lead_id=lead.id,
                actor_label=actor.label,
                device_name=scan.device_name,
                device_uuid=scan.device_uuid,
                **after,
            )
        )
        audit.record(
            actor=actor,
            action="lead.scanned" if first else "lead.changed",
            organizer_id=exhibitor.organizer_id,
            event_id=exhibitor.event_id,
            object_kind="lead",
            object_id=lead.id,
            data={"exhibitor": exhibitor.exhibitor_id, "position": person.position_id}
            | {name: [before[name], after[name]] for name in ("rating", "tags") if before[name] != after[name]},
        )
    db.session.flush()
    return Scanned(lead, first, person, answers, sight)


def _person(event_id: int, code: str) -> Any:
    """The ticket that a barcode names: its secret, its pseudonymization id, or JSON that holds the latter."""
    badge = _from_json(code)
    named = OrderPosition.pseudonymization_id == (badge or code)
    if badge is None:
        named = sa.or_(OrderPosition.secret == code, named)
    return db.session.execute(
        sa.select(*PERSON_COLUMNS)
        .join(Order, Order.id == OrderPosition.order_id)
        .where(
            OrderPosition.event_id == event_id,
            named,
            OrderPosition.canceled.is_(False),
            Order.status.in_(("n", "p")),
            Order.testmode.is_(False),
        )
        .order_by(sa.case((OrderPosition.secret == code, 0), else_=1), OrderPosition.id)
        .limit(1)
    ).one_or_none()


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


def _find_or_make(
    exhibitor: ExhibitorScope, person: Any, scan: Scan, moment: dt.datetime, now: dt.datetime
) -> tuple[Lead, bool]:
    """The oldest lead that fits, locked, or a new one; which of them."""
    found = _oldest(exhibitor, person, scan)
    if found is not None:
        return found, False
    values = {
        "exhibitor_id": exhibitor.exhibitor_id,
        "position_id": person.position_id,
        "scope": _device(exhibitor, scan),
        "scanned": moment,
        "first_upload": now,
        "modified": now,
        "notes": "",
        "tags": [],
        "device_name": scan.device_name,
        "device_uuid": scan.device_uuid,
        "search_text": "",
    }
    insert = (sqlite if db.engine.dialect.name == "sqlite" else postgresql).insert(Lead)
    statement = insert.values(**values).on_conflict_do_nothing(index_elements=["exhibitor_id", "position_id", "scope"])
    try:
        made = db.session.execute(statement.returning(Lead.id)).scalar()
    except IntegrityError:
        db.session.rollback()
        raise NotSignedIn("Invalid access code.", scheme="Exhibitor") from None
    if made is not None:
        return db.session.get_one(Lead, made), True
    found = _oldest(exhibitor, person, scan)
    if found is None:
        raise NotSignedIn("Invalid access code.", scheme="Exhibitor")
    return found, False


def _device(exhibitor: ExhibitorScope, scan: Scan) -> str:
    """Which device a lead is for: ``""`` where the exhibitor has one lead an attendee."""
    return (scan.device_uuid or "") if exhibitor.lead_scanning_scope_by_device else ""


def _oldest(exhibitor: ExhibitorScope, person: Any, scan: Scan) -> Lead | None:
    """Where the setting changed since, leads of both kinds may be there: the oldest one that fits takes the scan."""
    statement = sa.select(Lead).where(
        Lead.exhibitor_id == exhibitor.exhibitor_id, Lead.position_id == person.position_id
    )
    if exhibitor.lead_scanning_scope_by_device:
        device = _device(exhibitor, scan)
        statement = statement.where(sa.or_(Lead.scope == device, Lead.device_uuid == device))
    return db.session.scalar(
        statement.order_by(Lead.first_upload, Lead.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
