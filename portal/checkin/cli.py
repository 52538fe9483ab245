"""Commands for check-in devices. The list is lines of fields, with tabs between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from portal.checkin.models import CheckinList
from portal.checkin.queries import gates
from portal.checkin.services import pairing
from portal.checkin.services.pairing import DeviceValues
from portal.core.actors import SYSTEM, EventScope, SignIn
from portal.core.database import db
from portal.core.errors import DomainError
from portal.events.queries import user_scope

devices = AppGroup("device", help="Check-in devices of an event and their keys.")
Command = TypeVar("Command", bound=Callable[..., object])
_OPERATOR = SignIn(token="", session_id=0, actor=SYSTEM, name="", is_admin=True)


def _in_event(command: Command) -> Command:
    return click.argument("organizer")(click.argument("event")(command))


def _scope(organizer: str, event: str) -> EventScope:
    found = user_scope(_OPERATOR, organizer, event)
    if found is None:
        raise click.ClickException(f"The organizer {organizer} has no event {event}.")
    return found


@contextmanager
def _saying_why() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise click.ClickException(error.message) from None


@devices.command("list")
@_in_event
def list_devices(organizer: str, event: str) -> None:
    """List the devices of an EVENT of an ORGANIZER (slugs): id, name, list, when it was last seen."""
    scope, offset = _scope(organizer, event), 0
    while rows := gates.device_rows(scope.event_id, offset=offset, limit=gates.MOST_CHOICES):
        offset += len(rows)
        for row in rows:
            seen = "never seen" if row.last_seen is None else f"seen {row.last_seen:%Y-%m-%d %H:%M} UTC"
            click.echo("\t".join((str(row.id), row.name, row.list_name, seen if row.active else "revoked")))


@devices.command("create")
@_in_event
@click.argument("list_name", metavar="LIST")
@click.argument("name")
@click.option("--no-search", is_flag=True, help="It finds tickets by the beginning of their secret alone.")
@click.option("--no-figures", is_flag=True, help="It does not see how many tickets there are and are in.")
def create_device(organizer: str, event: str, list_name: str, name: str, no_search: bool, no_figures: bool) -> None:
    """Make a device called NAME for the check-in LIST of an EVENT and print its key, once."""
    scope = _scope(organizer, event)
    found = sa.select(CheckinList.id).where(CheckinList.event_id == scope.event_id, CheckinList.name == list_name)
    ids = db.session.scalars(found.limit(2)).all()
    if len(ids) != 1:
        raise click.ClickException(f"The event {event} has {'no' if not ids else 'several'} lists “{list_name}”.")
    with _saying_why():
        values = DeviceValues(
            name=name,
            list_id=ids[0],
            all_items=True,
            items=(),
            allow_search=not no_search,
            show_info=not no_figures,
        )
        _device, key = pairing.create_device(actor=SYSTEM, scope=scope, values=values)
    db.session.commit()
    click.echo(key)


@devices.command("rotate")
@_in_event
@click.argument("device_id", metavar="ID", type=int)
def rotate_key(organizer: str, event: str, device_id: int) -> None:
    """Give the device with an ID (of `device list`) another key and print it, once; the old one ends at once."""
    with _saying_why():
        _device, key = pairing.rotate_key(actor=SYSTEM, scope=_scope(organizer, event), device_id=device_id)
    db.session.commit()
    click.echo(key)


@devices.command("revoke")
@_in_event
@click.argument("device_id", metavar="ID", type=int)
def revoke(organizer: str, event: str, device_id: int) -> None:
    """Shut the device with an ID (of `device list`) out; what it scanned stays."""
    with _saying_why():
        row = pairing.revoke(actor=SYSTEM, scope=_scope(organizer, event), device_id=device_id)
    db.session.commit()
    click.echo(f"The device {row.name} cannot scan any more.")
