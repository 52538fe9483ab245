"""The commands `bundle load`, `bundle check`, `bundle dump` and `demo`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import OperationalError, ProgrammingError

from portal.core import clock
from portal.core.actors import Actor
from portal.core.database import db, set_writing
from portal.exchange.demo import build_demo, demo_banner_facts, demo_day
from portal.exchange.dump import UnknownOrganizer, dump_bundle
from portal.exchange.load import BundleError, Loaded, check_bundle, load_bundle, load_data
from portal.exchange.load.problems import LIMIT
from portal.exchange.queries import has_organizers, organizer_id

_ACTOR = Actor(kind="system", label="command line")
bundle = AppGroup("bundle", help="Read and write bundles: one file with an organizer and all that belongs to it.")


@bundle.command("load")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
def load(file: str) -> None:
    """Load FILE (.json, .json.gz, or - for standard input). Nothing is written if anything is wrong."""
    raw = _file(file)
    set_writing(True)
    with _refusing(file), _progress("Loading") as progress:
        loaded = load_bundle(actor=_ACTOR, raw=raw, name=file, progress=progress)
        db.session.commit()
    del raw
    _tidy(loaded)
    _report(loaded)


@bundle.command("check")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
def check(file: str) -> None:
    """Read FILE and say what is wrong with it, without the database."""
    raw = _file(file)
    with _refusing(file), _progress("Checking") as progress:
        warnings = check_bundle(raw=raw, name=file, progress=progress)
    _warn(warnings)
    click.echo("This bundle is sound.")


@bundle.command("dump")
@click.argument("organizer")
def dump(organizer: str) -> None:
    """Write the bundle of ORGANIZER (its slug) to standard output."""
    set_writing(True)
    out = sys.stdout.buffer
    with _database():
        try:
            for piece in dump_bundle(organizer=organizer):
                out.write(piece)
            out.flush()
        except UnknownOrganizer:
            click.echo(f"There is no organizer “{organizer}”.", err=True)
            raise SystemExit(1) from None


@click.command("demo")
@with_appcontext
def demo() -> None:
    """Load the demo into an empty database, and say how to look around in it."""
    set_writing(True)
    facts = demo_banner_facts()
    with _refusing("demo"):
        if not has_organizers():
            loaded = load_data(actor=_ACTOR, data=build_demo(demo_day(clock.now())))
            db.session.commit()
            _tidy(loaded)
        there = organizer_id(facts.organizer) is not None
    if not there:
        click.echo("There is data already, and no demo among it.", err=True)
        return
    click.echo(_banner())
    if not current_app.config["PORTAL"].development:
        click.echo("Everybody knows these sign-ins: let nobody else reach this server while they are there.", err=True)


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(bundle)
    app.cli.add_command(demo)


def _file(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        click.echo(f"{name}: {error.strerror or error}", err=True)
        raise SystemExit(1) from None


@contextmanager
def _refusing(file: str) -> Iterator[None]:
    """A bundle that cannot be loaded ends the command: every problem on standard error, status 1."""
    with _database():
        try:
            yield
        except BundleError as error:
            db.session.rollback()
            for problem in error.problems:
                click.echo(str(problem) if problem.path else f"{file}: {problem.reason}", err=True)
            if len(error.problems) >= LIMIT:
                click.echo(f"These are the first {LIMIT} problems; there may be more.", err=True)
            raise SystemExit(1) from None


@contextmanager
def _database() -> Iterator[None]:
    """A database that does not answer, or has no tables yet, ends the command in a sentence."""
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        db.session.rollback()
        reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
        hint = "Is it there, and is it up to date (flask --app wsgi db upgrade)?"
        click.echo(f"The database cannot be used: {reason}. {hint}", err=True)
        raise SystemExit(1) from None


@contextmanager
def _progress(label: str) -> Iterator[Callable[[float], None]]:
    """A progress bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:
        yield lambda done: bar.update(int(done * 1000) - bar.pos)


def _tidy(loaded: Loaded) -> None:
    """Let the database learn what the tables hold now, so that the first queries are fast."""
    if loaded.created > 1000:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def _warn(warnings: list[str]) -> None:
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)


def _report(loaded: Loaded) -> None:
    _warn(loaded.warnings)
    click.echo(f"{loaded.organizer}: {loaded.created} new, {loaded.changed} changed, {loaded.unchanged} unchanged.")
    if loaded.generated:
        click.echo("\nMade for you, and shown this once:")
        width = max(len(entry.what) for entry in loaded.generated)
        for entry in loaded.generated:
            click.echo(f"  {entry.what:<{width}}  {entry.value}")


def _banner() -> str:
    config, facts = current_app.config["PORTAL"], demo_banner_facts()
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::", "") else config.host  # noqa: S104 - compared, not bound
    base = config.base_url or f"http://{host}:{config.port}"
    user = facts.organizer_user
    lines = (
        ("The portal", f"{base}/"),
        ("Exhibitor", f"{facts.exhibitor}, access code {facts.access_code}"),
        ("", f"{base}/e/{facts.access_code}"),
        ("Organizer", f"{user.email}, password {user.password}"),
        ("", f"{base}/login"),
        ("Team token", facts.team_token),
        ("Device key", facts.device_key),
    )
    return "\n".join(["", *(f"  {name:<12}{value}" for name, value in lines), ""])
