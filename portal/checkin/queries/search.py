"""The search at the gate: by how a secret or an order's code begins, or by parts of names, words in any order."""

from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from portal.checkin.queries.tickets import (
    ALLOWED,
    ORDERS,
    POSITIONS,
    TICKET_COLUMNS,
    TICKETS_JOINED,
    Ticket,
    gate_parameters,
    read_ticket,
)
from portal.core.actors import DeviceScope
from portal.core.database import db
from portal.core.statements import run
from portal.core.text import fold, like_words

#: Shorter queries find nothing; more results are not shown (platform rules, Search).
SHORTEST, MOST = 4, 25
#: So many tickets with matching names are looked at. Far more than are shown, so that PostgreSQL asks its index of
#: substrings instead of reading tickets until enough of them match.
_CANDIDATES = 500
#: The shortest word that an index of trigrams serves.
_TRIGRAM = 3
_LAST = "\U0010ffff"

#: The substring index of SQLite; see the migration that makes it.
_TEXTS = sa.table("search_positions", sa.column("rowid", sa.Integer), sa.column("search_positions", sa.Text))


def search(gate: DeviceScope, query: str) -> list[Ticket]:
    """Tickets that the gate may redeem and ``query`` finds, best first; one query."""
    query = query.strip()
    if len(query) < SHORTEST or "\0" in query:
        return []
    patterns = like_words(query) if gate.allow_search else []
    words = fold(query).split()[: len(patterns)]
    sqlite = db.engine.dialect.name == "sqlite"
    parameters = gate_parameters(gate) | {"begins": query, "last": _LAST}
    if sqlite:
        indexed = [word for word in words if len(word) >= _TRIGRAM]
        patterns = [pattern for pattern, word in zip(patterns, words, strict=True) if len(word) < _TRIGRAM]
        if indexed:
            parameters["match"] = " ".join('"' + word.replace('"', '""') + '"' for word in indexed)
    else:
        indexed = []
    parameters |= {f"pattern_{number}": pattern for number, pattern in enumerate(patterns)}
    statement = _statement(
        sqlite, gate.subevent_id is not None, len(patterns), matching=bool(indexed), codes=gate.allow_search
    )
    return [read_ticket(row, gate) for row in run(statement, parameters)]


def _begins(column: Any, *, sqlite: bool) -> sa.ColumnElement[bool]:
    """``column`` begins with the query, without regard to case; spelled as its index is."""
    folded: sa.ColumnElement[str] = sa.func.lower(column)
    given: sa.ColumnElement[str] = sa.func.lower(sa.bindparam("begins", type_=sa.Text()))
    last = sa.bindparam("last", type_=sa.Text())
    if not sqlite:
        folded, given = sa.collate(folded, "C"), sa.collate(given, "C")
    return sa.and_(folded >= given, folded < given + last)


@lru_cache
def _statement(sqlite: bool, in_subevent: bool, patterns: int, *, matching: bool, codes: bool) -> sa.Select[Any]:
    """The statement for a gate and a number of words."""
    here = [POSITIONS.c.event_id == sa.bindparam("event"), ALLOWED]
    if in_subevent:
        here.append(POSITIONS.c.subevent_id == sa.bindparam("subevent"))
    found = [_ranked(0, sa.select(POSITIONS.c.id).where(*here, _begins(POSITIONS.c.secret, sqlite=sqlite)), MOST)]
    if codes:
        coded = sa.select(POSITIONS.c.id).join(ORDERS, ORDERS.c.id == POSITIONS.c.order_id)
        of_event = ORDERS.c.event_id == sa.bindparam("event")
        found.append(_ranked(1, coded.where(*here, of_event, _begins(ORDERS.c.code, sqlite=sqlite)), MOST))
    if patterns or matching:
        named = sa.select(POSITIONS.c.id)
        if matching:
            named = named.join(_TEXTS, _TEXTS.c.rowid == POSITIONS.c.id)
            named = named.where(_TEXTS.c.search_positions.match(sa.bindparam("match")))
        likes = [
            POSITIONS.c.search_text.like(sa.bindparam(f"pattern_{number}"), escape="\\" if sqlite else None)
            for number in range(patterns)
        ]
        found.append(_ranked(2, named.where(*here, *likes), _CANDIDATES))
    every = sa.union_all(*found).subquery()
    best = sa.select(every.c.id, sa.func.min(every.c.rank).label("rank")).group_by(every.c.id).subquery()
    return (
        sa.select(*TICKET_COLUMNS)
        .select_from(TICKETS_JOINED.join(best, best.c.id == POSITIONS.c.id))
        .order_by(best.c.rank, POSITIONS.c.attendee_name, POSITIONS.c.id)
        .limit(MOST)
    )


def _ranked(rank: int, found: sa.Select[Any], most: int) -> sa.Select[Any]:
    hits = found.limit(sa.literal_column(str(most))).cte(f"hits_{rank}").prefix_with("MATERIALIZED")
    return sa.select(hits.c.id, sa.literal_column(str(rank)).label("rank"))
