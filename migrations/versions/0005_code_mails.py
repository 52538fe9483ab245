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
    op.add_column("exhibitors", sa.Column("code_sent", sa.DateTime(timezone=True), nullable=True))
    op.add_column("exhibitors", sa.Column("code_sent_error", sa.String(length=300), nullable=True))


def downgrade() -> None:
    # Not in a batch: that would make the table anew on SQLite, without its index on an expression.
    op.drop_column("exhibitors", "code_sent_error")
    op.drop_column("exhibitors", "code_sent")
