"""Changes to leads: notes, ratings and tags with their history, and the texts that a search looks through."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa

from portal.core import audit
from portal.core.actors import Actor, ExhibitorScope
from portal.core.database import db
from portal.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from portal.core.statements import one_of_ids
from portal.core.text import search_text
from portal.exhibitors.models import Exhibitor
from portal.leads.models import Lead, LeadVersion
from portal.tickets.fields import PERSON_COLUMNS, GivenAnswer, ShownFields, answers_of, search_values
from portal.tickets.models import OrderPosition
from portal.tickets.sight import Sight, sight_of

MAX_NOTES = 10_000
MAX_TAGS = 50
MAX_TAG = 190
BATCH = 1000


class Unchanged:
    """What a change leaves as it is."""


UNCHANGED: Final = Unchanged()


@dataclass(frozen=True, slots=True)
class LeadChanges:
    """The parts of a lead to set; what is not named stays as it is, whoever set it.

    ``notes_before`` is the `note_mark` of the note that its writer saw: where it changed since, nothing is overwritten.
    ``notes_of_version`` takes the note of an earlier version again.
    """

    notes: str | Unchanged = UNCHANGED
    notes_before: str | None = None
    rating: int | None | Unchanged = UNCHANGED
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    notes_of_version: int | None = None

    @property
    def of_notes(self) -> bool:
        """Whether the notes are to change."""
        return self.notes_of_version is not None or not isinstance(self.notes, Unchanged)


def note_mark(notes: str) -> str:
    """What tells one note from another."""
    return sha256(notes.encode()).hexdigest()[:20]


def lead_search_text(
    shown: ShownFields,
    person: Any,
    answers: Mapping[str, GivenAnswer] | None = None,
    *,
    notes: str = "",
    tags: Sequence[str] = (),
    show_notes: bool = True,
) -> str:
    """What a search over leads finds: the fields that the exhibitor is shown, notes and tags; the name comes first.

    ``person`` is an `OrderPosition` or a row of `PERSON_COLUMNS`.
    """
    return search_text(*search_values(shown, person, answers), notes if show_notes else None, *tags)


def update_lead(*, actor: Actor, exhibitor: ExhibitorScope, lead_id: int, changes: LeadChanges) -> Lead:
    """Set parts of a lead under a lock on its row, so that two colleagues' changes of different parts both stay.

    Each change adds a version to the history; the state from before the first change is kept as one as well.
    """
    if not exhibitor.allow_lead_access:
        raise Forbidden(NO_LEAD_ACCESS)
    lead = db.session.scalar(
        sa.select(Lead)
        .where(Lead.id == lead_id, Lead.exhibitor_id == exhibitor.exhibitor_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if lead is None:
        raise NotFound("This lead does not exist, or it is not yours.")
    sight = sight_of(exhibitor.event_id)
    if changes.of_notes and not sight.settings.lead_notes:
        raise Forbidden("Your organizer has switched notes off for this event.")
    if changes.notes_before not in (None, note_mark(lead.notes)) and changes.notes != lead.notes:
        raise NoteChanged(lead.notes)
    before = {"notes": lead.notes, "rating": lead.rating, "tags": lead.tags}
    after = before | _wanted(lead, changes)
    changed = [name for name in before if before[name] != after[name]]
    if not changed:
        return lead
    _check(after, changed)
    _keep_first_version(lead)
    for name in changed:
        setattr(lead, name, after[name])
    lead.search_text = _search_text(sight, lead)
    db.session.add(LeadVersion(lead_id=lead.id, actor_label=actor.label, **after))
    audit.record(
        actor=actor,
        action="lead.changed",
        organizer_id=exhibitor.organizer_id,
        event_id=exhibitor.event_id,
        object_kind="lead",
        object_id=lead.id,
        data={"exhibitor": exhibitor.exhibitor_id, "changed": changed}
        | {name: [before[name], after[name]] for name in changed if name != "notes"},
    )
    db.session.flush()
    return lead


NO_LEAD_ACCESS: Final = (
    "Your organizer has not opened the leads to you in the portal. Scanning goes on, and nothing is lost. "
    "Ask the organizer to allow access to your leads."
)


class NoteChanged(Conflict):
    """A colleague changed the note in the meantime; ``notes`` is what they wrote."""

    def __init__(self, notes: str) -> None:
        super().__init__("A colleague changed this note in the meantime.", code="note_changed")
        self.notes = notes


def _wanted(lead: Lead, changes: LeadChanges) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if not isinstance(changes.notes, Unchanged):
        wanted["notes"] = changes.notes
    if changes.notes_of_version is not None:
        wanted["notes"] = _notes_of(lead, changes.notes_of_version)
    if not isinstance(changes.rating, Unchanged):
        wanted["rating"] = changes.rating
    if changes.add_tags or changes.remove_tags:
        kept = [tag for tag in lead.tags if tag not in changes.remove_tags]
        wanted["tags"] = list(dict.fromkeys((*kept, *changes.add_tags)))
    return wanted


def _notes_of(lead: Lead, version_id: int) -> str:
    notes = db.session.scalar(
        sa.select(LeadVersion.notes).where(LeadVersion.id == version_id, LeadVersion.lead_id == lead.id)
    )
    if notes is None:
        raise NotFound("This version of the note does not exist.")
    return notes


def _check(after: Mapping[str, Any], changed: Iterable[str]) -> None:
    errors: dict[str, list[str]] = {}
    if "notes" in changed and len(after["notes"]) > MAX_NOTES:
        errors["notes"] = [f"A note has at most {MAX_NOTES} characters."]
    if "rating" in changed and after["rating"] is not None and not 0 <= after["rating"] <= 5:
        errors["rating"] = ["A rating has 0 to 5 stars."]
    tags = after["tags"]
    if "tags" in changed and (len(tags) > MAX_TAGS or any(not 0 < len(tag) <= MAX_TAG for tag in tags)):
        errors["tags"] = [f"A lead has at most {MAX_TAGS} tags of 1 to {MAX_TAG} characters."]
    if errors:
        raise InvalidInput(errors)


def _keep_first_version(lead: Lead) -> None:
    """A lead without a history (loaded, or scanned by an older app) gets its present state as the first version."""
    if db.session.scalar(sa.select(LeadVersion.id).where(LeadVersion.lead_id == lead.id).limit(1)) is None:
        db.session.add(
            LeadVersion(
                lead_id=lead.id,
                datetime=lead.first_upload,
                notes=lead.notes,
                rating=lead.rating,
                tags=lead.tags,
                device_name=lead.device_name,
                device_uuid=lead.device_uuid,
            )
        )
        db.session.flush()


def _search_text(sight: Sight, lead: Lead) -> str:
    person = db.session.execute(sa.select(*PERSON_COLUMNS).where(OrderPosition.id == lead.position_id)).one()
    return lead_search_text(
        sight.shown,
        person,
        answers_of(sight.shown, [lead.position_id]).get(lead.position_id),
        notes=lead.notes,
        tags=lead.tags,
        show_notes=sight.settings.lead_notes,
    )


def refresh_search_texts(*, event_id: int, position_ids: Sequence[int] | None = None) -> int:
    """Compose the search texts of an event's leads anew: after attendees or the event's choice of fields changed.

    ``position_ids`` are the attendees that changed, where it was not all of them. Returns how many were written.
    """
    sight = sight_of(event_id)
    written, last = 0, 0
    statement = (
        sa.select(Lead.id, Lead.notes, Lead.tags, Lead.search_text, *PERSON_COLUMNS)
        .join(OrderPosition, OrderPosition.id == Lead.position_id)
        .join(Exhibitor, Exhibitor.id == Lead.exhibitor_id)
        .where(Exhibitor.event_id == event_id, Lead.id > sa.bindparam("last"))
        .order_by(Lead.id)
        .limit(BATCH)
    )
    parameters: dict[str, Any] = {}
    if position_ids is not None:
        statement = statement.where(one_of_ids(Lead.position_id, "positions"))
        parameters["positions"] = list(position_ids)
    while rows := db.session.execute(statement, {"last": last, **parameters}).all():
        last = rows[-1].id
        answers = answers_of(sight.shown, [row.position_id for row in rows])
        texts = [
            lead_search_text(
                sight.shown,
                row,
                answers.get(row.position_id),
                notes=row.notes,
                tags=row.tags,
                show_notes=sight.settings.lead_notes,
            )
            for row in rows
        ]
        changed = [
            {"lead": row.id, "text": text} for row, text in zip(rows, texts, strict=True) if text != row.search_text
        ]
        if changed:
            db.session.connection().execute(_SET_SEARCH_TEXT, changed)
        written += len(changed)
    return written


_LEADS = sa.table("leads", sa.column("id"), sa.column("search_text"))
#: By the bare table: what a search finds is no change of the lead, so its ``modified`` stays.
_SET_SEARCH_TEXT = sa.update(_LEADS).where(_LEADS.c.id == sa.bindparam("lead")).values(search_text=sa.bindparam("text"))

__all__ = [
    "MAX_NOTES",
    "NO_LEAD_ACCESS",
    "UNCHANGED",
    "LeadChanges",
    "NoteChanged",
    "lead_search_text",
    "note_mark",
    "refresh_search_texts",
    "update_lead",
]
