"""The order in which a bundle's rows are written: whatever others refer to comes first."""

from typing import Any

import sqlalchemy as sa

from portal.accounts import passwords
from portal.accounts.models import Session, User
from portal.core.codes import hash_token, normalise_code
from portal.exchange.load import kinds, links
from portal.exchange.load.bulk import batches
from portal.exchange.load.kinds import Kind
from portal.exchange.load.reading import Part, Reading, Secret
from portal.exchange.load.shapes import KEEP, Row
from portal.exchange.load.writing import CHANGED, NEW, Writer
from portal.exhibitors.models import AccessCode, Exhibitor


def write_people(writer: Writer, reading: Reading, people: Part) -> None:
    """The organizer, users, resellers, applications and the events themselves; teams need the events."""
    table = kinds.ORGANIZER.table
    slug = people.owner.values[0].lower()
    writer.put(kinds.ORGANIZER, people.rows[kinds.ORGANIZER.name], sa.func.lower(table.c.slug) == slug)
    users = people.rows[kinds.USER.name]
    writer.put(
        kinds.USER,
        users,
        sa.func.lower(kinds.USER.table.c.email).in_([row.values[0].lower() for row in users]),
        lambda: _passwords(writer, reading),
    )
    _end_sessions(writer, users)
    _put(writer, people, kinds.RESELLER, _among(kinds.RESELLER, "name", people))
    writer.touch(kinds.RESELLER, _link(writer, people, links.RESELLER_MEMBERS))
    _link(writer, people, links.RESELLER_ORGANIZERS)
    _put(
        writer,
        people,
        kinds.OAUTH_APPLICATION,
        _among(kinds.OAUTH_APPLICATION, "client_id", people),
        lambda: _secrets(reading, kinds.OAUTH_APPLICATION, "client_secret_hash"),
    )
    organizer = people.owner
    old = organizer.state != NEW
    _put(writer, people, kinds.EVENT, kinds.EVENT.table.c.organizer_id == organizer.pk if old else None)
    _put(writer, people, kinds.TEAM, kinds.TEAM.table.c.organizer_id == organizer.pk if old else None)
    teams = sa.select(kinds.TEAM.table.c.id).where(kinds.TEAM.table.c.organizer_id == organizer.pk)
    _put(
        writer,
        people,
        kinds.TEAM_TOKEN,
        kinds.TEAM_TOKEN.table.c.team_id.in_(teams) if old else None,
        lambda: _secrets(reading, kinds.TEAM_TOKEN, "token_hash"),
    )
    _link(writer, people, links.TEAM_MEMBERS)
    _link(writer, people, links.TEAM_EVENTS)


def _among(kind: Kind, column: str, part: Part) -> sa.ColumnElement[bool]:
    """Rows of the installation with the values that the file has."""
    return kind.table.c[column].in_([kind.get(row.values, column) for row in part.rows[kind.name]])


def _put(
    writer: Writer, part: Part, kind: Kind, where: sa.ColumnElement[bool] | None, prepare: Any = lambda: None
) -> None:
    writer.put(kind, part.rows[kind.name], where, prepare)


def _link(writer: Writer, part: Part, link: links.Link) -> list[Row]:
    return writer.link(link, part.links[link])


def _passwords(writer: Writer, reading: Reading) -> None:
    """Hash the passwords that are not already the stored ones."""
    at = kinds.USER.index["password_hash"]
    known = [row.pk for row in reading.passwords if row.pk is not None]
    stored: dict[int, str | None] = {}
    for batch in batches(known):
        found = writer.bulk.connection.execute(sa.select(User.id, User.password_hash).where(User.id.in_(batch)))
        stored |= {pk: hashed for pk, hashed in found}
    for row, password in reading.passwords.items():
        if not passwords.verify(stored.get(row.pk or 0), password):
            row.values[at] = passwords.hash_password(password)


def _end_sessions(writer: Writer, users: list[Row]) -> None:
    """A changed user signs in again."""
    changed = [row.pk for row in users if row.state == CHANGED]
    for batch in batches(changed):
        writer.bulk.connection.execute(sa.delete(Session).where(Session.user_id.in_(batch)))


def _secrets(reading: Reading, kind: Kind, column: str) -> None:
    """Use the secrets that were made for rows that are new; the others keep theirs."""
    at = kind.index[column]
    for secret in _of(reading, kind):
        if secret.row.pk is None:
            secret.row.values[at] = hash_token(secret.value)
        else:
            reading.secrets.remove(secret)


def _codes(reading: Reading) -> None:
    index = kinds.ACCESS_CODE.index
    for secret in _of(reading, kinds.ACCESS_CODE):
        if secret.row.pk is None:
            secret.row.values[index["code"]] = secret.value
            secret.row.values[index["lookup"]] = normalise_code(secret.value)
        else:
            reading.secrets.remove(secret)


def _of(reading: Reading, kind: Kind) -> list[Secret]:
    return [secret for secret in reading.secrets if secret.kind is kind]


class EventWriter:
    """Writes what belongs to one event."""

    def __init__(self, writer: Writer, reading: Reading, part: Part) -> None:
        self.writer = writer
        self.reading = reading
        self.part = part
        self.pk = part.owner.pk
        self.is_new = part.owner.state == NEW

    def write(self) -> None:
        """Everything, parents first; then parents whose children changed are marked as modified."""
        put, link = self._put, self._link
        put(kinds.SUBEVENT)
        put(kinds.ITEM)
        put(kinds.VARIATION, ("item_id", kinds.ITEM))
        put(kinds.QUESTION)
        put(kinds.OPTION, ("question_id", kinds.QUESTION))
        link(links.QUESTION_ITEMS)
        put(kinds.SEATING_PLAN)
        put(kinds.SEAT)
        if self._not_same(kinds.SEAT):
            # No index tells when seats last changed: the event does.
            self.writer.bulk.update(kinds.EVENT.table, ["modified"], [[self.pk, self.writer.now]])
        put(kinds.VOUCHER)
        put(kinds.CHECKIN_LIST)
        self.writer.touch(kinds.CHECKIN_LIST, link(links.LIST_ITEMS))
        put(kinds.DEVICE, prepare=lambda: _secrets(self.reading, kinds.DEVICE, "key_hash"))
        link(links.DEVICE_ITEMS)
        put(kinds.ORDER)
        put(kinds.POSITION)
        self._children_of_positions()
        put(kinds.CART)
        self._exhibitors()

    def _children_of_positions(self) -> None:
        position = ("position_id", kinds.POSITION)
        self._put(kinds.ANSWER, position)
        changed = {kinds.ANSWER.get(row.values, "position_id") for row in self._link(links.ANSWER_OPTIONS)}
        self._put(kinds.CHECKIN, position)
        for kind in (kinds.ANSWER, kinds.CHECKIN):
            changed |= {kind.get(row.values, "position_id") for row in self._not_same(kind)}
        self._touch(kinds.POSITION, changed)
        checkins = self.part.rows[kinds.CHECKIN.name]
        lists = {kinds.CHECKIN.get(row.values, "list_id") for row in checkins if row.state == CHANGED}
        self._touch(kinds.CHECKIN_LIST, lists)

    def _exhibitors(self) -> None:
        exhibitor = ("exhibitor_id", kinds.EXHIBITOR)
        self._put(kinds.TAG)
        self._put(kinds.EXHIBITOR, hints=self._by_code())
        changed = {row.pk for row in self._link(links.EXHIBITOR_TAGS)}
        self._put(kinds.ACCESS_CODE, exhibitor, lambda: _codes(self.reading))
        self._put(kinds.EXHIBITOR_VOUCHER, exhibitor)
        for kind in (kinds.ACCESS_CODE, kinds.EXHIBITOR_VOUCHER):
            changed |= {kind.get(row.values, "exhibitor_id") for row in self._not_same(kind)}
        self._touch(kinds.EXHIBITOR, changed)
        self._put(kinds.LEAD, exhibitor)

    def _by_code(self) -> dict[Row, int]:
        """The exhibitors of the event that have these access codes already."""
        index = kinds.ACCESS_CODE.index
        given = {
            row.values[index["lookup"]]: row.values[index["exhibitor_id"]]
            for row in self.part.rows[kinds.ACCESS_CODE.name]
            if row.values[index["lookup"]] is not KEEP
        }
        found: dict[Row, int] = {}
        for batch in batches(list(given)):
            for exhibitor_id, lookup in self.writer.bulk.connection.execute(
                sa.select(AccessCode.exhibitor_id, AccessCode.lookup)
                .join(Exhibitor, Exhibitor.id == AccessCode.exhibitor_id)
                .where(Exhibitor.event_id == self.pk, AccessCode.lookup.in_(batch))
                .order_by(AccessCode.id)
            ):
                found.setdefault(given[lookup], exhibitor_id)
        return found

    def _touch(self, kind: Kind, pks: set[Any]) -> None:
        """What hangs on these rows changed."""
        self.writer.touch(kind, [row for row in self.part.rows[kind.name] if row.pk in pks])

    def _not_same(self, kind: Kind) -> list[Row]:
        return [row for row in self.part.rows[kind.name] if row.state in (NEW, CHANGED)]

    def _put(
        self,
        kind: Kind,
        parent: tuple[str, Kind] | None = None,
        prepare: Any = lambda: None,
        hints: dict[Row, int] | None = None,
    ) -> None:
        where: sa.ColumnElement[bool] | None = None
        if not self.is_new:
            if parent is None:
                where = kind.table.c.event_id == self.pk
            else:
                column, owner = parent
                owners = sa.select(owner.table.c.id).where(owner.table.c.event_id == self.pk)
                where = kind.table.c[column].in_(owners)
        self.writer.put(kind, self.part.rows[kind.name], where, prepare, hints)

    def _link(self, link: links.Link) -> list[Row]:
        return self.writer.link(link, self.part.links[link])
