"""Reading single JSON values: each reader returns what a column stores, or raises `ValueError` with the reason."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import orjson

from portal.core import moments
from portal.core.money import parse_money
from portal.core.names import check_parts
from portal.events.slugs import SLUG

Reader = Callable[[Any], Any]

_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}")
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+")
_CURRENCY = re.compile(r"[A-Z]{3}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_UTC = ZoneInfo("UTC")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")
INT32, INT64 = 2**31 - 1, 2**63 - 1


def kind_of(value: object) -> str:
    """What a JSON value is, in a reason."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"


def boolean(value: Any) -> bool:
    """``true`` or ``false``."""
    if value is True or value is False:
        return value
    raise ValueError(f"must be true or false, not {kind_of(value)}")


def text(limit: int | None = None, *, blank: bool = True) -> Reader:
    """A string of at most ``limit`` characters."""

    def read(value: Any) -> str:
        if type(value) is not str:
            raise ValueError(f"must be a string, not {kind_of(value)}")
        if limit is not None and len(value) > limit:
            raise ValueError(f"has {len(value)} characters, at most {limit} are allowed")
        if not blank and not value.strip():
            raise ValueError("must not be empty")
        if "\x00" in value:
            raise ValueError("holds a null character")
        return value

    return read


def text_or_null(limit: int | None = None) -> Reader:
    """A string where an empty one means nothing."""
    read = text(limit)
    return lambda value: read(value) or None


def or_blank(read: Reader) -> Reader:
    """What a reader reads, where nothing is stored as an empty string."""
    return lambda value: read(value) or ""


def number(low: int = -INT32, high: int = INT32) -> Reader:
    """A whole number between two bounds."""

    def read(value: Any) -> int:
        if type(value) is not int:
            raise ValueError(f"must be a whole number, not {kind_of(value)}")
        if not low <= value <= high:
            raise ValueError(f"must be between {low} and {high}, not {value}")
        return value

    return read


def coordinate(value: Any) -> float:
    """A place on the map."""
    if type(value) is not int and type(value) is not float:
        raise ValueError(f"must be a number, not {kind_of(value)}")
    if abs(value) > 1e9:
        raise ValueError("is too large for a map")
    return float(value)


@lru_cache(maxsize=4096)
def _amount(value: str | int) -> Decimal:
    return parse_money(value)


def amount(value: Any) -> Decimal:
    """Money as the contracts print it."""
    if type(value) is not str and type(value) is not int:
        raise ValueError(f"must be an amount such as “12.00”, not {kind_of(value)}")
    try:
        return _amount(value)
    except ValueError:
        raise ValueError(f"must be an amount such as “12.00”, not “{value}”") from None


@lru_cache(maxsize=16384)
def _moment(value: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"must be a date and time such as “2026-12-27T10:00:00Z”, not “{value}”") from None
    if parsed.tzinfo is None:
        raise ValueError(f"“{value}” has no time zone")
    try:
        return moments.kept(moments.as_utc(parsed, _UTC))
    except ValueError:
        raise ValueError(f"“{value}” is too far away") from None


def moment(value: Any) -> datetime:
    """A datetime with its zone, as UTC."""
    if type(value) is not str:
        raise ValueError(f"must be a date and time, not {kind_of(value)}")
    return _moment(value)


def one_of(*choices: str) -> Reader:
    """One of a few words."""
    allowed = frozenset(choices)
    words = ", ".join(f"“{choice}”" for choice in choices)

    def read(value: Any) -> str:
        if type(value) is not str or value not in allowed:
            shown = f"“{value}”" if isinstance(value, str) else kind_of(value)
            raise ValueError(f"must be one of {words}, not {shown}")
        return value

    return read


def matching(pattern: re.Pattern[str], reason: str, limit: int | None = None) -> Reader:
    """A string that a pattern describes."""
    read_text = text(limit)

    def read(value: Any) -> str:
        found: str = read_text(value)
        if not pattern.fullmatch(found):
            raise ValueError(f"“{found[:100]}” {reason}")
        return found

    return read


slug = matching(SLUG, "is no slug: 1 to 50 letters, digits, dots and dashes, a letter or a digit first")
locale = matching(_LOCALE, "is no language code", 16)
currency = matching(_CURRENCY, "is no currency code of three capital letters")
sha256 = matching(_HEX64, "is no SHA-256 in hexadecimal")
plain_key = matching(_UNRESERVED, "may hold letters, digits, dots, dashes, _ and ~ only", 255)
strict_email = matching(_EMAIL, "is no e-mail address", 254)


def email(value: Any) -> str | None:
    """An e-mail address; an empty one is none."""
    return strict_email(value) if value != "" else None


def email_list(value: Any) -> str | None:
    """Addresses separated by commas, in one string."""
    addresses = [part.strip() for part in text(10_000)(value).split(",")]
    for address in addresses:
        if address and not _EMAIL.fullmatch(address):
            raise ValueError(f"“{address}” is no e-mail address")
    return str(value) or None


def argon2_hash(value: Any) -> str:
    """A password's hash."""
    found: str = text(255)(value)
    if not re.fullmatch(r"\$argon2(id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+", found):
        raise ValueError("is no argon2 hash")
    return found


def timezone(value: Any) -> str:
    """A time zone of the IANA database."""
    name: str = text(60)(value)
    if name not in available_timezones():
        raise ValueError(f"“{name}” is no time zone")
    return name


def address(value: Any) -> str | None:
    """An http or https address; an empty one is none."""
    url: str = text(500)(value)
    if not url:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or any(char.isspace() for char in url):
        raise ValueError(f"“{url}” is no address that starts with http:// or https://")
    return url


def localised(value: Any) -> dict[str, str]:
    """A string in several languages: an object by language code with one text at least."""
    if type(value) is not dict:
        raise ValueError(f"must be an object of texts by language, not {kind_of(value)}")
    texts = {}
    for code, words in value.items():
        if not _LOCALE.fullmatch(code):
            raise ValueError(f"“{code}” is no language code")
        if words is None:
            continue
        if type(words) is not str:
            raise ValueError(f"the text for “{code}” must be a string, not {kind_of(words)}")
        if "\x00" in words:
            raise ValueError("holds a null character")
        texts[code] = words
    if not any(texts.values()):
        raise ValueError("has no text in any language")
    return texts


def name_parts(value: Any) -> dict[str, str]:
    """A name in parts, by a scheme that is known."""
    try:
        parts = check_parts(value)
    except (ValueError, TypeError) as error:
        reason = str(error).rstrip(".")
        raise ValueError(reason[0].lower() + reason[1:]) from None
    for part in parts.values():
        if "\x00" in part:
            raise ValueError("holds a null character")
    return parts


def strings(limit: int | None = None) -> Reader:
    """A list of strings, each once."""
    read_one = text(limit, blank=False)

    def read(value: Any) -> list[str]:
        if type(value) is not list:
            raise ValueError(f"must be a list of strings, not {kind_of(value)}")
        return list(dict.fromkeys(read_one(entry) for entry in value))

    return read


def list_of(read_one: Reader) -> Reader:
    """A list whose entries one reader reads."""

    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise ValueError(f"must be a list, not {kind_of(value)}")
        return [read_one(entry) for entry in value]

    return read


def any_list(value: Any) -> list[Any]:
    """A list of whatever."""
    if type(value) is not list:
        raise ValueError(f"must be a list, not {kind_of(value)}")
    if b"\\u0000" in orjson.dumps(value):
        raise ValueError("holds a null character")
    return value
