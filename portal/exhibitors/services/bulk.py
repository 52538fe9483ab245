"""Changes of many exhibitors at once, each as if it were made alone: access, tags, new codes, deletion."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.core.sentences import Sentence
from portal.core.statements import one_of_ids, run
from portal.exhibitors.models import ExhibitorTag, exhibitor_tag_links
from portal.exhibitors.queries import EXHIBITORS
from portal.exhibitors.services import manage
from portal.exhibitors.services.codes import rotate_codes

MOST_AT_ONCE = 10_000
FLAGS = ("allow_lead_scanning", "allow_lead_access", "allow_voucher_access")

_e = EXHIBITORS.c
_tags: sa.Table = ExhibitorTag.metadata.tables["exhibitor_tags"]
_links = exhibitor_tag_links

#: Rows are locked in the order of their ids: two who change many never wait for each other in a circle.
_LOCK = (
    sa.select(_e.id, _e.name, *(_e[flag] for flag in FLAGS))
    .where(_e.event_id == sa.bindparam("event"), one_of_ids(_e.id, "ids"))
    .order_by(_e.id)
    .with_for_update(key_share=True)
)
_TOUCH = sa.update(EXHIBITORS).where(one_of_ids(_e.id, "ids"))
_TAGS = (
    sa.select(_tags.c.id, _tags.c.name)
    .where(_tags.c.event_id == sa.bindparam("event"), one_of_ids(_tags.c.id, "ids"))
    .order_by(_tags.c.id)
    .with_for_update(read=True, key_share=True)
)
_TAGGED = (
    sa.select(_links.c.exhibitor_id, _tags.c.id, _tags.c.name)
    .join(_tags, _tags.c.id == _links.c.tag_id)
    .where(one_of_ids(_links.c.exhibitor_id, "ids"))
)
_UNTAG = sa.delete(_links).where(one_of_ids(_links.c.exhibitor_id, "ids"), one_of_ids(_links.c.tag_id, "tags"))


def _locked(event: EventScope, ids: Sequence[int]) -> Sequence[Any]:
    """The rows of those that the event has, locked; the others are gone or somebody else's."""
    if len(ids) > MOST_AT_ONCE:
        raise InvalidInput(
            {"non_field_errors": [Sentence("Please do not choose more than %(count)s at once.", count=MOST_AT_ONCE)]}
        )
    return run(_LOCK, {"event": event.event_id, "ids": list(ids)}).all()


def _record(actor: Actor, event: EventScope, entries: Mapping[int, dict[str, Any]]) -> None:
    audit.record_each(
        actor=actor,
        action="exhibitor.changed",
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="exhibitor",
        entries=entries,
    )


def set_access(*, actor: Actor, event: EventScope, exhibitor_ids: Sequence[int], values: Mapping[str, bool]) -> int:
    """Set some of `FLAGS`; how many exhibitors changed."""
    said: dict[int, dict[str, Any]] = {}
    for row in _locked(event, exhibitor_ids):
        before = row._mapping
        changed = {flag: [before[flag], value] for flag, value in values.items() if before[flag] != value}
        if changed:
            said[row.id] = {"name": row.name, "changed": changed}
    if said:
        run(_TOUCH.values(**{flag: values[flag] for flag in FLAGS if flag in values}, modified=clock.now()), _ids(said))
        _record(actor, event, said)
    return len(said)


def change_tags(
    *, actor: Actor, event: EventScope, exhibitor_ids: Sequence[int], tag_ids: Sequence[int], add: bool
) -> int:
    """Give exhibitors some of the event's tags or take them off; how many exhibitors changed."""
    rows = _locked(event, exhibitor_ids)
    names = dict(run(_TAGS, {"event": event.event_id, "ids": list(tag_ids)}).all())
    if not names:
        raise InvalidInput({"tags": [Sentence("Choose a tag.")]})
    present: dict[int, dict[int, str]] = {}
    for exhibitor_id, tag_id, name in run(_TAGGED, {"ids": [row.id for row in rows]}):
        present.setdefault(exhibitor_id, {})[tag_id] = name
    said: dict[int, dict[str, Any]] = {}
    links: list[dict[str, int]] = []
    for row in rows:
        before = present.get(row.id, {})
        touched = [tag_id for tag_id in names if (tag_id in before) is not add]
        if not touched:
            continue
        after = before | names if add else {key: name for key, name in before.items() if key not in names}
        change = [sorted(before.values()), sorted(after.values())]
        said[row.id] = {"name": row.name, "changed": {"exhibitor_tags": change}}
        links += [{"exhibitor_id": row.id, "tag_id": tag_id} for tag_id in touched]
    if said and add:
        dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
        db.session.connection().execute(dialect.insert(_links).on_conflict_do_nothing(), links)
    elif said:
        run(_UNTAG, {**_ids(said), "tags": list(names)})
    if said:
        run(_TOUCH.values(modified=clock.now()), _ids(said))
        _record(actor, event, said)
    return len(said)


def rotate_many(*, actor: Actor, event: EventScope, exhibitor_ids: Sequence[int], kinds: Sequence[str]) -> int:
    """New codes for many; the old ones open nothing from the commit on. How many exhibitors got some."""
    ids = [row.id for row in _locked(event, exhibitor_ids)]
    for exhibitor_id in ids:
        rotate_codes(actor=actor, event=event, exhibitor_id=exhibitor_id, kinds=kinds)
    if ids:
        manage.touch_event(event.event_id)  # it may have taken long: who asked for the list meanwhile asks again
    return len(ids)


def delete_many(*, actor: Actor, event: EventScope, exhibitor_ids: Sequence[int]) -> int:
    """Delete many with their codes, leads and links to vouchers; how many."""
    ids = [row.id for row in _locked(event, exhibitor_ids)]
    for exhibitor_id in ids:
        manage.delete(actor=actor, event=event, exhibitor_id=exhibitor_id)
    return len(ids)


def _ids(said: Mapping[int, Any]) -> dict[str, Any]:
    return {"ids": list(said)}
