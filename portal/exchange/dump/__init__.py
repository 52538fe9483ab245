"""Dumping an organizer as a bundle, in pieces, from one moment's view of the database."""

from collections.abc import Iterator

import sqlalchemy as sa

from portal.core.database import db, is_writing, set_writing
from portal.events.models import Event, Organizer
from portal.exchange.dump.encoding import Table, members
from portal.exchange.dump.event import EventDump
from portal.exchange.dump.people import People
from portal.exchange.identity import own_source
from portal.exchange.load import FORMAT, VERSION, kinds, resources

_ORGANIZERS = Table(kinds.ORGANIZER.table, resources.ORGANIZER)


class UnknownOrganizer(Exception):
    """There is no organizer with that slug."""


def dump_bundle(*, organizer: str) -> Iterator[bytes]:
    """The bundle of an organizer, known by its slug in any case. Raises `UnknownOrganizer` before the first piece.

    It reads on a connection of its own: the session must hold no transaction.
    """
    with db.engine.begin() as connection:
        source = own_source(connection)
        organizer_id = connection.scalar(
            sa.select(Organizer.id).where(sa.func.lower(Organizer.slug) == organizer.lower())
        )
    if organizer_id is None:
        raise UnknownOrganizer(organizer)
    return _pieces(source or "", organizer_id)


def _pieces(source: str, organizer_id: int) -> Iterator[bytes]:
    before = is_writing()
    set_writing(False)
    try:
        with db.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            _, entry, _ = next(_ORGANIZERS.read(connection, _ORGANIZERS.table.c.id == organizer_id))
            people = People(connection, organizer_id)
            events = connection.scalars(
                sa.select(Event.id).where(Event.organizer_id == organizer_id).order_by(Event.id)
            ).all()
            head = members(
                {"format": FORMAT, "version": VERSION, "source": source, "organizer": entry},
                ("users", people.users()),
                ("teams", people.teams()),
                ("resellers", people.resellers()),
                ("oauth_applications", people.applications()),
                open_end=True,
            )
            yield from head
            yield b',\n"events": ['
            for number, event_id in enumerate(events):
                yield b",\n" if number else b"\n"
                yield from EventDump(connection, event_id).pieces()
            yield b"\n]}\n" if events else b"]}\n"
    finally:
        set_writing(before)
