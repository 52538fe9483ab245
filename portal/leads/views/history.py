"""A lead's history as people read it: what each version changed, when, and from where."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from portal.leads.models import LeadVersion
from portal.leads.queries import LeadRow
from portal.leads.views.listing import stars


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One version. ``lines`` say what it set; ``note`` is the note it set, ``again`` whether that may return."""

    version_id: int
    when: dt.datetime
    source: str
    lines: list[str]
    note: str | None
    again: bool


def history(versions: Sequence[LeadVersion], lead: LeadRow) -> list[HistoryEntry]:
    """The newest first; a lead that nobody changed has the scan alone."""
    if not versions:
        return [HistoryEntry(0, lead.first_upload, lead.device_name or "", [gettext("Scanned")], None, False)]
    entries = []
    for number, version in enumerate(versions):
        before = versions[number + 1] if number + 1 < len(versions) else None
        note = version.notes if version.notes != (before.notes if before else "") else None
        entries.append(
            HistoryEntry(
                version_id=version.id,
                when=version.datetime,
                source=version.device_name or version.actor_label,
                lines=_lines(version, before),
                note=note,
                again=bool(note) and note != lead.notes,
            )
        )
    return entries


def _lines(version: LeadVersion, before: LeadVersion | None) -> list[str]:
    lines = [] if before else [gettext("Scanned")]
    old_rating, old_tags = (before.rating, before.tags) if before else (None, [])
    if version.rating != old_rating:
        lines.append(gettext("Rating removed") if version.rating is None else stars(version.rating))
    added = [tag for tag in version.tags if tag not in old_tags]
    removed = [tag for tag in old_tags if tag not in version.tags]
    if added:
        lines.append(gettext("Tagged: %(tags)s", tags=", ".join(added)))
    if removed:
        lines.append(gettext("Tags removed: %(tags)s", tags=", ".join(removed)))
    if version.notes != (before.notes if before else ""):
        lines.append(gettext("Note") if version.notes else gettext("Note removed"))
    return lines
