"""Names with a calling name are of the scheme `calling_full`, as ticket shops call it.

Revision 0200, after 0180.
"""

import sqlalchemy as sa
from alembic import op

revision = "0200"
down_revision = "0180"
branch_labels = None
depends_on = None

_COLUMNS = {
    "exhibitors": "contact_name_parts",
    "orders": "invoice_name_parts",
    "order_positions": "attendee_name_parts",
    "cart_positions": "attendee_name_parts",
}


def upgrade() -> None:
    _rename("full_calling", "calling_full")


def downgrade() -> None:
    _rename("calling_full", "full_calling")


def _rename(old: str, new: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        statement = "UPDATE {0} SET {1} = jsonb_set({1}, '{{_scheme}}', to_jsonb(CAST(:new AS text))) "
        statement += "WHERE {1} ->> '_scheme' = :old"
    else:
        statement = "UPDATE {0} SET {1} = json_set({1}, '$._scheme', :new) WHERE {1} ->> '$._scheme' = :old"
    for table, column in _COLUMNS.items():
        op.execute(sa.text(statement.format(table, column)).bindparams(old=old, new=new))
