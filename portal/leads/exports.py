"""Leads as files: the columns of a table, vCards and JSON, and the mark that tells new leads from exported ones."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import vobject
from flask_babel import gettext

from portal.core import audit, clock
from portal.core.actors import Actor, ExhibitorScope
from portal.core.database import db
from portal.core.errors import NotFound
from portal.core.moments import in_zone
from portal.core.names import PART_LABELS, SCHEMES
from portal.leads.models import Lead
from portal.leads.queries import LeadRow
from portal.leads.queries.counts import tag_choices
from portal.tickets.models import OrderPosition
from portal.tickets.sight import Sight
from portal.web.rest import dumps

#: So many leads are in memory at a time.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table of an exhibitor's leads has: the same for each of its exports, so that mappings last."""

    fields: Sequence[tuple[str, str]]
    parts: Sequence[str]
    tags: Sequence[str]
    with_notes: bool
    zone: ZoneInfo

    def head(self) -> list[str]:
        """The titles, in the reader's language."""
        titles = [gettext("Lead number"), gettext("Scanned"), gettext("Arrived here")]
        for name, label in self.fields:
            titles.append(label)
            if name == "attendee_name":
                titles += [str(PART_LABELS[part]) for part in self.parts]
        titles += [gettext("Rating"), *(gettext("Tag: %(tag)s", tag=tag) for tag in self.tags)]
        return [*titles, *([gettext("Note")] if self.with_notes else []), gettext("Device"), gettext("Device ID")]

    def row(self, lead: LeadRow, *, as_text: bool) -> list[object]:
        """A lead's cells; ``as_text`` writes moments in the event's zone, for files that know no types."""
        values = {entry["id"]: entry["value"] for entry in lead.fields}
        cells: list[object] = [lead.id, self._moment(lead.scanned, as_text), self._moment(lead.first_upload, as_text)]
        for name, _ in self.fields:
            cells.append(values.get(name, ""))
            if name == "attendee_name":
                cells += [lead.name_parts.get(part, "") for part in self.parts]
        cells += [lead.rating, *(tag in lead.tags for tag in self.tags)]
        return [*cells, *([lead.notes] if self.with_notes else []), lead.device_name, lead.device_uuid]

    def _moment(self, value: dt.datetime, as_text: bool) -> object:
        return f"{in_zone(value, self.zone):%Y-%m-%d %H:%M:%S}" if as_text else value


def pseudonyms(exhibitor_id: int) -> dict[int, str | None]:
    """The pseudonymization ids of those who were scanned, by lead."""
    statement = (
        sa.select(Lead.id, OrderPosition.pseudonymization_id)
        .join(OrderPosition, OrderPosition.id == Lead.position_id)
        .where(Lead.exhibitor_id == exhibitor_id)
    )
    return {lead_id: badge for lead_id, badge in db.session.execute(statement)}


def name_schemes(exhibitor_id: int) -> set[str]:
    """The schemes of the names that an exhibitor's leads have."""
    scheme = OrderPosition.attendee_name_parts["_scheme"].as_string()
    statement = (
        sa.select(scheme)
        .join(Lead, Lead.position_id == OrderPosition.id)
        .where(Lead.exhibitor_id == exhibitor_id)
        .distinct()
    )
    return {name for name in db.session.scalars(statement) if name}


@dataclass(frozen=True, slots=True)
class ExportMark:
    """How many leads there are, how many of them are new, and when the last export was that made others old."""

    total: int
    new: int
    last: dt.datetime | None
    last_count: int


def export_mark(exhibitor_id: int) -> ExportMark:
    """Two queries."""
    total, old, last = db.session.execute(
        sa.select(sa.func.count(), sa.func.count(Lead.exported), sa.func.max(Lead.exported)).where(
            Lead.exhibitor_id == exhibitor_id
        )
    ).one()
    counted = sa.select(sa.func.count()).where(Lead.exhibitor_id == exhibitor_id, Lead.exported == last)
    return ExportMark(total, total - old, last, (db.session.scalar(counted) or 0) if last else 0)


def columns_of(exhibitor: ExhibitorScope, sight: Sight, labels: Mapping[str, str]) -> Columns:
    """The columns that an exhibitor's leads need: shown fields, the parts that names have, all tags."""
    schemes = name_schemes(exhibitor.exhibitor_id) if "attendee_name" in sight.shown.ids else set()
    known = [SCHEMES[name].parts for name in SCHEMES if name in schemes and len(SCHEMES[name].parts) > 1]
    parts = [part for part in PART_LABELS if any(part in each for each in known)]
    tags = tag_choices(exhibitor_id=exhibitor.exhibitor_id, offered=sight.settings.lead_tags)
    return Columns(
        fields=[(name, labels[name]) for name in sight.shown.ids],
        parts=parts,
        tags=[tag.value for tag in tags],
        with_notes=sight.settings.lead_notes,
        zone=ZoneInfo(exhibitor.timezone),
    )


def json_chunks(leads: Iterable[LeadRow], *, with_notes: bool) -> Iterator[bytes]:
    """A JSON list: each lead as the App API prints it, with its number and its times."""
    yield b"["
    for number, lead in enumerate(leads):
        entry: dict[str, Any] = {
            "id": lead.id,
            "scanned": lead.scanned,
            "first_upload": lead.first_upload,
            "attendee": {"fields": lead.fields},
            "rating": lead.rating,
            "tags": lead.tags,
            "notes": lead.notes if with_notes else "",
            "device_name": lead.device_name,
            "device_uuid": lead.device_uuid,
        }
        yield (b",\n" if number else b"\n") + dumps(entry)
    yield b"\n]\n"


def vcard_chunks(leads: Iterable[LeadRow], *, with_notes: bool) -> Iterator[bytes]:
    """Address cards, version 3.0, one after another."""
    for lead in leads:
        yield _vcard(lead, with_notes).serialize().encode("utf-8", errors="replace")


#: What a vCard has a place for.
_PLACES = ("attendee_name", "attendee_email", "company", "street", "zipcode", "city", "state", "country", "phone")


def _vcard(lead: LeadRow, with_notes: bool) -> Any:
    values = {entry["id"]: _plain(entry["value"]) for entry in lead.fields}
    card = vobject.vCard()
    card.add("n").value = _name(lead, values)
    fallback = values.get("company") or gettext("Lead %(number)s", number=lead.id)
    card.add("fn").value = values.get("attendee_name") or fallback
    if values.get("company"):
        card.add("org").value = [values["company"]]
    for field, name in (("email", "attendee_email"), ("tel", "phone")):
        if values.get(name):
            card.add(field).value = values[name]
    address = {
        "street": values.get("street", ""),
        "city": values.get("city", ""),
        "region": values.get("state", ""),
        "code": values.get("zipcode", ""),
        "country": values.get("country", ""),
    }
    if any(address.values()):
        card.add("adr").value = vobject.vcard.Address(**address)
    if lead.tags:
        card.add("categories").value = [_plain(tag) for tag in lead.tags]
    lines = [_plain(lead.notes)] if with_notes and lead.notes else []
    if lead.rating is not None:
        lines.append(f"{gettext('Rating')}: {lead.rating}")
    lines += [
        f"{each['label']}: {_plain(each['value'])}"
        for each in lead.fields
        if each["id"] not in _PLACES and each["value"]
    ]
    if lines:
        card.add("note").value = "\n".join(lines)
    card.add("rev").value = f"{lead.modified:%Y-%m-%dT%H:%M:%SZ}"
    return card


def _name(lead: LeadRow, values: Mapping[str, str]) -> Any:
    parts = {key: _plain(value) for key, value in lead.name_parts.items()}
    prefix = " ".join(text for text in (parts.get("salutation"), parts.get("title")) if text)
    return vobject.vcard.Name(
        family=parts.get("family_name") or ("" if parts.get("given_name") else values.get("attendee_name", "")),
        given=parts.get("given_name", ""),
        additional=parts.get("middle_name", ""),
        prefix=prefix,
        suffix=parts.get("degree", ""),
    )


def _plain(text: str) -> str:
    """A text without the control characters that a card cannot hold; all that some program takes for a line's end."""
    lines = "\n".join(text.splitlines())
    return "".join(char for char in lines if char >= " " or char == "\n")


# ------------------------------------------------------------------------------------------------------- the mark


def mark_exported(*, actor: Actor, exhibitor: ExhibitorScope, lead_ids: Sequence[int], kind: str) -> int:
    """Note that leads were handed out, once all of them were; how many of them were new.

    Each lead bears the mark itself: one that was scanned while an export ran is in the next one, and of two exports
    at once both have the same leads. Call it when the file is complete: leads of one that broke off stay new.
    """
    now, marked = clock.now(), 0
    for start in range(0, len(lead_ids), BATCH):
        found = db.session.execute(
            sa.update(_LEADS)
            .where(
                _LEADS.c.id.in_(sorted(lead_ids)[start : start + BATCH]),
                _LEADS.c.exhibitor_id == exhibitor.exhibitor_id,
                _LEADS.c.exported.is_(None),
            )
            .values(exported=now)
        )
        marked += found.rowcount  # type: ignore[attr-defined]
    audit.record(
        actor=actor,
        action="leads.exported",
        organizer_id=exhibitor.organizer_id,
        event_id=exhibitor.event_id,
        object_kind="exhibitor",
        object_id=exhibitor.exhibitor_id,
        data={"count": len(lead_ids), "new": marked, "kind": kind},
    )
    return marked


def forget_last_export(*, actor: Actor, exhibitor: ExhibitorScope) -> int:
    """Make the leads of the last export new again, for a file that never arrived; how many."""
    last = sa.select(sa.func.max(_LEADS.c.exported)).where(_LEADS.c.exhibitor_id == exhibitor.exhibitor_id)
    newest = db.session.scalar(last)
    if newest is None:
        raise NotFound("No leads were exported yet.")
    found = db.session.execute(
        sa.update(_LEADS)
        .where(_LEADS.c.exhibitor_id == exhibitor.exhibitor_id, _LEADS.c.exported == newest)
        .values(exported=None)
    )
    count: int = found.rowcount  # type: ignore[attr-defined]
    audit.record(
        actor=actor,
        action="leads.export_forgotten",
        organizer_id=exhibitor.organizer_id,
        event_id=exhibitor.event_id,
        object_kind="exhibitor",
        object_id=exhibitor.exhibitor_id,
        data={"count": count},
    )
    return count


#: By the bare table: to be exported is no change of a lead, so its ``modified`` stays.
_LEADS = sa.table(
    "leads",
    sa.column("id"),
    sa.column("exhibitor_id"),
    sa.column("exported", Lead.metadata.tables["leads"].c.exported.type),
)
