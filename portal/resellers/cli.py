"""Commands for reseller accounts and their members. Lists are lines of fields, with tabs between."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from portal.accounts.models import User
from portal.core.actors import SYSTEM
from portal.core.database import db
from portal.core.errors import DomainError
from portal.resellers import queries, services
from portal.resellers.models import Reseller, reseller_members

resellers = AppGroup("reseller", help="Accounts that create organizers for their clients.")


@contextmanager
def _saying_why() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise click.ClickException(error.message) from None


def _account(name: str) -> Reseller:
    found = db.session.scalars(sa.select(Reseller).where(Reseller.name == name)).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no reseller {name}.")
    return found


@resellers.command("list")
def list_resellers() -> None:
    """List all accounts: id, name, how many organizers they made, their members' e-mail addresses."""
    people: dict[int, list[str]] = {}
    of_account = reseller_members.c.reseller_id, User.email
    for account, email in db.session.execute(sa.select(*of_account).join(User).order_by(*of_account)):
        people.setdefault(account, []).append(email)
    for row in queries.accounts(user_id=None, words=""):
        members = ", ".join(people.get(row.id, ())) or "-"
        click.echo("\t".join((str(row.id), row.name, str(row.clients), members)))


@resellers.command("create")
@click.argument("name")
@click.option("--public-name", default="", help="What clients are told.")
@click.option("--public-url", default="", help="Their site, https://…")
@click.option("--support-email", default="", help="Where clients ask.")
@click.option("--support-phone", default="", help="Where clients call.")
@click.option("--language", "communication_language", default="en", show_default=True, help="What they write in.")
def create_reseller(name: str, **contact: str) -> None:
    """Make an account called NAME; `reseller add-member` lets somebody act for it."""
    with _saying_why():
        made = services.create_reseller(actor=SYSTEM, values={"name": name, **contact})
    db.session.commit()
    click.echo(f"The reseller {made.name} has the number {made.id}.")


@resellers.command("add-member")
@click.argument("name")
@click.argument("email")
def add_member(name: str, email: str) -> None:
    """Let the user EMAIL act for the reseller NAME."""
    with _saying_why():
        services.add_member(actor=SYSTEM, reseller=_account(name), email=email)
    db.session.commit()
    click.echo(f"{email} may act for {name}.")


@resellers.command("remove-member")
@click.argument("name")
@click.argument("email")
def remove_member(name: str, email: str) -> None:
    """Let the user EMAIL act for the reseller NAME no longer; what they made stays."""
    account = _account(name)
    known = {str(member.email).lower(): member for member in queries.members(account.id)}
    member = known.get(email.strip().lower())
    if member is None:
        raise click.ClickException(f"{email} is no member of {name}.")
    services.remove_member(actor=SYSTEM, reseller=account, user_id=member.id, email=member.email)
    db.session.commit()
    click.echo(f"{email} may not act for {name} any more.")
