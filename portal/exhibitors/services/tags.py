"""Tags that organizers sort exhibitors by: create, rename, delete."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.core import audit
from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.core.sentences import Sentence
from portal.core.statements import run
from portal.exhibitors.models import ExhibitorTag, exhibitor_tag_links
from portal.exhibitors.services.manage import touch_event

MAX_NAME = 190

_tags: sa.Table = ExhibitorTag.metadata.tables["exhibitor_tags"]


def create_tag(*, actor: Actor, event: EventScope, name: str) -> int:
    """A new tag; its id."""
    values = {"event_id": event.event_id, "name": _checked(name)}
    tag_id = _once(_tags.insert().values(values).returning(_tags.c.id))
    _record(actor, event, "exhibitor_tag.created", tag_id, {"name": values["name"]})
    return int(tag_id)


def rename_tag(*, actor: Actor, event: EventScope, tag_id: int, name: str) -> None:
    """Give a tag another name; the exhibitors keep it. Raises `NotFound` for a tag of another event."""
    old, new = _locked(event.event_id, tag_id), _checked(name)
    if old == new:
        return
    _once(sa.update(_tags).where(_tags.c.id == tag_id).values(name=new))
    touch_event(event.event_id)
    _record(actor, event, "exhibitor_tag.renamed", tag_id, {"name": [old, new]})


def delete_tag(*, actor: Actor, event: EventScope, tag_id: int) -> int:
    """Delete a tag; how many exhibitors had it. Raises `NotFound` for a tag of another event."""
    name, links = _locked(event.event_id, tag_id), exhibitor_tag_links
    used = run(sa.select(sa.func.count()).select_from(links).where(links.c.tag_id == tag_id)).scalar_one()
    run(sa.delete(_tags).where(_tags.c.id == tag_id))
    touch_event(event.event_id)
    _record(actor, event, "exhibitor_tag.deleted", tag_id, {"name": name, "exhibitors": used})
    return int(used)


def _checked(name: str) -> str:
    stripped = name.strip()
    if not stripped or len(stripped) > MAX_NAME or "\0" in stripped:
        raise InvalidInput({"name": [Sentence("A tag has 1 to %(count)s characters.", count=MAX_NAME)]})
    return stripped


def _locked(event_id: int, tag_id: int) -> str:
    name = run(
        sa.select(_tags.c.name).where(_tags.c.id == tag_id, _tags.c.event_id == event_id).with_for_update()
    ).scalar()
    if name is None:
        raise NotFound("This tag does not exist, or it is not yours.")
    return str(name)


def _once(statement: Any) -> Any:
    """Execute what names a tag; a name that the event has already is refused. What it returns, if anything."""
    try:
        with db.session.begin_nested():
            result = run(statement)
            return result.scalar_one() if result.returns_rows else None
    except IntegrityError:
        raise InvalidInput({"name": [Sentence("There is a tag with this name already.")]}) from None


def _record(actor: Actor, event: EventScope, action: str, tag_id: int, data: dict[str, Any]) -> None:
    audit.record(
        actor=actor,
        action=action,
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="exhibitor_tag",
        object_id=tag_id,
        data=data,
    )
