"""What each change did to each seat; plans that wait to be confirmed.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_SEATS_CHANGED = "action IN ('seat.blocked', 'seat.unblocked')"
_NO_SUBEVENT = "subevent_id IS NULL"


def upgrade() -> None:
    op.create_table(
        "seat_changes",
        sa.Column("audit_id", _ID, autoincrement=False, nullable=False),
        sa.Column("seat_id", _ID, autoincrement=False, nullable=False),
        sa.Column("before", sa.Boolean(), nullable=False),
        sa.Column("after", sa.Boolean(), nullable=False),
        sa.Column("made_by", _ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["audit_id"], ["audit_log.id"], name=op.f("fk_seat_changes_audit_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name=op.f("fk_seat_changes_seat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("audit_id", "seat_id", name=op.f("pk_seat_changes")),
    )
    op.create_index(op.f("ix_seat_changes_seat_id_audit_id"), "seat_changes", ["seat_id", "audit_id"], unique=False)
    op.create_index(
        "ix_audit_log_seats",
        "audit_log",
        ["event_id", "id"],
        unique=False,
        sqlite_where=sa.text(_SEATS_CHANGED),
        postgresql_where=sa.text(_SEATS_CHANGED),
    )
    op.create_table(
        "seating_plan_drafts",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("event_id", _ID, nullable=False),
        sa.Column("subevent_id", _ID, nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("layout", _JSON, nullable=False),
        sa.Column("uploaded", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_seating_plan_drafts_event_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subevent_id"], ["subevents.id"], name=op.f("fk_seating_plan_drafts_subevent_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seating_plan_drafts")),
    )
    op.create_index(
        "uq_seating_plan_drafts_event",
        "seating_plan_drafts",
        ["event_id"],
        unique=True,
        sqlite_where=sa.text(_NO_SUBEVENT),
        postgresql_where=sa.text(_NO_SUBEVENT),
    )
    op.create_index("uq_seating_plan_drafts_subevent", "seating_plan_drafts", ["subevent_id"], unique=True)


def downgrade() -> None:
    op.drop_table("seating_plan_drafts")
    op.drop_index("ix_audit_log_seats", table_name="audit_log")
    op.drop_table("seat_changes")
