"""Every text of the sources is translated, and the compiled catalogs are those of the written ones."""

import io
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
LOCALES = ("de",)


def _folder(locale: str) -> Path:
    return ROOT / "portal" / "translations" / locale / "LC_MESSAGES"


def _catalog(locale: str) -> Catalog:
    with (_folder(locale) / "messages.po").open("rb") as file:
        return read_po(file, locale=locale)


@cache
def _texts() -> dict[str | tuple[str, ...], str]:
    """Every text of the sources, with a place where it stands."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    errors = re.findall(r"^ERRORS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0].split()
    keywords = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2), **dict.fromkeys(errors)}
    found = extract_from_dir(ROOT, methods, options, keywords=keywords)
    return {text: f"{name}:{line}" for name, line, text, _comments, _context in found if text}


def _is_translated(message: Message | None) -> bool:
    if message is None or message.fuzzy or not message.string:
        return False
    return isinstance(message.string, str) or all(message.string)


def test_the_sources_have_texts() -> None:
    assert len(_texts()) > 20


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_translated(locale: str) -> None:
    catalog = _catalog(locale)
    untranslated = [
        f"{place}: {text!r}"
        for text, place in sorted(_texts().items(), key=lambda item: item[1])
        if not _is_translated(catalog.get(text if isinstance(text, str) else text[0]))
    ]
    assert not untranslated, "run `make translations`, then translate:\n" + "\n".join(untranslated)


@pytest.mark.parametrize("locale", LOCALES)
def test_translations_have_the_placeholders_of_their_texts(locale: str) -> None:
    wrong = [f"{message.id!r}: {errors}" for message, errors in _catalog(locale).check()]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_compiled_catalog_is_current(locale: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, _catalog(locale))
    assert (_folder(locale) / "messages.mo").read_bytes() == compiled.getvalue(), "run `make translations`"
