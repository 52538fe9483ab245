"""Backups: taken while others write, put back whole, and refused where they would do harm."""

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.config import Config
from portal.core.database import Base, database_uri, db
from portal.events.models import Organizer
from tests import services
from tests.fair import Fair
from tests.working import another


def contents(app: Flask) -> dict[str, list[Any]]:
    """Every row of every table."""
    with app.app_context(), db.engine.connect() as connection:
        found: dict[str, list[Any]] = {}
        for table in Base.metadata.sorted_tables:
            key = list(table.primary_key.columns) or list(table.columns)
            found[table.name] = [tuple(row) for row in connection.execute(sa.select(table).order_by(*key))]
        return found


def run(app: Flask, *arguments: str | Path) -> str:
    """A command that works; what it says."""
    ended = app.test_cli_runner().invoke(args=[str(one) for one in arguments])
    assert ended.exit_code == 0, ended.output
    return ended.output


def refused(app: Flask, *arguments: str | Path) -> str:
    """A command that does not; what it says."""
    ended = app.test_cli_runner().invoke(args=[str(one) for one in arguments])
    assert ended.exit_code == 1, ended.output
    assert "Traceback" not in ended.output
    return ended.output


@pytest.fixture
def elsewhere(config: Config, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An app with an empty database of the same kind, on another machine."""
    uri = f"sqlite:///{tmp_path / 'elsewhere' / 'portal.sqlite3'}"
    if not config.database_uri.startswith("sqlite"):
        uri = services.create_database(str(request.getfixturevalue("postgres_server")), "elsewhere")
    with another(config, database_uri=database_uri(uri), instance_path=tmp_path / "instance") as app:
        yield app


def test_what_is_put_back_is_what_was_there(app: Flask, fair: Fair, tmp_path: Path, elsewhere: Flask) -> None:
    file, before = tmp_path / "fair.backup", contents(app)
    assert sum(map(len, before.values())) > 100
    assert f"{file}: " in run(app, "backup", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "db upgrade" in run(elsewhere, "restore", file)
    assert contents(elsewhere) == before
    run(elsewhere, "db", "upgrade")
    with elsewhere.app_context():
        db.session.execute(sa.update(Organizer).values(name="Changed since"))
        db.session.execute(sa.text("CREATE TABLE leftover (id INTEGER)"))
        db.session.commit()
    assert "--replace" in refused(elsewhere, "restore", file)
    assert contents(elsewhere) != before
    run(elsewhere, "restore", "--replace", file)
    assert contents(elsewhere) == before
    with elsewhere.app_context():
        assert not sa.inspect(db.engine).has_table("leftover")
        assert db.session.scalar(sa.text("SELECT count(*) FROM alembic_version")) == 1
    seats = elsewhere.test_client().get(f"{fair.base}/seats/", headers=fair.auth())
    assert (seats.status_code, seats.get_json()["count"]) == (200, 60)


def test_it_is_taken_while_others_write(app: Flask, fair: Fair, tmp_path: Path, elsewhere: Flask) -> None:
    """Both names of each change, or neither: a backup is one moment."""
    over = threading.Event()
    written = [0]

    def write() -> None:
        with app.app_context():
            while not over.is_set():
                written[0] += 1
                for slug in ("bigevents", "foreign"):
                    rename = sa.update(Organizer).where(Organizer.slug == slug).values(name=f"name {written[0]}")
                    db.session.execute(rename)
                db.session.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while written[0] < 5:
            over.wait(0.01)
        run(app, "backup", tmp_path / "one.backup")
        taken = written[0]
        while written[0] == taken:
            over.wait(0.01)
    finally:
        over.set()
        writer.join()
    run(elsewhere, "restore", tmp_path / "one.backup")
    with elsewhere.app_context():
        names = set(db.session.scalars(sa.select(Organizer.name)))
    assert len(names) == 1
    assert names.pop().startswith("name ")


def test_what_is_no_backup_is_refused_and_nothing_changes(app: Flask, fair: Fair, tmp_path: Path) -> None:
    before = contents(app)
    junk = tmp_path / "junk"
    junk.write_bytes(b"hello" * 100)
    other = tmp_path / "other"
    run(app, "backup", tmp_path / "good")
    good = (tmp_path / "good").read_bytes()
    foreign = tmp_path / "foreign"
    if good.startswith(b"PGDMP"):
        with closing(sqlite3.connect(foreign)) as made:
            made.execute("CREATE TABLE things (id INTEGER)")
    else:
        foreign.write_bytes(b"PGDMP" + bytes(100))
    other.write_bytes(good[: len(good) // 2])
    for file, said in ((junk, "is no backup"), (tmp_path / "nothing", "cannot be read"), (foreign, "is a backup of")):
        assert said in refused(app, "restore", "--replace", file)
    assert refused(app, "restore", "--replace", other)
    assert contents(app) == before
    assert "is no folder" in refused(app, "backup", tmp_path / "no" / "folder")
    assert [file.name for file in tmp_path.iterdir() if ".part" in file.name] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
def test_a_backup_of_a_newer_portal_is_refused(app: Flask, fair: Fair, tmp_path: Path) -> None:
    run(app, "backup", tmp_path / "good")
    with closing(sqlite3.connect(tmp_path / "good")) as made:
        made.execute("UPDATE alembic_version SET version_num = '9999'")
        made.commit()
    before = contents(app)
    assert "newer portal" in refused(app, "restore", "--replace", tmp_path / "good")
    with closing(sqlite3.connect(tmp_path / "other")) as made:
        made.execute("CREATE TABLE things (id INTEGER)")
    assert "no backup of a portal" in refused(app, "restore", "--replace", tmp_path / "other")
    assert contents(app) == before
