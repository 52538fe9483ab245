"""Taking a check-in back, so that the ticket may enter again; the log keeps what happened."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext

from portal.checkin.models import CheckinList, CheckinUndone
from portal.core import audit, clock
from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput
from portal.tickets.models import Checkin, OrderPosition

MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Undone:
    """A check-in that is none any more; ``still_in`` where another entry of the ticket is left."""

    position_id: int
    list_id: int
    still_in: bool


def undo_checkin(*, actor: Actor, scope: EventScope, checkin_id: int, reason: str) -> Undone:
    """Take an entry back, for a reason. `Conflict` where it is not there (any more).

    Whoever may check in by hand (``can_checkin_orders``) may take back any entry of the event, by a gate or by hand.
    The oldest entry that is left of the ticket becomes its first one: it is in as long as one is left.
    """
    why = " ".join(reason.replace("\0", "").split())
    if not why:
        raise InvalidInput({"reason": [gettext("Say why: the log keeps it.")]})
    if len(why) > MAX_REASON:
        raise InvalidInput({"reason": [gettext("At most %(count)s characters fit.", count=MAX_REASON)]})
    entry = db.session.scalar(
        sa.select(Checkin)
        .join(CheckinList, CheckinList.id == Checkin.list_id)
        .where(Checkin.id == checkin_id, CheckinList.event_id == scope.event_id, Checkin.type == "entry")
        .with_for_update(of=Checkin)
    )
    if entry is None:
        raise Conflict("This check-in was taken back before. Nothing changed.")
    now = clock.now()
    db.session.add(
        CheckinUndone(
            event_id=scope.event_id,
            list_id=entry.list_id,
            position_id=entry.position_id,
            entered=entry.datetime,
            forced=entry.forced,
            nonce=entry.nonce,
            device_id=entry.device_id,
            entered_by_id=entry.user_id,
            datetime=now,
            user_id=actor.id if actor.kind == "user" else None,
            reason=why,
        )
    )
    position_id, list_id = entry.position_id, entry.list_id
    db.session.delete(entry)
    db.session.flush()
    still_in = _follow_up(position_id, list_id)
    # Who deletes a check-in touches what it showed on.
    for table, row_id in ((OrderPosition, position_id), (CheckinList, list_id)):
        db.session.execute(sa.update(table).where(table.id == row_id).values(modified=now))
    audit.record(
        actor=actor,
        action="checkin.undone",
        organizer_id=scope.organizer_id,
        event_id=scope.event_id,
        object_kind="order_position",
        object_id=position_id,
        data={"list": list_id, "reason": why},
    )
    return Undone(position_id, list_id, still_in)


def _follow_up(position_id: int, list_id: int) -> bool:
    """Whether the ticket is still in; the oldest entry is the first one."""
    of_ticket = (Checkin.position_id == position_id, Checkin.list_id == list_id, Checkin.type == "entry")
    if db.session.scalar(sa.select(Checkin.id).where(*of_ticket, Checkin.first)) is not None:
        return True
    oldest = sa.select(Checkin.id).where(*of_ticket).order_by(Checkin.datetime, Checkin.id).limit(1)
    heir = db.session.scalar(oldest)
    if heir is None:
        return False
    db.session.execute(sa.update(Checkin).where(Checkin.id == heir).values(first=True, modified=clock.now()))
    return True
