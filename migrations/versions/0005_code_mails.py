"""When an exhibitor's access code was sent, and why it could not be.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("exhibitors", schema=None) as batch_op:
        batch_op.add_column(sa.Column("code_sent", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("code_sent_error", sa.String(length=300), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("exhibitors", schema=None) as batch_op:
        batch_op.drop_column("code_sent_error")
        batch_op.drop_column("code_sent")
