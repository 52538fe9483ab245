"""Migrations run up, down and up again, end in one head, and leave nothing for an autogenerate to find."""

import warnings
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade

from portal.app import create_app
from portal.config import Config
from portal.core.database import Base, database_uri, db
from tests import services

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
