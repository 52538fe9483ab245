"""Blocking writes no index of seats, and what changed is kept without foreign keys.

Revision 0110, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BLOCKED = sa.text("blocked")
#: How full PostgreSQL fills the pages of seats: all of a page's seats can change once without leaving it.
_FILL = 45


def _rebuild(key: list[str], *constraints: sa.Constraint) -> None:
    """The table anew, with another primary key: SQLite cannot change one."""
    op.create_table(
        "seat_changes_anew",
        sa.Column("audit_id", _ID, autoincrement=False, nullable=False),
        sa.Column("seat_id", _ID, autoincrement=False, nullable=False),
        sa.Column("before", sa.Boolean(), nullable=False),
        sa.Column("after", sa.Boolean(), nullable=False),
        sa.Column("made_by", _ID, nullable=True),
        *constraints,
        sa.PrimaryKeyConstraint(*key, name="pk_seat_changes_anew"),
    )
    op.execute(
        "INSERT INTO seat_changes_anew (audit_id, seat_id, before, after, made_by)"
        " SELECT audit_id, seat_id, before, after, made_by FROM seat_changes"
    )
    op.drop_table("seat_changes")
    op.rename_table("seat_changes_anew", "seat_changes")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_seat_changes_anew RENAME TO pk_seat_changes")


def upgrade() -> None:
    op.drop_index("ix_seats_blocked", table_name="seats")
    op.drop_index("ix_seats_event_id_modified", table_name="seats")
    _rebuild(["seat_id", "audit_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE seats SET (fillfactor = {_FILL})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE seats RESET (fillfactor)")
    _rebuild(
        ["audit_id", "seat_id"],
        sa.ForeignKeyConstraint(["audit_id"], ["audit_log.id"], name="fk_seat_changes_audit_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name="fk_seat_changes_seat_id", ondelete="CASCADE"),
    )
    op.create_index("ix_seat_changes_seat_id_audit_id", "seat_changes", ["seat_id", "audit_id"], unique=False)
    op.create_index("ix_seats_event_id_modified", "seats", ["event_id", "modified"], unique=False)
    op.create_index(
        "ix_seats_blocked",
        "seats",
        ["event_id", "subevent_id", "id"],
        unique=False,
        sqlite_where=_BLOCKED,
        postgresql_where=_BLOCKED,
    )
