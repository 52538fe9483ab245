"""Tickets that use vouchers: whether they still may, and how often they did."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal.core import clock
from portal.core.database import db
from portal.core.sentences import Sentence
from portal.core.statements import one_of_ids, run
from portal.tickets.services.rooms import Problems, Terms, VoucherUse
from portal.vouchers.models import Voucher

VOUCHERS: sa.Table = Voucher.metadata.tables["vouchers"]
_v = VOUCHERS.c
_LOCK = (
    sa.select(VOUCHERS)
    .where(_v.event_id == sa.bindparam("event"), one_of_ids(_v.id, "ids"))
    .order_by(_v.id)
    .with_for_update()
)
_COUNT = (
    sa.update(VOUCHERS)
    .where(_v.id == sa.bindparam("voucher"))
    .values(redeemed=sa.bindparam("count"), modified=sa.bindparam("now", type_=_v.modified.type))
)


def check_vouchers(event_id: int, uses: Sequence[VoucherUse], problems: Problems) -> dict[int, Terms]:
    """Lock vouchers for tickets; one that may not be used so is a problem on ``voucher``. The terms by voucher.

    Of two tickets that want the last use at once the later one waits, and then finds it gone.
    """
    rows = _locked(event_id, {use.voucher_id for use in uses})
    now = clock.now()
    used: Counter[int] = Counter()
    for use in uses:
        row = rows.get(use.voucher_id)
        wrong = Sentence("This event has no such voucher.") if row is None else _wrong(row, use, now)
        if row is not None and wrong is None and row.redeemed + used[row.id] >= row.max_usages:
            wrong = Sentence("This voucher was used as often as it may be.")
        if wrong is not None:
            problems.add(use.place, "voucher", wrong)
        used[use.voucher_id] += wrong is None
    return {row.id: Terms(row.price_mode, row.value, row.seat_id) for row in rows.values()}


def count_vouchers(event_id: int, voucher_ids: Sequence[int], *, back: bool = False) -> None:
    """Count a use of each voucher, as often as it is named, or give it back."""
    uses = Counter(voucher_ids)
    rows = _locked(event_id, set(uses))
    if rows:
        now = clock.now()
        counts = {id_: max(0, row.redeemed + (-uses[id_] if back else uses[id_])) for id_, row in rows.items()}
        values = [{"voucher": id_, "count": count, "now": now} for id_, count in counts.items()]
        db.session.connection().execute(_COUNT, values)
        db.session.expire_all()


def _locked(event_id: int, ids: set[int]) -> dict[int, Any]:
    return {row.id: row for row in run(_LOCK, {"event": event_id, "ids": list(ids)})}


def _wrong(row: Any, use: VoucherUse, now: Any) -> Sentence | None:
    """Why a voucher is not for a ticket."""
    if row.valid_until is not None and row.valid_until <= now:
        return Sentence("This voucher is no longer valid.")
    if row.item_id is not None and row.item_id != use.item_id:
        return Sentence("This voucher is for another product.")
    if row.variation_id is not None and row.variation_id != use.variation_id:
        return Sentence("This voucher is for another variation.")
    if row.subevent_id is not None and row.subevent_id != use.subevent_id:
        return Sentence("This voucher is for another date.")
    if row.seat_id is not None and use.seat_id is not None and row.seat_id != use.seat_id:
        return Sentence("This voucher is for another seat.")
    return None
