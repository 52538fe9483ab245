"""The search at the gate: by how a secret or an order's code begins, or by parts of names, words in any order."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal.checkin.queries.tickets import (
    LISTED,
    ORDERS,
    POSITIONS,
    SCOPED,
    TICKET_COLUMNS,
    TICKETS_JOINED,
    Ticket,
    gate_parameters,
    read_ticket,
)
from portal.core.actors import DeviceScope
from portal.core.database import db
from portal.core.statements import one_of_ids, planned_once, rows
from portal.core.text import fold, like_words

#: Shorter queries find nothing; more results are not shown (platform rules, Search).
SHORTEST, MOST = 4, 25
#: So many tickets with matching names are looked at. On PostgreSQL far more than are shown, so that it asks its index
#: of substrings instead of reading tickets until enough of them match.
_CANDIDATES = {"sqlite": 100, "postgresql": 500}
#: The shortest word that an index of trigrams serves.
_TRIGRAM = 3
_LAST = "\U0010ffff"

#: The substring index of SQLite; see the migration that makes it.
_TEXTS = sa.table("search_positions", sa.column("rowid", sa.Integer), sa.column("search_positions", sa.Text))


def search(gate: DeviceScope, query: str) -> list[Ticket]:
    """Tickets that the gate may redeem and ``query`` finds, best first; two queries."""
    with planned_once():
        hits = found_ids(gate, query)
        if not hits:
            return []
        found = {row[0]: read_ticket(row, gate) for row in rows(_BY_IDS, {"ids": hits, "list": gate.list_id})}
    return [found[id_] for id_ in hits if id_ in found]


def ticket_by_id(gate: DeviceScope, position_id: int) -> Ticket | None:
    """A ticket of the gate's event and subevent; one query."""
    found = rows(_BY_ID, {"ids": [position_id], "list": gate.list_id, "event": gate.event_id})
    if not found or (gate.subevent_id is not None and found[0][-1] != gate.subevent_id):
        return None
    return read_ticket(found[0], gate)


def found_ids(gate: DeviceScope, query: str, most: int = MOST) -> list[int]:
    """The ids of the tickets that `search` finds, ``most`` of them; one query."""
    query = query.strip()
    if len(query) < SHORTEST or "\0" in query:
        return []
    patterns = like_words(query) if gate.allow_search else []
    words = fold(query).split()[: len(patterns)]
    sqlite = db.engine.dialect.name == "sqlite"
    parameters = gate_parameters(gate) | {"begins": query, "last": _LAST}
    indexed = _indexed(words)
    beside = [pattern for pattern, word in zip(patterns, words, strict=True) if word not in indexed]
    walked = [pattern for pattern, word in zip(patterns, words, strict=True) if word in indexed]
    if sqlite and indexed:
        walked = []
        parameters["match"] = " ".join('"' + word.replace('"', '""') + '"' for word in indexed)
    parameters |= {f"pattern_{number}": pattern for number, pattern in enumerate((*walked, *beside))}
    limits = _Limits(gate.subevent_id is not None, not gate.all_products, not gate.all_items, gate.allow_search)
    words_at = _Words(len(walked), len(beside), sqlite and bool(indexed))
    return [id_ for (id_,) in rows(_hits(sqlite, limits, words_at, most), parameters)]


def _indexed(words: Sequence[str]) -> list[str]:
    """The words that the index looks for; tickets are read for the others.

    A number is rare where a name may stand on a tenth of all tickets, and the index walks through every one of them.
    """
    long = [word for word in words if len(word) >= _TRIGRAM]
    return [word for word in long if word.isdecimal()] or long


def _begins(column: Any, *, sqlite: bool) -> sa.ColumnElement[bool]:
    """``column`` begins with the query, without regard to case; spelled as its index is."""
    folded: sa.ColumnElement[str] = sa.func.lower(column)
    given: sa.ColumnElement[str] = sa.func.lower(sa.bindparam("begins", type_=sa.Text()))
    last = sa.bindparam("last", type_=sa.Text())
    if not sqlite:
        folded, given = sa.collate(folded, "C"), sa.collate(given, "C")
    return sa.and_(folded >= given, folded < given + last)


_BY_IDS = sa.select(*TICKET_COLUMNS).select_from(TICKETS_JOINED).where(one_of_ids(POSITIONS.c.id, "ids"))
_BY_ID = _BY_IDS.add_columns(POSITIONS.c.subevent_id).where(POSITIONS.c.event_id == sa.bindparam("event"))


class _Limits(NamedTuple):
    """What narrows a gate's search. Conditions that do not hold are left out: PostgreSQL plans each search anew."""

    in_subevent: bool
    by_list: bool
    by_device: bool
    names: bool


class _Words(NamedTuple):
    """How many words the index looks for as patterns, for how many tickets are read, and whether some are matched."""

    walked: int
    beside: int
    matching: bool


@lru_cache
def _hits(sqlite: bool, limits: _Limits, words: _Words, most: int) -> sa.Select[Any]:
    """The ids that are found, best first: for a gate's limits and a number of words."""
    here: list[sa.ColumnElement[bool]] = [POSITIONS.c.event_id == sa.bindparam("event")]
    here += [condition for wanted, condition in ((limits.by_list, LISTED), (limits.by_device, SCOPED)) if wanted]
    if limits.in_subevent:
        here.append(POSITIONS.c.subevent_id == sa.bindparam("subevent"))
    found = [_ranked(0, sa.select(POSITIONS.c.id).where(*here, _begins(POSITIONS.c.secret, sqlite=sqlite)), most)]
    if limits.names:
        coded = sa.select(POSITIONS.c.id).join(ORDERS, ORDERS.c.id == POSITIONS.c.order_id)
        of_event = ORDERS.c.event_id == sa.bindparam("event")
        found.append(_ranked(1, coded.where(*here, of_event, _begins(ORDERS.c.code, sqlite=sqlite)), most))
    if any(words):
        named = sa.select(POSITIONS.c.id)
        if words.matching:
            named = named.join(_TEXTS, _TEXTS.c.rowid == POSITIONS.c.id)
            named = named.where(_TEXTS.c.search_positions.match(sa.bindparam("match")))
        # No index is of a text with something added.
        texts = [POSITIONS.c.search_text] * words.walked + [POSITIONS.c.search_text.concat("")] * words.beside
        likes = [
            text.like(sa.bindparam(f"pattern_{number}"), escape="\\" if sqlite else None)
            for number, text in enumerate(texts)
        ]
        candidates = max(most, _CANDIDATES["sqlite" if sqlite else "postgresql"])
        found.append(_ranked(2, named.where(*here, *likes), candidates))
    every = sa.union_all(*found).subquery()
    best = sa.select(every.c.id, sa.func.min(every.c.rank).label("rank")).group_by(every.c.id).subquery()
    return (
        sa.select(best.c.id)
        .join(POSITIONS, POSITIONS.c.id == best.c.id)
        .order_by(best.c.rank, POSITIONS.c.attendee_name, POSITIONS.c.id)
        .limit(sa.literal_column(str(most)))
    )


def _ranked(rank: int, found: sa.Select[Any], most: int) -> sa.Select[Any]:
    hits = found.limit(sa.literal_column(str(most))).cte(f"hits_{rank}").prefix_with("MATERIALIZED")
    return sa.select(hits.c.id, sa.literal_column(str(rank)).label("rank"))
