"""Taking a person's words out of texts that other things are written in."""

import re
from collections.abc import Collection, Iterable
from typing import Any

#: What stands where a person's words stood.
GONE = "…"
#: Shorter words say too little to be somebody's: looking for them would mangle others' texts.
SHORTEST = 3


def pattern_of(words: Iterable[str | None]) -> re.Pattern[str] | None:
    """What finds any of the words, whole and in any case; None where there is nothing to look for."""
    wanted = {word.strip() for word in words if word and len(word.strip()) >= SHORTEST}
    if not wanted:
        return None
    longest_first = sorted(wanted, key=lambda word: (-len(word), word))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)


#: What fields of a person are called in the log: in what is written about their own things, earlier values go as well.
FIELDS = frozenset(
    (
        *("attendee_name", "attendee_name_parts", "attendee_email", "name", "email", "company", "phone"),
        *("street", "zipcode", "city", "state", "country", "invoice_name", "invoice_name_parts", "invoice_company"),
        *("answer", "answers", "notes", "tags", "reason"),
    )
)


def blanked(value: Any, inside: bool = False) -> Any:
    """A JSON value whose fields of a person say nothing any more."""
    if isinstance(value, str):
        return GONE if inside and value else value
    if isinstance(value, list):
        return [blanked(each, inside) for each in value]
    if isinstance(value, dict):
        return {
            key: each if key == "_scheme" else blanked(each, inside or key in FIELDS) for key, each in value.items()
        }
    return value


def without_person(value: Any, ticket_ids: Collection[int], own: re.Pattern[str] | None) -> Any:
    """A JSON value of the API whose tickets with these ids say nothing of their person; everybody else's stay."""
    if isinstance(value, list):
        return [without_person(each, ticket_ids, own) for each in value]
    if not isinstance(value, dict):
        return value
    if "positionid" in value and value.get("id") in ticket_ids:
        empty = blanked({**value, "answers": []} if "answers" in value else value)
        return empty if own is None else scrubbed(empty, own)
    return {key: without_person(each, ticket_ids, own) for key, each in value.items()}


def scrubbed(value: Any, pattern: re.Pattern[str]) -> Any:
    """A JSON value in whose strings nothing of the pattern is left."""
    if isinstance(value, str):
        return pattern.sub(GONE, value)
    if isinstance(value, list):
        return [scrubbed(each, pattern) for each in value]
    if isinstance(value, dict):
        return {pattern.sub(GONE, key): scrubbed(each, pattern) for key, each in value.items()}
    return value
