"""Check-ins that were taken back, and indexes for what is rare in the log.

Revision 0140, after 0130.
"""

import sqlalchemy as sa
from alembic import op

revision = "0140"
down_revision = "0130"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_AGAIN = sa.text("NOT first AND type = 'entry'")
_EXITS = sa.text("type = 'exit'")


def upgrade() -> None:
    op.create_table(
        "checkins_undone",
        sa.Column("event_id", _ID, nullable=False),
        sa.Column("list_id", _ID, nullable=False),
        sa.Column("position_id", _ID, nullable=False),
        sa.Column("entered", _TIME, nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("device_id", _ID, nullable=True),
        sa.Column("entered_by_id", _ID, nullable=True),
        sa.Column("datetime", _TIME, nullable=False),
        sa.Column("user_id", _ID, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_checkins_undone_{column}"), ondelete=ondelete
            )
            for column, table, ondelete in (
                ("event_id", "events", "CASCADE"),
                ("list_id", "checkin_lists", "CASCADE"),
                ("position_id", "order_positions", "CASCADE"),
                ("device_id", "devices", "SET NULL"),
                ("entered_by_id", "users", "SET NULL"),
                ("user_id", "users", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkins_undone")),
    )
    for columns in (
        *(["event_id"], ["position_id"], ["device_id"], ["entered_by_id"], ["user_id"]),
        ["list_id", "datetime"],
    ):
        op.create_index(op.f(f"ix_checkins_undone_{'_'.join(columns)}"), "checkins_undone", columns)
    op.create_index(
        "ix_checkins_again", "checkins", ["list_id", "datetime"], sqlite_where=_AGAIN, postgresql_where=_AGAIN
    )
    op.create_index(
        "ix_checkins_exits",
        "checkins",
        ["list_id", "position_id", "datetime"],
        sqlite_where=_EXITS,
        postgresql_where=_EXITS,
    )


def downgrade() -> None:
    op.drop_index("ix_checkins_exits", "checkins")
    op.drop_index("ix_checkins_again", "checkins")
    op.drop_table("checkins_undone")
