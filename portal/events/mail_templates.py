"""Mails in an event's own words: their placeholders, what may be stored, and the words that it starts with."""

import re
from collections.abc import Mapping
from typing import Any

from portal.core.sentences import Sentence

#: What a text may name in braces, and what it stands for.
PLACEHOLDERS = ("exhibitor", "event", "code", "link", "scanning_code", "booth", "contact_name")

#: Settings that hold a mail's words by language, and how long one may be.
TEMPLATES = {"mail_subject": 200, "mail_text": 10_000}

#: The words of an event that has none of its own.
DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "mail_subject": {
        "en": "Your access code for {event}",
        "de": "Ihr Zugangscode für {event}",
    },
    "mail_text": {
        "en": (
            "Hello {contact_name},\n\n"
            "here is the access code of {exhibitor} for {event}: {code}\n"
            "Your booth: {booth}\n\n"
            "The code opens your pages with leads and vouchers, and the app that scans leads. "
            "This link brings you there without typing:\n{link}\n\n"
            "Please treat the code like a key: whoever has it sees your data.\n"
            "For colleagues who only scan there is a code of its own: {scanning_code}"
        ),
        "de": (
            "Guten Tag {contact_name},\n\n"
            "hier ist der Zugangscode von {exhibitor} für {event}: {code}\n"
            "Ihr Stand: {booth}\n\n"
            "Der Code öffnet Ihre Seiten mit Leads und Gutscheinen sowie die App, die Leads scannt. "
            "Dieser Link führt Sie ohne Tippen dorthin:\n{link}\n\n"
            "Bitte behandeln Sie den Code wie einen Schlüssel: Wer ihn hat, sieht Ihre Daten.\n"
            "Für Kolleginnen und Kollegen, die nur scannen, gibt es einen eigenen Code: {scanning_code}"
        ),
    },
}

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}")
_NAMED = re.compile(r"\{([^{}]*)\}")


def unknown_placeholders(text: str) -> list[str]:
    """The names in braces that nothing stands for, each once, in their order."""
    return list(dict.fromkeys(name for name in _NAMED.findall(text) if name not in PLACEHOLDERS))


def check_template(name: str, text: str) -> str | None:
    """What is wrong with a text of `TEMPLATES`, as a sentence; None where it may be stored."""
    limit = TEMPLATES[name]
    if len(text) > limit:
        return Sentence("has %(count)s characters, at most %(most)s are allowed", count=len(text), most=limit)
    if "\x00" in text:
        return Sentence("holds a null character")
    if name == "mail_subject" and len(text.strip().splitlines()) > 1:
        return Sentence("has more than one line")
    unknown = unknown_placeholders(text)
    if unknown:
        shown = ", ".join(f"{{{each}}}" for each in unknown[:10])
        known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
        return Sentence(
            "names %(shown)s, which nothing stands for. What can be named: %(known)s", shown=shown, known=known
        )
    return None


def check_templates(name: str, value: Any) -> tuple[dict[str, str], dict[str, str]]:
    """What to store of a text in several languages, and what is wrong by language (``""``: with all of it).

    A language without a text is left out.
    """
    if not isinstance(value, Mapping):
        return {}, {"": "must be an object of texts by language"}
    stored: dict[str, str] = {}
    errors: dict[str, str] = {}
    for language, text in value.items():
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language) or len(language) > 16:
            errors[str(language)[:20]] = "is no language code"
        elif text is not None and not isinstance(text, str):
            errors[language] = "must be a string"
        elif text and (wrong := check_template(name, text)):
            errors[language] = wrong
        elif text and text.strip():
            stored[language] = text.replace("\r\n", "\n").strip()
    return stored, errors


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with ``values`` in place of its placeholders. A line that names one without a value is left out."""
    kept = []
    for line in text.split("\n"):
        named = [name for name in _NAMED.findall(line) if name in PLACEHOLDERS]
        if all(values.get(name) for name in named):
            kept.append(_NAMED.sub(lambda found: values.get(found[1], found[0]), line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
