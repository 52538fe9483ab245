"""Indexes for counting an event's tickets and orders.

Revision 0007, after 0006.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("order_positions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_order_positions_counted",
            ["event_id", "item_id", "canceled", "subevent_id", "order_id"],
            unique=False,
        )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("ix_orders_counted", ["event_id", "datetime", "status", "testmode"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_counted")
    with op.batch_alter_table("order_positions", schema=None) as batch_op:
        batch_op.drop_index("ix_order_positions_counted")
