"""Indexes for availability and validators; check-ins and answers know when they changed.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_HOLDING = "seat_id IS NOT NULL AND NOT canceled"
_ENDED = "status IN ('e', 'c')"


def upgrade() -> None:
    for table in ("answers", "checkins"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("modified", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("order_positions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_order_positions_holding",
            ["event_id", "seat_id", "order_id"],
            unique=False,
            sqlite_where=sa.text(_HOLDING),
            postgresql_where=sa.text(_HOLDING),
        )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(
            "ix_orders_ended", ["id"], unique=False, sqlite_where=sa.text(_ENDED), postgresql_where=sa.text(_ENDED)
        )
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.create_index(
            "ix_seats_blocked",
            ["event_id", "subevent_id", "id"],
            unique=False,
            sqlite_where=sa.text("blocked"),
            postgresql_where=sa.text("blocked"),
        )
    with op.batch_alter_table("vouchers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vouchers_event_id_valid_until"), ["event_id", "valid_until"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("vouchers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vouchers_event_id_valid_until"))
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_index("ix_seats_blocked")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_ended")
    with op.batch_alter_table("order_positions", schema=None) as batch_op:
        batch_op.drop_index("ix_order_positions_holding")
    for table in ("checkins", "answers"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("modified")
