"""Runs migrations on the app's database, in one transaction, on SQLite and PostgreSQL."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from portal.core.database import Money, UTCDateTime, set_writing

set_writing(True)
extension = current_app.extensions["migrate"]


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """Write our column types as the plain ones they are stored in: a migration never needs the app's code."""
    if kind != "type":
        return False
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Money):
        return 'sa.Numeric(13, 2).with_variant(sa.BigInteger(), "sqlite")'
    if isinstance(item, sa.JSON) and "postgresql" in item._variant_mapping:
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if isinstance(item, sa.BigInteger) and "sqlite" in item._variant_mapping:
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False


def drop_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """No file for an autogenerate that found nothing."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave alone what the job queue makes for itself on PostgreSQL, and what a migration wrote by hand for search."""
    return not (kind in ("table", "index") and (name or "").startswith(("huey_", "search_")))


def run() -> None:
    """Migrate with foreign keys off on SQLite (tables may be rebuilt), checking them before the commit."""
    engine = extension.db.engine
    arguments = {key: value for key, value in extension.configure_args.items() if value is not None}
    arguments.setdefault("process_revision_directives", drop_empty)
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        driver = connection.connection.dbapi_connection
        if sqlite:
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            context.configure(
                connection=connection,
                target_metadata=extension.db.metadata,
                render_item=render_item,
                transactional_ddl=True,  # SQLite can; without this the foreign keys would stay off afterwards
                include_name=include_name,
                **arguments,
            )
            with context.begin_transaction():
                context.run_migrations()
                if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                    raise RuntimeError(f"a row in {broken[0]} would point to nothing")
        finally:
            if sqlite:
                driver.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    raise SystemExit("Migrations run on a database; there is no offline mode.")
run()
