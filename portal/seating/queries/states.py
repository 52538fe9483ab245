"""What a seat is to a person: sold, in a cart, for a voucher, blocked, or free."""

import sqlalchemy as sa

from portal.seating.queries import HOLDERS, SEATS

#: What a seat is, the first that fits: who holds it says more than that it is blocked as well.
STATES = ("sold", "cart", "voucher", "blocked", "free")


def state_column() -> sa.Case[str]:
    """The state of each seat of the parameter `event` at `now`. Holders are looked up once, not once a seat."""
    event = sa.bindparam("event", type_=sa.BigInteger())
    held = [
        sa.select(table.c.seat_id).where(table.c.event_id == event, table.c.seat_id.is_not(None), *holds)
        for table, holds in HOLDERS
    ]
    whens = [(SEATS.c.id.in_(seats), state) for seats, state in zip(held, STATES[:3], strict=True)]
    return sa.case(*whens, (SEATS.c.blocked, "blocked"), else_="free")
