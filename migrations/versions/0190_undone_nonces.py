"""A check-in that was taken back keeps its nonce: the phone that repeats the request does not let the ticket in again.

Revision 0190, after 0200.
"""

import sqlalchemy as sa
from alembic import op

revision = "0190"
down_revision = "0200"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("checkins_undone", sa.Column("nonce", sa.String(length=190), nullable=True))


def downgrade() -> None:
    op.drop_column("checkins_undone", "nonce")
