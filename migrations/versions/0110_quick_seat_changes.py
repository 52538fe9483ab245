"""Blocking writes no index of seats, and what changed is kept without foreign keys.

Revision 0110, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0008"
branch_labels = None
depends_on = None

_BLOCKED = sa.text("blocked")
#: How full PostgreSQL fills the pages of seats: all of a page's seats can change once without leaving it.
_FILL = 45


def upgrade() -> None:
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_index("ix_seats_blocked")
        batch_op.drop_index("ix_seats_event_id_modified")
    with op.batch_alter_table("seat_changes", schema=None) as batch_op:
        batch_op.drop_index("ix_seat_changes_seat_id_audit_id")
        batch_op.drop_constraint("fk_seat_changes_audit_id", type_="foreignkey")
        batch_op.drop_constraint("fk_seat_changes_seat_id", type_="foreignkey")
        batch_op.drop_constraint("pk_seat_changes", type_="primary")
        batch_op.create_primary_key("pk_seat_changes", ["seat_id", "audit_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE seats SET (fillfactor = {_FILL})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE seats RESET (fillfactor)")
    with op.batch_alter_table("seat_changes", schema=None) as batch_op:
        batch_op.drop_constraint("pk_seat_changes", type_="primary")
        batch_op.create_primary_key("pk_seat_changes", ["audit_id", "seat_id"])
        batch_op.create_foreign_key("fk_seat_changes_seat_id", "seats", ["seat_id"], ["id"], ondelete="CASCADE")
        batch_op.create_foreign_key("fk_seat_changes_audit_id", "audit_log", ["audit_id"], ["id"], ondelete="CASCADE")
        batch_op.create_index("ix_seat_changes_seat_id_audit_id", ["seat_id", "audit_id"], unique=False)
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.create_index("ix_seats_event_id_modified", ["event_id", "modified"], unique=False)
        batch_op.create_index(
            "ix_seats_blocked",
            ["event_id", "subevent_id", "id"],
            unique=False,
            sqlite_where=_BLOCKED,
            postgresql_where=_BLOCKED,
        )
