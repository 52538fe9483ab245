"""Loading a bundle: read it whole, then write what is new or changed, in one transaction."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from portal.core import clock
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db
from portal.exchange.identity import Sources
from portal.exchange.load import kinds, resources
from portal.exchange.load.applying import EventWriter, write_people
from portal.exchange.load.bulk import Bulk
from portal.exchange.load.document import Document, unpack
from portal.exchange.load.problems import BundleError, Problem, Problems
from portal.exchange.load.read_catalog import (
    read_checkin_lists,
    read_devices,
    read_event,
    read_items,
    read_questions,
    read_subevents,
    read_vouchers,
)
from portal.exchange.load.read_exhibitors import read_exhibitors, read_tags
from portal.exchange.load.read_orders import read_carts, read_orders
from portal.exchange.load.read_people import (
    read_applications,
    read_organizer,
    read_resellers,
    read_teams,
    read_users,
)
from portal.exchange.load.read_seating import read_seating
from portal.exchange.load.reading import Part, Reading
from portal.exchange.load.shapes import Row, get_list
from portal.exchange.load.values import kind_of, text
from portal.exchange.load.writing import CHANGED, NEW, SAME, Writer
from portal.leads.services import refresh_search_texts

FORMAT, VERSION = "portal-bundle", 1
#: How much of the work is done, from 0 to 1.
Progress = Callable[[float], None]
_LOAD_LOCK = 7_120_553_101

__all__ = ["FORMAT", "VERSION", "BundleError", "Generated", "Loaded", "Problem", "check_bundle", "load_bundle"]


@dataclass(frozen=True, slots=True)
class Generated:
    """A secret that the file did not have; it is shown once."""

    what: str
    value: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did."""

    organizer: str
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    generated: list[Generated] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Contents:
    """A bundle that was read: its people, its events and where it comes from."""

    source: str
    people: Part
    events: list[Part]
    reading: Reading

    @property
    def row_count(self) -> int:
        parts = (self.people, *self.events)
        return sum(len(rows) for part in parts for rows in part.rows.values())


def load_bundle(*, actor: Actor, raw: bytes, name: str = "", progress: Progress = lambda _done: None) -> Loaded:
    """Load a bundle (JSON, maybe packed with gzip) into the session's transaction, which the caller commits.

    Raises `BundleError` with all that is wrong (20 problems at most); the caller rolls back.
    """
    with _without_collector():
        contents = _read(unpack(raw, name=name), lambda part: progress(part / 2))
        loaded = _write(contents, lambda part: progress(0.5 + part / 2))
    if loaded.created or loaded.changed:
        record(
            actor=actor,
            action="bundle.loaded",
            organizer_id=contents.people.owner.pk,
            object_kind="organizer",
            object_id=contents.people.owner.pk,
            data={"source": contents.source, "created": loaded.created, "changed": loaded.changed},
        )
        db.session.flush()
    return loaded


def check_bundle(*, raw: bytes, name: str = "", progress: Progress = lambda _done: None) -> list[str]:
    """Read a bundle without writing anything; returns the warnings. Raises `BundleError`."""
    return _read(unpack(raw, name=name), progress).reading.problems.warnings


def load_data(*, actor: Actor, data: dict[str, Any]) -> Loaded:
    """Load a bundle that is no file."""
    return load_bundle(actor=actor, raw=orjson.dumps(data))


# --- reading ----------------------------------------------------------------------------------------------------


def _read(raw: bytes, progress: Progress) -> _Contents:
    document = Document(raw)
    data = document.data
    problems = Problems()
    _check_top(problems, data)
    reading = Reading(problems, clock.now())
    people = read_organizer(reading, data.get("organizer"))
    problems.stop()
    assert people is not None  # noqa: S101 - without one there was a problem
    users = read_users(reading, people, data)
    total, done = max(1, document.order_count()), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(min(1.0, done / total))

    events: list[Part] = []
    by_slug: dict[str, Row] = {}
    for number, (path, entry) in enumerate(reading.entries(data, "events", "")):
        part = read_event(reading, people, entry, path)
        if part is None:
            continue
        events.append(part)
        by_slug[str(part.owner.values[0]).lower()] = part.owner
        orders = (
            document.orders(number) if document.is_cut_out(number) else iter(get_list(problems, entry, "orders", path))
        )
        _read_event_parts(reading, part, entry, orders, advance)
    read_resellers(reading, people, users, data)
    read_applications(reading, people, users, data)
    read_teams(reading, people, users, by_slug, data)
    problems.stop()
    source = data.get("source") or people.owner.values[0]
    return _Contents(source, people, events, reading)


def _check_top(problems: Problems, data: Any) -> None:
    """The file is a bundle of a version that this portal reads."""
    if type(data) is not dict:
        raise BundleError([Problem("", f"a bundle is an object, not {kind_of(data)}")])
    resources.TOP.read(problems, data, "")
    if data.get("format") != FORMAT:
        problems.error("format", "is missing" if "format" not in data else f"must be “{FORMAT}”")
    version = data.get("version")
    if type(version) is not int or version != VERSION:
        shown = f", not {version}" if isinstance(version, int | str) and not isinstance(version, bool) else ""
        problems.error("version", "is missing" if "version" not in data else f"must be {VERSION}{shown}")
    if data.get("source") is not None:
        try:
            text(190, blank=False)(data["source"])
        except ValueError as error:
            problems.error("source", str(error))
    problems.stop()


def _read_event_parts(
    reading: Reading, part: Part, data: dict[str, Any], orders: Iterator[Any], advance: Callable[[int], None]
) -> None:
    dates = read_subevents(reading, part, data)
    read_items(reading, part, data)
    read_questions(reading, part, data)
    read_seating(reading, part, data, dates)
    read_vouchers(reading, part, data)
    read_checkin_lists(reading, part, data)
    read_devices(reading, part, data)
    read_orders(reading, part, orders, advance)
    read_carts(reading, part, data)
    read_tags(reading, part, data)
    read_exhibitors(reading, part, data)


# --- writing ----------------------------------------------------------------------------------------------------


def _write(contents: _Contents, progress: Progress) -> Loaded:
    total, done = max(1, contents.row_count), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(min(1.0, done / total))

    reading = contents.reading
    connection = db.session.connection()
    bulk = Bulk(connection)
    with _plain_errors():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOAD_LOCK})
        sources = Sources(connection, contents.source)
        writer = Writer(bulk, sources, reading.problems, reading.now, advance)
        write_people(writer, reading, contents.people)
        for part in contents.events:
            EventWriter(writer, reading, part).write()
        for part in contents.events:
            if part.rows[kinds.LEAD.name]:
                refresh_search_texts(event_id=part.owner.pk or 0)
    return Loaded(
        organizer=contents.people.owner.values[0],
        created=writer.counts[NEW],
        changed=writer.counts[CHANGED],
        unchanged=writer.counts[SAME],
        generated=[Generated(secret.what, secret.value) for secret in reading.secrets],
        warnings=reading.problems.warnings,
    )


@contextmanager
def _without_collector() -> Iterator[None]:
    """Half a million rows hold no cycles: looking for some again and again would take a third of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the database refuses although it was checked: somebody else wrote the same at the same time."""
    try:
        yield
    except sa.exc.IntegrityError:
        reason = "somebody else changed the same data at this moment; nothing was loaded, load it again"
        raise BundleError([Problem("", reason)]) from None
