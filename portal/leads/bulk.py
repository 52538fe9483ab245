"""Changes of many leads at once: tags and a rating, in a few statements however many there are, and taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.core import audit, clock
from portal.core.actors import Actor, ExhibitorScope
from portal.core.database import db
from portal.core.errors import Forbidden, InvalidInput, NotFound
from portal.core.models import AuditEntry
from portal.core.sentences import Sentence
from portal.leads.models import Lead, LeadVersion
from portal.leads.services import (
    MAX_TAG,
    MAX_TAGS,
    NO_LEAD_ACCESS,
    UNCHANGED,
    Unchanged,
    lead_search_text,
)
from portal.tickets.fields import PERSON_COLUMNS, answers_of
from portal.tickets.models import OrderPosition
from portal.tickets.sight import sight_of

#: Ten pages of a list.
MAX_LEADS = 500


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What to set on all of them: tags to add and to take away, a rating where one is given."""

    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    rating: int | None | Unchanged = UNCHANGED


@dataclass(frozen=True, slots=True)
class BulkDone:
    """How many leads were changed, and the entry of the audit log that `take_back` needs; 0 where none was."""

    changed: int
    entry_id: int


def change_leads(*, actor: Actor, exhibitor: ExhibitorScope, lead_ids: Sequence[int], change: BulkChange) -> BulkDone:
    """All of them or none: `NotFound` where one is not the exhibitor's. Those that are so already do not count."""
    leads = _locked(exhibitor, lead_ids)
    if len(leads) != len(set(lead_ids)):
        raise NotFound("Some of these leads do not exist, or they are not yours. Nothing was changed.")
    _check(leads, change)
    wanted = {lead.id: _wanted(lead, change) for lead in leads}
    return _apply(actor, exhibitor, leads, wanted, action="leads.changed")


def take_back(*, actor: Actor, exhibitor: ExhibitorScope, entry_id: int) -> BulkDone:
    """Set tags and ratings back to what they were before a bulk change; what was changed again since stays."""
    data = db.session.scalar(
        sa.select(AuditEntry.data).where(
            AuditEntry.id == entry_id,
            AuditEntry.event_id == exhibitor.event_id,
            AuditEntry.action == "leads.changed",
            AuditEntry.object_kind == "exhibitor",
            AuditEntry.object_id == exhibitor.exhibitor_id,
        )
    )
    if data is None:
        raise NotFound("This change does not exist, or it is not yours.")
    changes: Mapping[str, Mapping[str, list[Any]]] = data["leads"]
    leads = _locked(exhibitor, [int(lead_id) for lead_id in changes])
    wanted = {
        lead.id: {
            name: before
            for name, (before, after) in changes[str(lead.id)].items()
            if getattr(lead, name) == after  # what a colleague set in the meantime is theirs
        }
        for lead in leads
    }
    return _apply(actor, exhibitor, leads, wanted, action="leads.changed")


def _locked(exhibitor: ExhibitorScope, lead_ids: Iterable[int]) -> Sequence[Lead]:
    if not exhibitor.allow_lead_access:
        raise Forbidden(NO_LEAD_ACCESS)
    ids = sorted(set(lead_ids))
    if not ids:
        raise InvalidInput({"id": [Sentence("Select at least one lead.")]})
    if len(ids) > MAX_LEADS:
        raise InvalidInput({"id": [Sentence("Select at most %(most)s leads at once.", most=MAX_LEADS)]})
    return db.session.scalars(
        sa.select(Lead)
        .where(Lead.id.in_(ids), Lead.exhibitor_id == exhibitor.exhibitor_id)
        .order_by(Lead.id)  # everybody locks in this order
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _check(leads: Sequence[Lead], change: BulkChange) -> None:
    if not change.add_tags and not change.remove_tags and isinstance(change.rating, Unchanged):
        raise InvalidInput({"non_field_errors": [Sentence("Choose a tag or a rating first.")]})
    if any(not 0 < len(tag) <= MAX_TAG for tag in change.add_tags):
        raise InvalidInput({"add_tag": [Sentence("A tag has 1 to %(most)s characters.", most=MAX_TAG)]})
    if isinstance(change.rating, int) and not 0 <= change.rating <= 5:
        raise InvalidInput({"rating": [Sentence("A rating has 0 to 5 stars.")]})
    if any(len(_tags(lead, change)) > MAX_TAGS for lead in leads):
        raise InvalidInput(
            {"add_tag": [Sentence("A lead has at most %(most)s tags. Nothing was changed.", most=MAX_TAGS)]}
        )


def _tags(lead: Lead, change: BulkChange) -> list[str]:
    kept = [tag for tag in lead.tags if tag not in change.remove_tags]
    return list(dict.fromkeys((*kept, *change.add_tags)))


def _wanted(lead: Lead, change: BulkChange) -> dict[str, Any]:
    wanted: dict[str, Any] = {"tags": _tags(lead, change)}
    return wanted if isinstance(change.rating, Unchanged) else wanted | {"rating": change.rating}


def _apply(
    actor: Actor,
    exhibitor: ExhibitorScope,
    leads: Sequence[Lead],
    wanted: Mapping[int, Mapping[str, Any]],
    *,
    action: str,
) -> BulkDone:
    """Set what differs, with a version of each lead in its history and one entry of all in the audit log."""
    changes = {
        lead.id: {name: [getattr(lead, name), value] for name, value in wanted[lead.id].items()} for lead in leads
    }
    changes = {
        lead_id: {name: pair for name, pair in each.items() if pair[0] != pair[1]} for lead_id, each in changes.items()
    }
    changed = [lead for lead in leads if changes[lead.id]]
    if not changed:
        return BulkDone(0, 0)
    after = {lead.id: {name: pair[1] for name, pair in changes[lead.id].items()} for lead in changed}
    _keep_first_versions(changed)
    _set(exhibitor, changed, after)
    db.session.connection().execute(
        _NEW_VERSION, [_state(lead, actor_label=actor.label) | after[lead.id] for lead in changed]
    )
    entry_id = audit.record(
        actor=actor,
        action=action,
        organizer_id=exhibitor.organizer_id,
        event_id=exhibitor.event_id,
        object_kind="exhibitor",
        object_id=exhibitor.exhibitor_id,
        data={"leads": {str(lead.id): changes[lead.id] for lead in changed}},
    )
    return BulkDone(len(changed), entry_id)


def _state(lead: Lead, **more: Any) -> dict[str, Any]:
    """A version that says what a lead is now."""
    given = {"lead_id": lead.id, "notes": lead.notes, "rating": lead.rating, "tags": lead.tags}
    return given | {"datetime": clock.now(), "device_name": None, "device_uuid": None, "actor_label": ""} | more


def _set(exhibitor: ExhibitorScope, leads: Sequence[Lead], after: Mapping[int, Mapping[str, Any]]) -> None:
    """The new values, and the texts that a search looks through."""
    sight = sight_of(exhibitor.event_id)
    positions = [lead.position_id for lead in leads]
    statement = sa.select(*PERSON_COLUMNS).where(OrderPosition.id.in_(positions))
    people = {row.position_id: row for row in db.session.execute(statement)}
    answers = answers_of(sight.shown, positions)
    values = []
    for lead in leads:
        tags = after[lead.id].get("tags", lead.tags)
        text = lead_search_text(
            sight.shown,
            people[lead.position_id],
            answers.get(lead.position_id),
            notes=lead.notes,
            tags=tags,
            show_notes=sight.settings.lead_notes,
        )
        rating = after[lead.id].get("rating", lead.rating)
        values.append({"lead": lead.id, "of_tags": tags, "of_rating": rating, "text": text, "now": clock.now()})
    db.session.connection().execute(_NEW_VALUES, values)


def _keep_first_versions(leads: Sequence[Lead]) -> None:
    """Leads without a history get their present state as its first version, as `update_lead` does for one."""
    ids = [lead.id for lead in leads]
    known = set(db.session.scalars(sa.select(LeadVersion.lead_id).where(LeadVersion.lead_id.in_(ids)).distinct()))
    first = [
        _state(lead, datetime=lead.first_upload, device_name=lead.device_name, device_uuid=lead.device_uuid)
        for lead in leads
        if lead.id not in known
    ]
    if first:
        db.session.connection().execute(_NEW_VERSION, first)


_leads: sa.Table = Lead.metadata.tables["leads"]
_NEW_VERSION = LeadVersion.metadata.tables["lead_versions"].insert()
_NEW_VALUES = (
    _leads.update()
    .where(_leads.c.id == sa.bindparam("lead"))
    .values(
        tags=sa.bindparam("of_tags", type_=_leads.c.tags.type),
        rating=sa.bindparam("of_rating"),
        search_text=sa.bindparam("text"),
        modified=sa.bindparam("now", type_=_leads.c.modified.type),
    )
)
