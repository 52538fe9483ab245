"""Migrations run up, down and up again, end in one head, and leave nothing for an autogenerate to find."""

import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade

from portal.app import create_app
from portal.config import Config
from portal.core import clock
from portal.core.database import Base, database_uri, db
from portal.exhibitors.models import Exhibitor
from portal.tickets.models import CartPosition, Order, OrderPosition
from tests import services
from tests.fair import Fair

MIGRATIONS = str(Path(__file__).parents[2] / "migrations")


def by_models(name: str | None, kind: str, _parents: object) -> bool:
    """What models declare; indexes for search are written by hand."""
    return not (kind in ("table", "index") and (name or "").startswith("search_"))


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(MIGRATIONS).get_heads()) == 1


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_up_down_up_and_nothing_left_to_generate(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if backend == "postgresql":
        url = services.create_database(request.getfixturevalue("postgres_server"), "migrations")
    else:
        url = f"sqlite:///{tmp_path / 'migrations.sqlite3'}"
    app = create_app(Config(database_uri=database_uri(url), instance_path=tmp_path, secret_key="x" * 16))
    with app.app_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        upgrade(MIGRATIONS)
        downgrade(MIGRATIONS, revision="base")
        assert set(sa.inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade(MIGRATIONS)
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": by_models})
            assert compare_metadata(context, Base.metadata) == []
            if backend == "sqlite":
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert set(Base.metadata.tables) <= set(sa.inspect(db.engine).get_table_names())
        db.engine.dispose()


def test_names_with_a_calling_name_change_their_scheme_and_back(app: Flask, fair: Fair) -> None:
    module = ScriptDirectory(MIGRATIONS).get_revision("0200").module
    known = {"_scheme": "given_family", "given_name": "Ada", "family_name": "full_calling"}
    columns: list[Any] = [Exhibitor.contact_name_parts, OrderPosition.attendee_name_parts]
    columns += [CartPosition.attendee_name_parts, Order.invoice_name_parts]
    with app.app_context(), db.engine.begin() as connection:
        values = {"event_id": fair.event, "item_id": fair.item, "cart_id": "c", "price": Decimal(1)}
        values |= {"datetime": clock.now(), "expires": clock.now()}
        connection.execute(sa.insert(CartPosition), [values, values])
        first: dict[Any, int] = {}
        for column in columns:
            first[column] = connection.execute(sa.select(sa.func.min(column.class_.id))).scalar_one()
            connection.execute(sa.update(column.class_).values({column.key: known}))
            row = sa.update(column.class_).where(column.class_.id == first[column])
            connection.execute(row.values({column.key: {"_scheme": "full_calling", "full_name": "Ada King"}}))
        with Operations.context(MigrationContext.configure(connection)):
            for change, scheme in (
                (module.upgrade, "calling_full"),
                (module.downgrade, "full_calling"),
                (module.upgrade, "calling_full"),
            ):
                change()
                for column in columns:
                    rows = {number: parts for number, parts in connection.execute(sa.select(column.class_.id, column))}
                    assert rows.pop(first[column]) == {"_scheme": scheme, "full_name": "Ada King"}
                    assert rows
                    assert all(parts == known for parts in rows.values())


def test_on_sqlite_ids_of_rows_that_can_be_deleted_are_given_once(app: Flask, fair: Fair) -> None:
    tables = ScriptDirectory(MIGRATIONS).get_revision("0220").module.TABLES
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            return
        made = {name: sql for name, sql in connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")}
        assert [table for table in tables if "AUTOINCREMENT" not in made[table]] == []
