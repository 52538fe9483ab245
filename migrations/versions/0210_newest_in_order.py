"""The newest orders and tickets of an event in one order without ties: after a load thousands share their moment.

Revision 0210, after 0190.
"""

from alembic import op

revision = "0210"
down_revision = "0190"
branch_labels = None
depends_on = None

TABLES = ("orders", "order_positions")


def upgrade() -> None:
    for table in TABLES:
        op.create_index(f"ix_{table}_event_id_modified_id", table, ["event_id", "modified", "id"])
        op.drop_index(f"ix_{table}_event_id_modified", table_name=table)


def downgrade() -> None:
    for table in TABLES:
        op.create_index(f"ix_{table}_event_id_modified", table, ["event_id", "modified"])
        op.drop_index(f"ix_{table}_event_id_modified_id", table_name=table)
