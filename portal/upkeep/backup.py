"""Backups: the whole database in one file, taken while the portal serves, and put back as one change."""

import fcntl
import os
import shutil
import sqlite3
import subprocess  # noqa: S404 - PostgreSQL's own programs
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from portal.config import Config
from portal.core import health
from portal.core.database import db
from portal.upkeep.doctor import sqlite_file

_SQLITE, _POSTGRES = b"SQLite format 3\0", b"PGDMP"
#: Pages of an SQLite database that are copied at once; writers may write between two.
_PAGES = 2000


class BackupError(Exception):
    """It cannot be done; the message says why and what to do."""


# ----------------------------------------------------------------------------------------------------- taking one


def backup(config: Config, target: Path) -> int:
    """Write the database to ``target``, which is there whole or not at all; its size in bytes."""
    if not target.parent.is_dir():
        raise BackupError(f"{target.parent} is no folder.")
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    # It holds everything about everybody.
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        if source := sqlite_file(config):
            _copy_sqlite(source, draft)
        else:
            _run(config, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}")
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return target.stat().st_size


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise BackupError(f"There is no database {source}.")
    with closing(sqlite3.connect(source, timeout=60)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy, pages=_PAGES, sleep=0.01)
        # A file that is complete by itself, without a log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")


# ------------------------------------------------------------------------------------------------- putting it back


def restore(config: Config, source: Path, *, replace: bool) -> None:
    """Put the database of a backup in place of the present one, which must be empty unless ``replace`` says so.

    Nothing is changed where the file is no backup of this kind of database or of a newer portal.
    """
    target = sqlite_file(config)
    try:
        with source.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise BackupError(f"{source} cannot be read ({error.strerror}).") from None
    kinds = (
        {_SQLITE: "SQLite", head[: len(_POSTGRES)]: "PostgreSQL"} if head.startswith(_POSTGRES) else {_SQLITE: "SQLite"}
    )
    kind = kinds.get(head) or kinds.get(head[: len(_POSTGRES)])
    if kind is None:
        raise BackupError(f"{source} is no backup.")
    wanted = "SQLite" if target else "PostgreSQL"
    if kind != wanted:
        raise BackupError(f"{source} is a backup of {kind}, and DATABASE_URL is {wanted}.")
    if not replace and _has_tables(target):
        raise BackupError("The database is not empty. --replace puts the backup in its place.")
    db.session.remove()
    db.engine.dispose()
    if target:
        _restore_sqlite(source, target)
    else:
        _restore_postgres(config, source)


def _has_tables(file: Path | None) -> bool:
    if file is not None and not file.exists():
        return False
    try:
        return bool(sa.inspect(db.session.connection()).get_table_names())
    finally:
        db.session.rollback()


def _check_schema(revisions: frozenset[str]) -> None:
    if not revisions:
        raise BackupError("This is no backup of a portal.")
    if not revisions <= health.known_schemas():
        raise BackupError("This is a backup of a newer portal. Install that version first.")


def _restore_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as origin:
        try:
            if origin.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                raise BackupError(f"{source} is damaged.")
            revisions = origin.execute("SELECT version_num FROM alembic_version").fetchall()
        except sqlite3.DatabaseError:
            raise BackupError(f"{source} is damaged, or no backup of a portal.") from None
        _check_schema(frozenset(str(row[0]) for row in revisions))
        target.parent.mkdir(parents=True, exist_ok=True)
        with _writers_out(target), closing(sqlite3.connect(target, timeout=60)) as copy:
            origin.backup(copy)
            copy.execute("PRAGMA journal_mode=WAL")


@contextmanager
def _writers_out(file: Path) -> Iterator[None]:
    """Hold the lock that the portal's writers queue on."""
    with Path(f"{file}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _restore_postgres(config: Config, source: Path) -> None:
    listed = _run(config, "pg_restore", "--list", str(source), connect=False)
    if b" TABLE DATA public alembic_version " not in listed:
        raise BackupError("This is no backup of a portal.")
    version = _run(
        config, "pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(source), connect=False
    ).decode()
    rows = version.partition("FROM stdin;\n")[2].partition("\\.")[0].split()
    _check_schema(frozenset(rows))
    script = _run(config, "pg_restore", "--no-owner", "--no-privileges", "--file=-", str(source), connect=False)
    fresh = b"DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"
    # pg_dump leaves the schema that every database has alone, or makes it, as the server's version pleases.
    script = script.replace(b"CREATE SCHEMA public;\n", b"")
    _run(
        config, "psql", "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", given=fresh + script
    )


def _run(config: Config, program: str, *arguments: str, connect: bool = True, given: bytes | None = None) -> bytes:
    """One of PostgreSQL's programs; the password goes by its environment, which nobody else sees."""
    address, environ = _connection(config)
    command = [_program(program), *arguments, *([f"--dbname={address}"] if connect else [])]
    ended = subprocess.run(command, env=environ, input=given, capture_output=True, check=False)  # noqa: S603
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise BackupError(f"{program}: {said[-1] if said else f'ended with {ended.returncode}'}")
    return ended.stdout


def _connection(config: Config) -> tuple[str, Mapping[str, str]]:
    url = make_url(config.database_uri)
    environ = dict(os.environ)
    if url.password is not None:
        environ["PGPASSWORD"] = str(url.password)
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False), environ


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed (Debian: apt-get install postgresql-client).")
    return found
