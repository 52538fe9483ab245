"""What the search over tickets looks at."""

from typing import Any

import sqlalchemy as sa

from portal.core.database import db
from portal.core.text import fold, like_words, search_text
from portal.tickets.models import OrderPosition


def position_search_text(
    *,
    attendee_name: str | None,
    attendee_email: str | None,
    company: str | None,
    parent_name: str | None = None,
    invoice_name: str | None = None,
    invoice_company: str | None = None,
) -> str:
    """The `OrderPosition.search_text` of these values; who changes one of them writes it anew.

    ``parent_name`` is the name on the ticket that this one is an add-on of. The secret and the order's code are not in
    it: they are found by how they begin.
    """
    return search_text(attendee_name, attendee_email, company, parent_name, invoice_name, invoice_company)


#: The substring index of SQLite; see the migration that makes it.
_TEXTS = sa.table("search_positions", sa.column("rowid", sa.Integer), sa.column("search_positions", sa.Text))
#: The shortest word that an index of trigrams serves.
_TRIGRAM = 3
_LAST = "\U0010ffff"


def text_conditions(query: str) -> list[sa.ColumnElement[bool]]:
    """Tickets whose names, companies and addresses hold all words of ``query``, by the index of substrings."""
    words = fold(query).split()[:10]
    patterns = like_words(query)
    if db.engine.dialect.name != "sqlite":
        return [OrderPosition.search_text.like(pattern) for pattern in patterns]
    indexed = [word for word in words if len(word) >= _TRIGRAM]
    short = [pattern for pattern, word in zip(patterns, words, strict=True) if len(word) < _TRIGRAM]
    found: list[sa.ColumnElement[bool]] = [OrderPosition.search_text.like(pattern, escape="\\") for pattern in short]
    if indexed:
        match = " ".join('"' + word.replace('"', '""') + '"' for word in indexed)
        hits = sa.select(_TEXTS.c.rowid).where(_TEXTS.c.search_positions.match(match))
        found.append(OrderPosition.id.in_(hits))
    return found


def begins(column: Any, query: str) -> sa.ColumnElement[bool]:
    """``column`` begins with ``query``, without regard to case; spelled as its index is."""
    folded: sa.ColumnElement[str] = sa.func.lower(column)
    given: sa.ColumnElement[str] = sa.func.lower(sa.literal(query))
    if db.engine.dialect.name != "sqlite":
        folded, given = sa.collate(folded, "C"), sa.collate(given, "C")
    return sa.and_(folded >= given, folded < given + sa.literal(_LAST))
