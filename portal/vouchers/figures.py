"""How far vouchers were used, as figures for organizers."""

import sqlalchemy as sa
from flask_babel import gettext, ngettext

from portal.core.actors import EventScope
from portal.core.database import db
from portal.vouchers.models import Voucher
from portal.web.filters import number
from portal.web.organizer import Board, Tile


def board(scope: EventScope) -> Board | None:
    """Redemptions of all that are possible."""
    if not scope.may("can_view_vouchers"):
        return None
    count, used, most = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(Voucher.redeemed), 0),
            sa.func.coalesce(sa.func.sum(Voucher.max_usages), 0),
        ).where(Voucher.event_id == scope.event_id)
    ).one()
    if not count:
        return None
    note = ngettext("with %(count)s voucher", "with %(count)s vouchers", count, count=number(count))
    return Board(tiles=[Tile(gettext("Vouchers used"), int(used), of=int(most), note=note)])
