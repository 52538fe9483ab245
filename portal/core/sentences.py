"""Sentences that are English for programs and that a page can say in its reader's language."""

from typing import Any, Self


class Sentence(str):
    """An English sentence that knows what it was made of: the text with its placeholders, and their values."""

    __slots__ = ("msgid", "values")
    msgid: str
    values: dict[str, Any]

    def __new__(cls, msgid: str, **values: Any) -> Self:
        made = super().__new__(cls, msgid % values if values else msgid)
        made.msgid, made.values = msgid, values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.msgid,), self.values
