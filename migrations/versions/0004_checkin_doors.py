"""Refused attempts, lists that know when they changed, and indexes for the search at the gate.

Revision 0004, after 0003.

What is named ``search_…`` here is written by hand and in no model (autogenerate leaves it alone): an index for
substrings (trigrams; on SQLite a table of its own that triggers keep), and beginnings of secrets and codes without
regard to case.
Who rebuilds ``order_positions`` on SQLite makes the triggers again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)

_TRIGRAMS = (
    "CREATE VIRTUAL TABLE search_positions USING fts5("
    "search_text, content='order_positions', content_rowid='id', tokenize='trigram')",
    "CREATE TRIGGER search_positions_insert AFTER INSERT ON order_positions BEGIN"
    " INSERT INTO search_positions(rowid, search_text) VALUES (new.id, new.search_text); END",
    "CREATE TRIGGER search_positions_delete AFTER DELETE ON order_positions BEGIN"
    " INSERT INTO search_positions(search_positions, rowid, search_text)"
    " VALUES ('delete', old.id, old.search_text); END",
    "CREATE TRIGGER search_positions_update AFTER UPDATE OF search_text ON order_positions"
    " WHEN old.search_text IS NOT new.search_text BEGIN"
    " INSERT INTO search_positions(search_positions, rowid, search_text) VALUES ('delete', old.id, old.search_text);"
    " INSERT INTO search_positions(rowid, search_text) VALUES (new.id, new.search_text); END",
    "INSERT INTO search_positions(search_positions) VALUES ('rebuild')",
)


def upgrade() -> None:
    op.create_table(
        "checkin_refusals",
        sa.Column("event_id", _ID, nullable=False),
        sa.Column("list_id", _ID, nullable=False),
        sa.Column("position_id", _ID, nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("datetime", _TIME, nullable=False),
        sa.Column("device_id", _ID, nullable=True),
        sa.Column("user_id", _ID, nullable=True),
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_checkin_refusals_{column}"), ondelete=ondelete
            )
            for column, table, ondelete in (
                ("event_id", "events", "CASCADE"),
                ("list_id", "checkin_lists", "CASCADE"),
                ("position_id", "order_positions", "CASCADE"),
                ("device_id", "devices", "SET NULL"),
                ("user_id", "users", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkin_refusals")),
    )
    for columns in (["event_id"], ["position_id"], ["device_id"], ["user_id"], ["list_id", "datetime"]):
        op.create_index(op.f(f"ix_checkin_refusals_{'_'.join(columns)}"), "checkin_refusals", columns)
    with op.batch_alter_table("checkin_lists", schema=None) as batch_op:
        batch_op.add_column(sa.Column("modified", _TIME, nullable=True))
    op.create_index(op.f("ix_checkins_list_id_id"), "checkins", ["list_id", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for statement in _TRIGRAMS:
            op.execute(statement)
        op.execute("CREATE INDEX search_secrets ON order_positions (event_id, lower(secret))")
        op.execute("CREATE INDEX search_codes ON orders (event_id, lower(code))")
        return
    op.execute('CREATE INDEX search_secrets ON order_positions (event_id, (lower(secret) COLLATE "C"))')
    op.execute('CREATE INDEX search_codes ON orders (event_id, (lower(code) COLLATE "C"))')
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DBAPIError:
        # The database's owner may not create it: the search then reads all tickets of the event.
        return
    op.execute("CREATE INDEX search_texts ON order_positions USING gin (search_text gin_trgm_ops)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER search_positions_{trigger}")
        op.execute("DROP TABLE search_positions")
    else:
        op.execute("DROP INDEX IF EXISTS search_texts")
    op.execute("DROP INDEX search_codes")
    op.execute("DROP INDEX search_secrets")
    op.drop_index(op.f("ix_checkins_list_id_id"), "checkins")
    with op.batch_alter_table("checkin_lists", schema=None) as batch_op:
        batch_op.drop_column("modified")
    op.drop_table("checkin_refusals")
