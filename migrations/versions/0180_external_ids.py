"""Positions that a file brought are known by the file's own id; orders are found by their e-mail address.

Revision 0180, after 0170. Without batches: SQLite would make the table anew, and lose the triggers of its search.
"""

import sqlalchemy as sa
from alembic import op

revision = "0180"
down_revision = "0170"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_positions", sa.Column("external_id", sa.String(length=190), nullable=True))
    op.create_index("uq_order_positions_external", "order_positions", ["event_id", "external_id"], unique=True)
    op.create_index("ix_orders_email", "orders", ["event_id", sa.text("lower(email)")], unique=False)


def downgrade() -> None:
    op.drop_index("ix_orders_email", table_name="orders")
    op.drop_index("uq_order_positions_external", table_name="order_positions")
    op.drop_column("order_positions", "external_id")
