"""Folding text for search: case, accents and width do not count."""

import unicodedata
from typing import Any

import sqlalchemy as sa

_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})


def fold(text: str) -> str:
    """``text`` in lower case, without accents, with single spaces: what goes into ``search_text`` columns."""
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_SPECIAL)
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())


def search_text(*parts: str | None) -> str:
    """All parts folded, one a line, so that a search does not match across two of them."""
    return "\n".join(folded for part in parts if part and (folded := fold(part)))


def like_words(query: str) -> list[str]:
    """``LIKE`` patterns for the words of ``query``, in any order; ``%``, ``_`` and backslash are letters."""
    words = fold(query).split()[:10]
    return ["%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" for word in words]


def matches(query: str, *columns: Any) -> list[sa.ColumnElement[bool]]:
    """Conditions that each word of ``query`` stands in one of the columns, for tables that have no ``search_text``.

    SQLite knows the case of ASCII letters alone: other letters are found as they are typed.
    """
    return [sa.or_(*(_holds(column, word) for column in columns)) for word in query.replace("\0", "").split()[:10]]


def _holds(column: Any, word: str) -> sa.ColumnElement[bool]:
    lowered = sa.func.lower(column)
    if word.isascii():
        return lowered.contains(word.lower(), autoescape=True)
    return sa.or_(lowered.contains(word.lower(), autoescape=True), column.contains(word, autoescape=True))
