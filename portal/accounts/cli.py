"""Commands for accounts: users, their passwords, and team tokens. Lists are lines of fields, with tabs between."""

import sys

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from portal.accounts import queries, services
from portal.accounts.models import Team
from portal.accounts.services import tokens as token_services
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


@users.command("list")
@click.option("--all", "everybody", is_flag=True, help="Those who were deactivated too.")
def list_users(everybody: bool) -> None:
    """List who can sign in: e-mail, name, what they are, when they were made."""
    for user in queries.all_users(everybody=everybody):
        kinds = [word for word, holds in (("admin", user.is_admin), ("deactivated", not user.is_active)) if holds]
        click.echo("\t".join((user.email, user.name or "-", ", ".join(kinds) or "-", f"{user.created:%Y-%m-%d}")))


def _set_active(email: str, *, active: bool) -> None:
    user = queries.user_by_email(email)
    if user is None:
        raise click.ClickException(f"There is no user {email}.")
    try:
        services.set_active(actor=SYSTEM, user=user, active=active)
    except DomainError as error:
        raise click.ClickException(error.message) from None
    db.session.commit()


@users.command("deactivate")
@click.argument("email")
def deactivate_user(email: str) -> None:
    """Keep EMAIL from signing in, and sign them out everywhere. What they did stays theirs."""
    _set_active(email, active=False)
    click.echo(f"{email} cannot sign in any more.")


@users.command("activate")
@click.argument("email")
def activate_user(email: str) -> None:
    """Let EMAIL sign in again."""
    _set_active(email, active=True)
    click.echo(f"{email} can sign in again.")


@tokens.command("list")
@click.argument("organizer")
@click.option("--all", "everything", is_flag=True, help="Those that were revoked too.")
def list_tokens(organizer: str, everything: bool) -> None:
    """List the tokens of an ORGANIZER (its slug): id, team, name, when it was last used."""
    for token in queries.tokens_of(_organizer(organizer), everything=everything):
        used = "never used" if token.last_used is None else f"used {token.last_used:%Y-%m-%d %H:%M} UTC"
        click.echo("\t".join((str(token.id), token.team, token.name, used if token.active else "revoked")))


@tokens.command("revoke")
@click.argument("organizer")
@click.argument("token_id", metavar="ID", type=int)
def revoke_token(organizer: str, token_id: int) -> None:
    """End the token with an ID (of `token list`) of an ORGANIZER for good."""
    organizer_id = _organizer(organizer)
    known = {token.id: token for token in queries.tokens_of(organizer_id, everything=True)}
    if token_id not in known:
        raise click.ClickException(f"The organizer {organizer} has no token {token_id}.")
    try:
        name = token_services.revoke_token(
            actor=SYSTEM, organizer_id=organizer_id, team_id=known[token_id].team_id, token_id=token_id
        )
    except DomainError as error:
        raise click.ClickException(error.message) from None
    db.session.commit()
    click.echo(f"The token {name} does not work any more.")


def _organizer(slug: str) -> int:
    found = db.session.scalar(sa.select(Organizer.id).where(sa.func.lower(Organizer.slug) == slug.lower()))
    if found is None:
        raise click.ClickException(f"There is no organizer {slug}.")
    return found


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
