"""Count what is limited.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limit_hits",
        sa.Column("key", sa.String(length=190), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_limit_hits")),
    )
    with op.batch_alter_table("limit_hits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_limit_hits_expires"), ["expires"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("limit_hits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_limit_hits_expires"))
    op.drop_table("limit_hits")
