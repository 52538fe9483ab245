"""Access codes that are sent to many exhibitors.

Revision 0130, after 0120.
"""

import sqlalchemy as sa
from alembic import op

revision = "0130"
down_revision = "0120"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "code_mailings",
        sa.Column("event_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_label", sa.String(length=255), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_code_mailings_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_mailings")),
        sa.UniqueConstraint("event_id", "key", name=op.f("uq_code_mailings_event_id_key")),
    )
    op.create_table(
        "code_mailing_recipients",
        sa.Column("mailing_id", _ID, nullable=False),
        sa.Column("exhibitor_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'failed', 'cancelled')", name=op.f("ck_code_mailing_recipients_state")
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id"],
            ["code_mailings.id"],
            name=op.f("fk_code_mailing_recipients_mailing_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["exhibitor_id"],
            ["exhibitors.id"],
            name=op.f("fk_code_mailing_recipients_exhibitor_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_mailing_recipients")),
        sa.UniqueConstraint(
            "mailing_id", "exhibitor_id", name=op.f("uq_code_mailing_recipients_mailing_id_exhibitor_id")
        ),
    )
    with op.batch_alter_table("code_mailing_recipients", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_code_mailing_recipients_exhibitor_id"), ["exhibitor_id"], unique=False)
        batch_op.create_index(
            "uq_code_mailing_recipients_waiting",
            ["exhibitor_id"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )


def downgrade() -> None:
    op.drop_table("code_mailing_recipients")
    op.drop_table("code_mailings")
