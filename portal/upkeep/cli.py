"""Commands for the whole installation: `doctor`, `backup` and `restore`."""

from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from portal.config import Config
from portal.upkeep import backup as backups
from portal.upkeep.doctor import examine

_MARKS = {"ok": "ok     ", "warning": "WARNING", "wrong": "WRONG  "}


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Say what is wrong with this installation and what to do; the exit status is 1 where anything is."""
    findings = examine()
    for finding in findings:
        click.echo(f"{_MARKS[finding.verdict]}  {finding.what}: {finding.found}")
        if finding.advice:
            click.echo(f"         {finding.advice}")
    wrong = sum(finding.verdict == "wrong" for finding in findings)
    warnings = sum(finding.verdict == "warning" for finding in findings)
    click.echo(f"{wrong} wrong, {warnings} {'warning' if warnings == 1 else 'warnings'}")
    if wrong:
        raise SystemExit(1)


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(file: Path) -> None:
    """Write the whole database to FILE, while the portal serves.

    The settings and the key in the instance folder are not in it: keep them elsewhere.
    """
    config: Config = current_app.config["PORTAL"]
    try:
        size = backups.backup(config, file)
    except (backups.BackupError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{file}: {size:,} bytes.")


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put it in place of what the database holds now.")
@with_appcontext
def restore(file: Path, replace: bool) -> None:
    """Put the database of a backup FILE back. Stop the portal first."""
    config: Config = current_app.config["PORTAL"]
    try:
        backups.restore(config, file, replace=replace)
    except (backups.BackupError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo("The backup is in place. Now run: flask --app wsgi db upgrade")


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (doctor, backup, restore):
        app.cli.add_command(command)
