"""Reading an organizer's audit log: some entries at a time, the newest first, as far as a member may see them.

Filters look at windows of the log, one after the other along an index, and stop after so many: what is asked for costs
the same whether the log has a thousand entries or a million. Where they stopped one can go on.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from portal.core.database import db
from portal.core.history import Change
from portal.core.models import AuditEntry
from portal.events.models import Event

#: A window, and how many of them one request looks at.
WINDOW = 1000
WINDOWS = 5

_COLUMNS = (
    AuditEntry.id,
    AuditEntry.event_id,
    AuditEntry.datetime,
    AuditEntry.actor_kind,
    AuditEntry.actor_label,
    AuditEntry.action,
    AuditEntry.object_kind,
    AuditEntry.object_id,
    AuditEntry.data,
)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of the log: the event it belongs to, and what happened."""

    id: int
    event_id: int | None
    change: Change


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What is looked for. ``visible`` are the events that the reader may see (None: all of them).

    ``thing`` is what an action begins with (``seat`` of ``seat.blocked``); ``until`` itself does not count.
    """

    organizer_id: int
    visible: frozenset[int] | None = None
    event_id: int | None = None
    actor_kind: str = ""
    actor_id: int | None = None
    thing: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    @property
    def narrows(self) -> bool:
        """Whether some entries may be left out."""
        return bool(self.actor_kind or self.thing or self.visible is not None)


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some entries. ``following`` is where the next begin, ``stopped`` that the search ended before the log did."""

    entries: Sequence[LogEntry]
    following: int | None
    stopped: bool


def log_page(
    wanted: LogFilter, *, before: int | None, limit: int, keep: Callable[[LogEntry], bool] | None = None
) -> LogPage:
    """The newest entries that match, older than the entry ``before``."""
    found: list[LogEntry] = []
    cursor = before
    for _ in range(WINDOWS):
        size = WINDOW if keep is not None or wanted.narrows else limit + 1
        entries, last, full = _window(wanted, cursor, size)
        for entry in entries:
            if keep is None or keep(entry):
                found.append(entry)
            if len(found) > limit:
                return LogPage(found[:limit], found[limit - 1].id, stopped=False)
        if not full:
            return LogPage(found, None, stopped=False)
        cursor = last
    return LogPage(found, cursor, stopped=True)


def log_entries(wanted: LogFilter, *, most: int, keep: Callable[[LogEntry], bool] | None = None) -> Iterator[LogEntry]:
    """Everything that matches, up to ``most`` entries, read in pieces."""
    cursor, left = None, most
    while True:
        entries, cursor, full = _window(wanted, cursor, WINDOW)
        for entry in entries:
            if left and (keep is None or keep(entry)):
                left -= 1
                yield entry
        if not full or not left:
            return


def event_total(organizer_id: int) -> int:
    """How many events an organizer has: who sees so many sees all entries."""
    counted = sa.select(sa.func.count()).select_from(Event).where(Event.organizer_id == organizer_id)
    return db.session.execute(counted).scalar_one()


def things(wanted: LogFilter) -> list[str]:
    """What the newest actions begin with, for a choice."""
    newest = _newest(wanted, None, WINDOW)
    actions = db.session.scalars(sa.select(newest.c.action).distinct())
    return sorted({action.partition(".")[0] for action in actions})


def _newest(wanted: LogFilter, before: int | None, size: int) -> sa.Subquery:
    """The ids of the newest entries, along an index."""
    conditions = [AuditEntry.organizer_id == wanted.organizer_id]
    if wanted.event_id is not None:
        conditions.append(AuditEntry.event_id == wanted.event_id)
    if wanted.since is not None:
        conditions.append(AuditEntry.datetime >= wanted.since)
    if wanted.until is not None:
        conditions.append(AuditEntry.datetime < wanted.until)
    if before is not None:
        mark = sa.select(AuditEntry.datetime, AuditEntry.id).where(
            AuditEntry.id == before, AuditEntry.organizer_id == wanted.organizer_id
        )
        row = db.session.execute(mark).one_or_none()
        if row is None:
            conditions.append(sa.false())
        else:
            mark_time = sa.literal(row.datetime, AuditEntry.datetime.type)
            conditions.append(sa.tuple_(AuditEntry.datetime, AuditEntry.id) < sa.tuple_(mark_time, row.id))
    return (
        sa.select(*_COLUMNS[:4], AuditEntry.actor_id, AuditEntry.action)
        .where(*conditions)
        .order_by(AuditEntry.datetime.desc(), AuditEntry.id.desc())
        .limit(size)
        .subquery()
    )


def _window(wanted: LogFilter, before: int | None, size: int) -> tuple[list[LogEntry], int | None, bool]:
    """What matches of a window, the window's last entry, and whether the log may go on behind it."""
    newest = _newest(wanted, before, size)
    conditions = []
    if wanted.visible is not None:
        conditions.append(sa.or_(newest.c.event_id.is_(None), newest.c.event_id.in_(wanted.visible)))
    if wanted.actor_kind:
        conditions.append(newest.c.actor_kind == wanted.actor_kind)
    if wanted.actor_id is not None:
        conditions.append(newest.c.actor_id == wanted.actor_id)
    if wanted.thing:
        conditions.append(newest.c.action.startswith(f"{wanted.thing}.", autoescape=True))
    statement = (
        sa.select(*_COLUMNS)
        .join(newest, newest.c.id == AuditEntry.id)
        .where(*conditions)
        .order_by(newest.c.datetime.desc(), newest.c.id.desc())
    )
    entries = [LogEntry(row[0], row[1], Change(*row[2:])) for row in db.session.execute(statement)]
    if not conditions:
        return entries, entries[-1].id if entries else None, len(entries) == size
    ends = sa.select(newest.c.id).order_by(newest.c.datetime, newest.c.id).limit(1)
    counted = db.session.execute(sa.select(sa.func.count()).select_from(newest)).scalar_one()
    return entries, db.session.scalar(ends), counted == size
