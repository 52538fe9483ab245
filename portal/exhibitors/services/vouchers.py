"""Which vouchers belong to which exhibitor: each to one at most (contract decision 17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import FieldErrors, InvalidInput, InvalidList
from portal.core.sentences import Sentence
from portal.core.statements import one_of_ids, one_of_texts, run
from portal.exhibitors.models import ExhibitorVoucher
from portal.exhibitors.queries import EXHIBITORS, lock_exhibitor
from portal.vouchers.models import Voucher

MOST_AT_ONCE = 10_000

_vouchers: sa.Table = Voucher.metadata.tables["vouchers"]
_links: sa.Table = ExhibitorVoucher.metadata.tables["exhibitor_vouchers"]
_v = _vouchers.c

#: Rows are locked in the order of their ids: two calls that share vouchers wait for each other and never deadlock,
#: and the later one sees what the earlier one attached.
_LOCK = {
    name: sa.select(column, _v.id)
    .where(_v.event_id == sa.bindparam("event"), condition)
    .order_by(_v.id)
    .with_for_update()
    for name, column, condition in (
        ("id", _v.id, one_of_ids(_v.id, "values")),
        ("code", _v.code, one_of_texts(_v.code, "values")),
    )
}
_OWNERS = (
    sa.select(_links.c.voucher_id, _links.c.exhibitor_id, EXHIBITORS.c.name, _links.c.exhibitor_comment)
    .join(EXHIBITORS, EXHIBITORS.c.id == _links.c.exhibitor_id)
    .where(one_of_ids(_links.c.voucher_id, "ids"))
)
_DETACH = (
    sa.delete(_links)
    .where(_links.c.exhibitor_id == sa.bindparam("exhibitor"), one_of_ids(_links.c.voucher_id, "ids"))
    .returning(_links.c.voucher_id)
)
_COMMENT = (
    sa.update(_links)
    .where(_links.c.voucher_id == sa.bindparam("voucher"))
    .values(exhibitor_comment=sa.bindparam("comment"))
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A voucher by its id or its code; ``comment`` is for the exhibitor, None leaves what is there."""

    field: Literal["id", "code"]
    value: int | str
    comment: str | None = None
    #: The value as it was sent, where that is longer than any id.
    sent: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry of a list that names no voucher, and what is wrong with it."""

    errors: FieldErrors


def attach(*, actor: Actor, event: EventScope, exhibitor_id: int, attachment: Attachment) -> None:
    """Give a voucher to an exhibitor, or change its comment.

    Raises `NotFound` for an exhibitor of another event, `InvalidInput` for a voucher that does not exist or is
    another exhibitor's.
    """
    try:
        bulk_attach(actor=actor, event=event, exhibitor_id=exhibitor_id, attachments=[attachment])
    except InvalidList as error:
        raise InvalidInput(error.entries[0]) from None


def bulk_attach(
    *, actor: Actor, event: EventScope, exhibitor_id: int, attachments: Sequence[Attachment | Unreadable]
) -> tuple[list[int], list[int]]:
    """Give many vouchers to an exhibitor, all or none; the ids of the new ones and of those with another comment.

    Raises `NotFound` for an exhibitor of another event, `InvalidList` with an entry for each one given.
    """
    lock_exhibitor(event.event_id, exhibitor_id)
    if not attachments:
        return [], []
    if len(attachments) > MOST_AT_ONCE:
        raise InvalidInput({"non_field_errors": [f"Please do not pass more than {MOST_AT_ONCE:,} entries."]})
    readable = [each for each in attachments if isinstance(each, Attachment)]
    field = readable[0].field if readable else "id"
    known = _locked(event.event_id, field, [each.value for each in readable if each.field == field])
    owners = {row[0]: row for row in run(_OWNERS, {"ids": list(known.values())})}
    errors: list[FieldErrors] = []
    added: dict[int, str] = {}
    commented: dict[int, str] = {}
    seen: set[int] = set()
    for each in attachments:
        if isinstance(each, Unreadable):
            errors.append(each.errors)
            continue
        voucher_id = known.get(each.value)
        wrong = _problem(each, voucher_id, seen, owners, exhibitor_id, field)
        errors.append({wrong[0]: [wrong[1]]} if wrong else {})
        if wrong or voucher_id is None:
            continue
        seen.add(voucher_id)
        if voucher_id not in owners:
            added[voucher_id] = each.comment or ""
        elif each.comment is not None and each.comment != owners[voucher_id][3]:
            commented[voucher_id] = each.comment
    if any(errors):
        raise InvalidList(errors)
    _write(exhibitor_id, added, commented)
    if added or commented:
        run(sa.update(EXHIBITORS).where(EXHIBITORS.c.id == exhibitor_id).values(modified=clock.now()))
        data = {"vouchers": list(added)} | ({"commented": list(commented)} if commented else {})
        _record(actor, event, "exhibitor.vouchers_attached", exhibitor_id, data)
    return list(added), list(commented)


def detach(*, actor: Actor, event: EventScope, exhibitor_id: int, voucher_ids: Sequence[int]) -> list[int]:
    """Take vouchers from an exhibitor; the ids of those that it had. The vouchers stay.

    Raises `NotFound` for an exhibitor of another event.
    """
    lock_exhibitor(event.event_id, exhibitor_id)
    gone = sorted(run(_DETACH, {"exhibitor": exhibitor_id, "ids": voucher_ids}).scalars())
    if gone:
        run(sa.update(EXHIBITORS).where(EXHIBITORS.c.id == exhibitor_id).values(modified=clock.now()))
        _record(actor, event, "exhibitor.vouchers_detached", exhibitor_id, {"vouchers": gone})
    return gone


def _locked(event_id: int, field: str, values: Sequence[int | str]) -> dict[Any, int]:
    """The ids of the vouchers that exist among the named ones, by what they were named with; locked."""
    parameters = {"event": event_id, "values": list(dict.fromkeys(values))}
    return dict(run(_LOCK[field], parameters).all())


def _problem(
    given: Attachment, voucher_id: int | None, seen: set[int], owners: Any, exhibitor_id: int, field: str
) -> tuple[str, str] | None:
    shown = (given.sent or str(given.value))[:100]
    if given.field != field:
        return "non_field_errors", f"The first entry has “{field}”. Please pass the same field in all entries."
    if voucher_id is None:
        return given.field, Sentence("Voucher “%(code)s” does not exist.", code=shown)
    if voucher_id in seen:
        return given.field, Sentence("Voucher “%(code)s” is in this list twice.", code=shown)
    if voucher_id in owners and owners[voucher_id][1] != exhibitor_id:
        return given.field, Sentence(
            "Voucher “%(code)s” belongs to the exhibitor “%(name)s”.", code=shown, name=owners[voucher_id][2]
        )
    return None


def _write(exhibitor_id: int, added: dict[int, str], commented: dict[int, str]) -> None:
    connection = db.session.connection()
    if added:
        rows = [
            {"exhibitor_id": exhibitor_id, "voucher_id": voucher_id, "exhibitor_comment": comment}
            for voucher_id, comment in added.items()
        ]
        connection.execute(_links.insert(), rows)
    if commented:
        changes = [{"voucher": voucher_id, "comment": comment} for voucher_id, comment in commented.items()]
        connection.execute(_COMMENT, changes)


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
