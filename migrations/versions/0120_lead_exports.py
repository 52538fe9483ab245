"""When a lead was first exported: what is new since then.

Revision 0120, after 0110.
"""

import sqlalchemy as sa
from alembic import op

import portal.core.database

revision = "0120"
down_revision = "0110"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("exported", portal.core.database.UTCDateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_leads_exhibitor_id_exported"), ["exhibitor_id", "exported"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_leads_exhibitor_id_exported"))
        batch_op.drop_column("exported")
