"""One head again, where several branches of changes come together.

Revision ID: 0150
Revises: 0140, 0160, 0170
"""

revision = "0150"
down_revision = ("0140", "0160", "0170")
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing changes."""


def downgrade() -> None:
    """Nothing changes."""
