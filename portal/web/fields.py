"""What people type into forms and tables, read once by its kind, with a sentence for each field that is wrong."""

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email

from portal.core import moments
from portal.core.errors import InvalidInput
from portal.core.money import parse_money
from portal.core.names import SCHEMES, check_parts
from portal.core.sentences import Sentence

T = TypeVar("T")

REQUIRED = Sentence("Please fill in this field.")
NULL = Sentence("Null characters are not allowed.")
NO_CHOICE = Sentence("Choose one of the entries of the list.")
NO_MONEY = Sentence("Write an amount such as 12.50.")
NO_MOMENT = Sentence("Write a date and a time such as 2026-11-20 09:00.")
NO_MAIL = Sentence("This is no e-mail address.")
YES = frozenset(("1", "true", "yes", "on", "ja", "x", "y", "wahr"))
NO = frozenset(("", "0", "false", "no", "off", "nein", "n", "falsch"))
_WHOLE = re.compile(r"[+-]?[0-9]{1,12}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?\s+(\d{1,2}:\d{2}))?", re.ASCII)


class Fields:
    """Texts by name, and what is wrong with them. A reader of a wrong field gives what an empty one gives."""

    def __init__(self, given: Mapping[str, str], zone: str = "UTC") -> None:
        self.given = given
        self.zone = ZoneInfo(zone)
        self.errors: dict[str, list[str]] = {}

    def wrong(self, name: str, message: str) -> None:
        """Say what is wrong with a field."""
        self.errors.setdefault(name, []).append(message)

    def check(self) -> None:
        """Raise `InvalidInput` where something was wrong."""
        if self.errors:
            raise InvalidInput(self.errors)

    def text(self, name: str, most: int, *, required: bool = False, lines: bool = False) -> str:
        """A text without space around it; one line unless ``lines``."""
        text = self.given.get(name, "").strip()
        if "\0" in text:
            self.wrong(name, NULL)
            return ""
        if len(text) > most:
            self.wrong(name, Sentence("At most %(most)s characters are allowed.", most=most))
            return ""
        if not text and required:
            self.wrong(name, REQUIRED)
        return text.replace("\r\n", "\n") if lines else " ".join(text.split())

    def maybe(self, name: str, most: int) -> str | None:
        """A text, or nothing."""
        return self.text(name, most) or None

    def _read(self, name: str, read: Callable[[str], T], message: str, *, required: bool) -> T | None:
        text = self.given.get(name, "").strip()
        if not text:
            if required:
                self.wrong(name, REQUIRED)
            return None
        try:
            return read(text)
        except (ValueError, OverflowError):
            self.wrong(name, message)
            return None

    def whole(
        self, name: str, *, least: int = 0, most: int = 2**31 - 1, default: int = 0, required: bool = False
    ) -> int:
        """A whole number."""

        def read(text: str) -> int:
            number = int(text) if _WHOLE.fullmatch(text) else None
            if number is None or not least <= number <= most:
                raise ValueError
            return number

        message = Sentence("Write a whole number from %(least)s to %(most)s.", least=least, most=most)
        found = self._read(name, read, message, required=required)
        return default if found is None else found

    def money(self, name: str, *, required: bool = False, least: Decimal | None = Decimal(0)) -> Decimal | None:
        """An amount of money, with a point or a comma."""

        def read(text: str) -> Decimal:
            amount = parse_money(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
            if least is not None and amount < least:
                raise ValueError
            return amount

        return self._read(name, read, NO_MONEY, required=required)

    def moment(self, name: str, *, required: bool = False, end: bool = False) -> dt.datetime | None:
        """A moment in the zone; a day alone is its midnight or, with ``end``, its last minute."""
        return self._read(name, lambda text: read_moment(text, self.zone, end=end), NO_MOMENT, required=required)

    def flag(self, name: str) -> bool:
        """A box, or a word for yes."""
        text = self.given.get(name, "").strip().lower()
        if text not in YES and text not in NO:
            self.wrong(name, Sentence("Write yes or no."))
        return text in YES

    def choice(self, name: str, choices: Collection[str], default: str = "") -> str:
        """One of some texts."""
        text = self.given.get(name, "").strip() or default
        if text not in choices:
            self.wrong(name, NO_CHOICE)
            return default
        return text

    def one_of(self, name: str, ids: Collection[int], *, required: bool = False) -> int | None:
        """The id of something in ``ids``."""

        def read(text: str) -> int:
            number = int(text) if _WHOLE.fullmatch(text) else None
            if number is None or number not in ids:
                raise ValueError
            return number

        return self._read(name, read, NO_CHOICE, required=required)

    def email(self, name: str, *, required: bool = False) -> str | None:
        """An e-mail address."""

        def read(text: str) -> str:
            if len(text) > 254:
                raise ValueError
            try:
                validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
            except EmailNotValidError as error:
                raise ValueError from error
            return text

        return self._read(name, read, NO_MAIL, required=required)

    def localised(self, name: str, languages: Sequence[str], most: int, *, required: bool = True) -> dict[str, str]:
        """A text in several languages (``<name>-<language>``); where it is required, one of them has it."""
        texts = {language: self.text(f"{name}-{language}", most) for language in languages}
        found = {language: text for language, text in texts.items() if text}
        if required and not found and not any(field.startswith(f"{name}-") for field in self.errors):
            self.wrong(f"{name}-{languages[0]}", REQUIRED)
        return found

    def name_parts(self, prefix: str, scheme: str) -> dict[str, str]:
        """A name in the parts of a scheme (``<prefix>-<part>``); ``{}`` where all are empty."""
        parts = {part: self.text(f"{prefix}-{part}", 190) for part in SCHEMES[scheme].parts}
        return check_parts({"_scheme": scheme} | parts) if any(parts.values()) else {}


def read_moment(text: str, zone: ZoneInfo, *, end: bool = False) -> dt.datetime:
    """``2026-11-20 09:00`` or ``20.11.2026 09:00`` in ``zone``, or with an offset of its own. Raises `ValueError`.

    The time may be missing.
    """
    german = _GERMAN.fullmatch(text)
    if german:
        day, month, year, time = german.groups()
        text = f"{year}-{int(month):02}-{int(day):02}" + (f" {time.zfill(5)}" if time else "")
    if not _MOMENT.fullmatch(text):
        raise ValueError("no moment")
    moment = dt.datetime.fromisoformat(text)
    if len(text) == 10 and end:
        moment = moment.replace(hour=23, minute=59)
    return moments.kept(moments.as_utc(moment, zone))


def local(moment: dt.datetime | None, zone: str) -> str:
    """A moment as a field of a form takes it."""
    return moments.in_zone(moment, ZoneInfo(zone)).isoformat(timespec="minutes")[:16] if moment else ""
