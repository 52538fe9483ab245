"""The app on both databases, a clean one for each test, and the fair that tests walk through."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2 import FileSystemBytecodeCache

from portal.accounts import passwords
from portal.app import create_app
from portal.config import Config
from portal.core.database import Base, database_uri, db, set_writing
from portal.core.queue import queue_of
from tests.fair import QUICK, Fair, build_fair
from tests.snapshots import built

pytest_plugins = ["tests.plugins"]

BACKENDS = ("sqlite", "postgresql")
_REAL = {name: getattr(passwords, name) for name in ("_hasher", "NOBODY")}


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Not what pytest-flask does: inside its one context all requests of a test would share `g`.

    The signed-in person, the language and the database session of the first request would be those of the next.
    """


@pytest.fixture(scope="session", params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated, empty database of each kind."""
    if request.param == "postgresql":
        yield str(request.getfixturevalue("postgres_url"))
        return
    memory = Path("/dev/shm")  # noqa: S108 - a disk would be waited for at each of thousands of commits
    if not memory.is_dir():
        memory = tmp_path_factory.mktemp("database")
    with TemporaryDirectory(prefix="portal-tests-", dir=memory) as folder:
        yield f"sqlite:///{folder}/test.sqlite3"


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashes of the same kind at a twentieth of the work: thousands of tests sign somebody in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", QUICK)
        patch.setattr(passwords, "NOBODY", QUICK.hash("nobody's"))
        yield


@pytest.fixture
def real_hasher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as in production."""
    for name, value in _REAL.items():
        monkeypatch.setattr(passwords, name, value)


@pytest.fixture(scope="session")
def config(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings of a test server: no limits, no proxies, mails as files."""
    return Config(
        database_uri=database_uri(database_url),
        instance_path=tmp_path_factory.mktemp("instance"),
        secret_key="a key for tests only",
        ratelimit_enabled=False,
        testing=True,
    )


@pytest.fixture(scope="session")
def migrated_app(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app on its migrated database, shared by a session's tests."""
    app = create_app(config)
    with app.app_context():
        upgrade(directory="migrations")
    # Each template is compiled once in a run, not by each process for each database.
    compiled = tmp_path_factory.getbasetemp()
    compiled = compiled.parent if "PYTEST_XDIST_WORKER" in os.environ else compiled
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled), "__template_%s.cache")
    yield app
    queue_of(app).close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(migrated_app: Flask) -> Iterator[Flask]:
    """The app with empty tables: real commits, swept away afterwards."""
    yield migrated_app
    sweep(migrated_app)


def sweep(app: Flask) -> None:
    """Empty all tables, the instance folder's mails, and what the limiter remembers."""
    with app.app_context():
        set_writing(True)
        db.session.remove()
        emptying = [f"DELETE FROM {table.name}" for table in reversed(Base.metadata.sorted_tables)]  # noqa: S608
        with db.engine.begin() as connection:
            # PostgreSQL takes all of them in one message.
            together = db.engine.dialect.name == "postgresql"
            for each in [";".join(emptying)] if together else emptying:
                connection.exec_driver_sql(each)
    shutil.rmtree(Path(app.config["PORTAL"].instance_path) / "mail", ignore_errors=True)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser or script that is nobody yet."""
    return app.test_client()


@pytest.fixture
def fair(app: Flask) -> Fair:
    """A small fair with the contracts' names, a rival exhibitor and a stranger's organizer; see `tests.fair`."""
    with app.app_context():
        return built(build_fair)


@pytest.fixture
def session(app: Flask) -> Iterator[Any]:
    """The database session inside an app context, for tests that call operations directly."""
    with app.app_context():
        set_writing(True)
        yield db.session
        db.session.rollback()
