"""Commands for accounts: users, their passwords, and team tokens."""

import sys

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from portal.accounts import queries, services
from portal.accounts.models import Team
from portal.core.actors import SYSTEM
from portal.core.database import db
from portal.core.errors import DomainError
from portal.events.models import Organizer

users = AppGroup("user", help="People who sign in with e-mail and password.")
tokens = AppGroup("token", help="Credentials of teams for the API.")

_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@users.command("create")
@click.argument("email")
@click.option("--name", default="", help="How the person is called on pages and in histories.")
@click.option("--admin", is_flag=True, help="May do everything in every event.")
@_from_stdin
def create_user(email: str, name: str, admin: bool, password_stdin: bool) -> None:
    """Create a user who signs in with EMAIL."""
    password = _password(password_stdin)
    try:
        user = services.create_user(actor=SYSTEM, email=email, password=password, name=name, is_admin=admin)
    except DomainError as error:
        raise click.ClickException(error.message) from None
    db.session.commit()
    click.echo(f"{user.email} can sign in now{', as an admin' if admin else ''}.")


@users.command("password")
@click.argument("email")
@_from_stdin
def set_password(email: str, password_stdin: bool) -> None:
    """Give EMAIL another password and sign them out everywhere."""
    user = queries.user_by_email(email)
    if user is None:
        raise click.ClickException(f"There is no user {email}.")
    db.session.commit()  # nothing is locked while somebody types
    password = _password(password_stdin)
    try:
        services.set_password(actor=SYSTEM, user=user, password=password)
    except DomainError as error:
        raise click.ClickException(error.message) from None
    db.session.commit()
    click.echo(f"{email} has another password and is signed out everywhere.")


@tokens.command("create")
@click.argument("organizer")
@click.argument("team")
@click.argument("name")
def create_token(organizer: str, team: str, name: str) -> None:
    """Create a token called NAME for the TEAM of an ORGANIZER (its slug) and print it, once."""
    found = db.session.scalars(
        sa.select(Team)
        .join(Organizer, Organizer.id == Team.organizer_id)
        .where(sa.func.lower(Organizer.slug) == organizer.lower(), Team.name == team)
    ).one_or_none()
    if found is None:
        raise click.ClickException(f"The organizer {organizer} has no team {team}.")
    try:
        token = services.create_token(actor=SYSTEM, team=found, name=name)
    except DomainError as error:
        raise click.ClickException(error.message) from None
    db.session.commit()
    click.echo(token)
