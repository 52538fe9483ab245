"""Ids are given once: SQLite gave the highest one again after its row was deleted, as PostgreSQL never does.

What still named the deleted row (its history, a script, an open page, the bundle it came from) meant another one then.

Revision 0220, after 0210.
"""

import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0220"
down_revision = "0210"
branch_labels = None
depends_on = None

#: Tables whose rows can be deleted, with what the audit log and the sources of bundles call a row.
TABLES = {
    "access_codes": "access_code",
    "checkin_lists": "checkin_list",
    "checkins": "checkin",
    "devices": "device",
    "exhibitor_tags": "exhibitor_tag",
    "exhibitors": "exhibitor",
    "item_variations": "variation",
    "items": "item",
    "leads": "lead",
    "question_options": "option",
    "questions": "question",
    "subevents": "subevent",
    "team_tokens": "team_token",
    "teams": "team",
    "vouchers": "voucher",
}
_ID, _LASTING = "id INTEGER NOT NULL", "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table, kind in TABLES.items():
            _rebuild(table, _lasting)
            _begin_behind(table, kind)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            _rebuild(table, _plain)


def _lasting(table: str, made: str) -> str:
    return re.sub(rf",\s*CONSTRAINT pk_{table} PRIMARY KEY \(id\)", "", re.sub(rf"\b{_ID}", _LASTING, made))


def _plain(table: str, made: str) -> str:
    # Before the other constraints: columns that were added later stand in front of them.
    key = f"CONSTRAINT pk_{table} PRIMARY KEY (id)"
    return re.sub(r"(,\s*)(CONSTRAINT |FOREIGN KEY|\)$)", rf"\1{key}, \n\t\2", made.replace(_LASTING, _ID), count=1)


def _rebuild(table: str, changed: Callable[[str, str], str]) -> None:
    """Make the table anew, with its rows and indexes, as ``changed`` says of its name and how it was made."""
    run = op.get_bind().exec_driver_sql
    made = run("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).scalar_one()
    beside = run("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'table' AND sql IS NOT NULL", (table,))
    beside = [sql for (sql,) in beside]
    names = ", ".join(f'"{name}"' for _, name, *_ in run(f'PRAGMA table_info("{table}")'))
    known = sa.inspect(op.get_bind()).has_table("sqlite_stat1")
    new = changed(table, made)
    if new == made or new.count("PRIMARY KEY") != 1:
        raise RuntimeError(f"the table {table} was made in a way that this does not know:\n{made}")
    run(re.sub(r'CREATE TABLE "?\w+"?', f'CREATE TABLE "new_{table}"', new, count=1))
    run(f'INSERT INTO "new_{table}" ({names}) SELECT {names} FROM "{table}"')  # noqa: S608 - names from the schema
    run(f'DROP TABLE "{table}"')
    run(f'ALTER TABLE "new_{table}" RENAME TO "{table}"')
    for sql in beside:
        run(sql)
    if known:
        run(f'ANALYZE "{table}"')


def _begin_behind(table: str, kind: str) -> None:
    """Begin behind the ids that are remembered of deleted rows."""
    run = op.get_bind().exec_driver_sql
    highest = run(
        "SELECT max(coalesce((SELECT max(row_id) FROM source_rows WHERE kind = ?), 0),"
        " coalesce((SELECT max(object_id) FROM audit_log WHERE object_kind = ?), 0))",
        (kind, kind),
    ).scalar_one()
    if not run("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (highest, table)).rowcount:
        run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, highest))
