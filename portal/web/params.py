"""What callers send: query parameters and bodies, read once and checked, never a crash."""

import json
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import orjson
from flask import request
from flask.globals import request_ctx
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from portal.core.errors import DomainError, InvalidInput
from portal.core.money import parse_money
from portal.core.sentences import Sentence

#: Spellings of booleans that bodies may use (JSON values or form fields).
_TRUE = frozenset(("t", "y", "yes", "true", "on", "1"))
_FALSE = frozenset(("f", "n", "no", "false", "off", "0"))

_ID = re.compile(r"-?[0-9]{1,18}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")

MISSING: Any = object()
_NOTHING: MultiDict[str, str] = ImmutableMultiDict()

REQUIRED = Sentence("This field is required.")
NOT_NULL = Sentence("This field may not be null.")
NOT_A_BOOLEAN = Sentence("Must be a valid boolean.")
NOT_A_NUMBER = Sentence("Enter a number.")
NULL_CHARACTERS = Sentence("Null characters are not allowed.")


class UnsupportedMediaType(DomainError):
    """A body of a kind that nobody here reads."""

    status = 415
    code = "unsupported_media_type"

    def __init__(self, media_type: str) -> None:
        super().__init__(f'Unsupported media type "{media_type}" in request.')


class ParseError(DomainError):
    """A body that is not what its content type says."""

    code = "parse_error"


def parse_id(text: str) -> int | None:
    """An id from a path; 0, which no row has, for numbers too large to be one; None for what is no number."""
    if _ID.fullmatch(text):
        return int(text)
    return 0 if re.fullmatch(r"-?[0-9]+", text) else None


class Query:
    """The query parameters of this request. Every reader returns None for one that is not there.

    Problems are collected; `check` raises them all at once, by parameter.
    """

    def __init__(self) -> None:
        current = request_ctx.request
        self._args: MultiDict[str, str] = current.args if current.query_string else _NOTHING
        self.errors: dict[str, list[str]] = {}

    @property
    def empty(self) -> bool:
        """Whether there are none."""
        return not self._args

    def _last(self, name: str) -> str | None:
        if not self._args or name not in self._args:
            return None
        value = self._args.getlist(name)[-1]
        if "\0" in value:
            self.errors[name] = [NULL_CHARACTERS]
            return None
        return value

    def boolean(self, name: str) -> bool | None:
        """``true``/``false`` in any case, or ``1``/``0``; anything else is an error (platform rules, Lists)."""
        value = self._last(name)
        if value is None:
            return None
        lowered = value.lower()
        if lowered in ("true", "1"):
            return True
        if lowered in ("false", "0"):
            return False
        self.errors[name] = [NOT_A_BOOLEAN]
        return None

    def text(self, name: str) -> str | None:
        """A string to compare with; empty is as if it were not there."""
        return self._last(name) or None

    def integer(self, name: str, message: str = NOT_A_NUMBER) -> int | None:
        """A whole number; empty is as if it were not there."""
        value = (self._last(name) or "").strip()
        if not value:
            return None
        if not _INTEGER.fullmatch(value):
            self.errors[name] = [message]
            return None
        return int(value)

    def money(self, name: str) -> Decimal | None:
        """An amount of money; empty is as if it were not there."""
        value = (self._last(name) or "").strip()
        if not value:
            return None
        try:
            return parse_money(value)
        except ValueError:
            self.errors[name] = [NOT_A_NUMBER]
            return None

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """One of ``choices``; empty is as if it were not there."""
        value = self._last(name)
        if not value:
            return None
        if value not in choices:
            self.errors[name] = [f"Select a valid choice. {value[:100]} is not one of the available choices."]
            return None
        return value

    def several(self, name: str, known: Collection[str]) -> frozenset[str]:
        """The values of a parameter that may be given several times; unknown ones do not count."""
        return frozenset(self._args.getlist(name)).intersection(known) if name in self._args else frozenset()

    def check(self) -> None:
        """Raise what was found."""
        if self.errors:
            raise InvalidInput(self.errors)


def read_body(*, lists: Collection[str] = ()) -> dict[str, Any]:
    """The body as an object: JSON or a form. ``lists`` are the fields of a form that may be given several times.

    An empty body is an empty object.
    """
    if not request.content_length and "Transfer-Encoding" not in request.headers:
        return {}
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form = request.form
        return {name: form.getlist(name) if name in lists else form.getlist(name)[-1] for name in form}
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(request.headers.get("Content-Type", ""))
    body = read_json()
    if isinstance(body, dict):
        return body
    if body is None:
        raise InvalidInput({"non_field_errors": ["No data provided"]})
    raise InvalidInput({"non_field_errors": [f"Invalid data. Expected a dictionary, but got {type(body).__name__}."]})


def read_json() -> Any:
    """Whatever JSON the body is; numbers of any size, no NaN, no lone surrogates."""
    try:
        return orjson.loads(request.get_data(cache=True))
    except orjson.JSONDecodeError as error:
        raise ParseError(f"JSON parse error - {error.msg}") from None
    except RecursionError:
        raise ParseError("JSON parse error - nested too deeply") from None


def boolean(value: Any) -> bool | None:
    """A boolean in the spellings that bodies may use; None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    if isinstance(value, str):
        lowered = value.strip().lower()
        if lowered in _TRUE:
            return True
        if lowered in _FALSE:
            return False
    return None


def boolean_field(body: Mapping[str, Any], name: str, *, required: bool = False) -> bool | None:
    """The boolean in ``body[name]``; None where it may be missing and is."""
    value = body.get(name, MISSING)
    if value is MISSING:
        if required:
            raise InvalidInput({name: [REQUIRED]})
        return None
    if value is None:
        raise InvalidInput({name: [NOT_NULL]})
    result = boolean(value)
    if result is None:
        raise InvalidInput({name: [NOT_A_BOOLEAN]})
    return result


def _list(body: Mapping[str, Any], name: str, most: int) -> list[Any]:
    value = body[name]
    if value is None:
        raise InvalidInput({name: [NOT_NULL]})
    if not isinstance(value, list):
        raise InvalidInput({name: [f'Expected a list of items but got type "{type(value).__name__}".']})
    if not value:
        raise InvalidInput({name: ["This list may not be empty."]})
    if len(value) > most:
        raise InvalidInput({name: [f"Please do not pass more than {most:,} entries."]})
    return value


def id_list(body: Mapping[str, Any], name: str, *, most: int) -> list[int]:
    """1 to ``most`` ids: whole numbers, or strings of digits. Numbers that no row can have are unknown, not wrong."""
    ids, wrong = [], []
    entries = _list(body, name, most)
    for entry in entries:
        number = _whole(entry)
        if number is None:
            wrong.append(entry)
        else:
            ids.append(number)
    if wrong:
        raise InvalidInput({name: [f"{_shown(entry)} is not a whole number." for entry in wrong[:20]]})
    too_large = [at for at, number in enumerate(ids) if not -(2**63) <= number < 2**63]
    if too_large:
        written = as_written()
        sent = entries if written is None else written[name]
        raise InvalidInput({name: [f"{_shown(sent[at])} does not exist." for at in too_large[:20]]})
    return ids


def as_written() -> Any:
    """The JSON of the body with its numbers as texts, as they were written; None where the body is no JSON.

    The fast reader rounds those beyond 64 bits: this is for messages that name them.
    """
    if request.mimetype != "application/json":
        return None
    try:
        return json.loads(request.get_data(cache=True), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None


def text_list(body: Mapping[str, Any], name: str, *, most: int) -> list[str]:
    """1 to ``most`` strings."""
    entries = _list(body, name, most)
    wrong = [entry for entry in entries if not isinstance(entry, str)]
    if wrong:
        raise InvalidInput({name: [f"{_shown(entry)} is not a string." for entry in wrong[:20]]})
    if any("\0" in entry for entry in entries):
        raise InvalidInput({name: [NULL_CHARACTERS]})
    return entries


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", text := value.strip()):
        return int(text[:31])  # which is too large already
    return None


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 100 else text[:100] + "…"
