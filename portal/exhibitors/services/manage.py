"""Changes of exhibitors: create, update, delete; what the doors send is checked by their schemas before."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.errors import InvalidInput
from portal.core.names import compose
from portal.core.sentences import Sentence
from portal.core.statements import one_of_texts, run
from portal.events.models import Event
from portal.exhibitors.models import ExhibitorTag, ExhibitorVoucher, exhibitor_tag_links
from portal.exhibitors.queries import EXHIBITORS, lock_exhibitor
from portal.exhibitors.search import exhibitor_search_text
from portal.exhibitors.services.codes import give_codes

#: What may be given; ``exhibitor_tags`` beside them is a list of names.
COLUMNS = (
    "name",
    "internal_id",
    "contact_name_parts",
    "contact_email",
    "contact_cc_email",
    "booth",
    "locale",
    "allow_lead_scanning",
    "allow_lead_access",
    "allow_voucher_access",
    "lead_scanning_scope_by_device",
    "comment",
)
MAX_CONTACT_NAME = 500
#: How many unknown tags an error names.
_NAMED = 20

_tags: sa.Table = ExhibitorTag.metadata.tables["exhibitor_tags"]
_links = exhibitor_tag_links
_vouchers: sa.Table = ExhibitorVoucher.metadata.tables["exhibitor_vouchers"]
_events: sa.Table = Event.metadata.tables["events"]
#: Leads stand above exhibitors: their rows go by the database's cascade and are only counted here.
_leads = sa.table("leads", sa.column("exhibitor_id"))

#: The tags stay until the transaction ends, whoever wants to delete one.
_TAGS = (
    sa.select(_tags.c.name, _tags.c.id)
    .where(_tags.c.event_id == sa.bindparam("event"), one_of_texts(_tags.c.name, "names"))
    .order_by(_tags.c.id)
    .with_for_update(read=True, key_share=True)
)


def create(*, actor: Actor, event: EventScope, values: Mapping[str, Any]) -> int:
    """A new exhibitor with codes of its own; its id. What is not given takes its default."""
    tags = _tag_ids(event.event_id, values.get("exhibitor_tags", ()))
    row = {"locale": event.locale, "contact_name": None, **_columns(values)}
    if not row["locale"]:
        row["locale"] = event.locale
    row |= {"event_id": event.event_id, "search_text": _search_text(row)}
    exhibitor_id = int(run(EXHIBITORS.insert().returning(EXHIBITORS.c.id), row).scalar_one())
    give_codes(exhibitor_id)
    _link(exhibitor_id, tags.values())
    _record(actor, event, "exhibitor.created", exhibitor_id, {"name": row["name"]})
    return exhibitor_id


def update(*, actor: Actor, event: EventScope, exhibitor_id: int, values: Mapping[str, Any]) -> bool:
    """Set what is given, leave the rest; whether anything changed.

    Raises `NotFound` for an exhibitor of another event.
    """
    before = lock_exhibitor(event.event_id, exhibitor_id)
    after = _columns(values)
    if "locale" in after and not after["locale"]:
        after["locale"] = event.locale
    changed = {name: value for name, value in after.items() if value != before[name]}
    said: dict[str, Any] = {
        name: [before[name], value] for name, value in changed.items() if name not in ("comment", "contact_name_parts")
    }
    said |= {name: None for name in ("comment", "contact_name_parts") if name in changed}
    if "exhibitor_tags" in values:
        tags = _tag_ids(event.event_id, values["exhibitor_tags"])
        old = dict(run(_linked_tags, {"exhibitor": exhibitor_id}).all())
        if set(old.values()) != set(tags.values()):
            said["exhibitor_tags"] = [sorted(old), sorted(tags)]
            gone = [tag_id for tag_id in old.values() if tag_id not in tags.values()]
            run(sa.delete(_links).where(_links.c.exhibitor_id == exhibitor_id, _links.c.tag_id.in_(gone)))
            _link(exhibitor_id, [tag_id for tag_id in tags.values() if tag_id not in old.values()])
    if not said:
        return False
    row = {**before, **changed}
    changed |= {"search_text": _search_text(row), "modified": clock.now()}
    run(sa.update(EXHIBITORS).where(EXHIBITORS.c.id == exhibitor_id).values(changed))
    _record(actor, event, "exhibitor.changed", exhibitor_id, {"name": row["name"], "changed": said})
    return True


_linked_tags = (
    sa.select(_tags.c.name, _tags.c.id)
    .join(_links, _links.c.tag_id == _tags.c.id)
    .where(_links.c.exhibitor_id == sa.bindparam("exhibitor"))
)


def delete(*, actor: Actor, event: EventScope, exhibitor_id: int) -> None:
    """Delete an exhibitor with its codes, sessions, leads and links to vouchers; the vouchers stay.

    Raises `NotFound` for an exhibitor of another event.
    """
    row = lock_exhibitor(event.event_id, exhibitor_id, to_delete=True)
    leads, vouchers = (
        run(sa.select(sa.func.count()).select_from(table).where(table.c.exhibitor_id == exhibitor_id)).scalar_one()
        for table in (_leads, _vouchers)
    )
    run(sa.delete(EXHIBITORS).where(EXHIBITORS.c.id == exhibitor_id))
    touch_event(event.event_id)
    data = {"name": row["name"], "leads": leads, "vouchers": vouchers}
    _record(actor, event, "exhibitor.deleted", exhibitor_id, data)


def touch_event(event_id: int) -> None:
    """Say that something of an event is no longer as it was, where no row is left to say it."""
    run(sa.update(_events).where(_events.c.id == event_id).values(modified=clock.now()))


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """The given columns, with the name that its parts make."""
    row = {name: values[name] for name in COLUMNS if name in values}
    if "contact_name_parts" in row:
        row["contact_name"] = compose(row["contact_name_parts"]) or None
        if len(row["contact_name"] or "") > MAX_CONTACT_NAME:
            raise InvalidInput(
                {"contact_name_parts": [Sentence("A name has at most %(count)s characters.", count=MAX_CONTACT_NAME)]}
            )
    return row


def _search_text(row: Mapping[str, Any]) -> str:
    return exhibitor_search_text(
        name=row["name"], **{name: row.get(name) for name in ("booth", "contact_name", "contact_email", "internal_id")}
    )


def _tag_ids(event_id: int, names: Sequence[str]) -> dict[str, int]:
    """The ids of the event's tags by name, in the order given. Raises `InvalidInput` that names those it lacks."""
    if not names:
        return {}
    found = dict(run(_TAGS, {"event": event_id, "names": names}).all())
    missing = [name for name in dict.fromkeys(names) if name not in found]
    if missing:
        raise InvalidInput(
            {"exhibitor_tags": [Sentence("There is no tag “%(name)s”.", name=name[:190]) for name in missing[:_NAMED]]}
        )
    return {name: found[name] for name in names}


def _link(exhibitor_id: int, tag_ids: Any) -> None:
    for tag_id in tag_ids:
        run(_links.insert(), {"exhibitor_id": exhibitor_id, "tag_id": tag_id})


def _record(actor: Actor, event: EventScope, action: str, exhibitor_id: int, data: dict[str, Any]) -> None:
    audit.record(
        actor=actor,
        action=action,
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="exhibitor",
        object_id=exhibitor_id,
        data=data,
    )
