"""Strings in several languages: JSON objects by language code."""

from collections.abc import Mapping

LocalisedString = Mapping[str, str]


def localise(value: LocalisedString | str | None, *locales: str | None) -> str:
    """The text for the first of ``locales`` that has one, else any (platform rules, Localised strings).

    ``de-formal`` falls back to ``de``. A plain string is returned as it is, nothing as ``""``.
    """
    if not value:
        return ""
    if isinstance(value, str):
        return value
    for locale in locales:
        if not locale:
            continue
        text = value.get(locale) or value.get(locale.replace("_", "-").split("-")[0])
        if text:
            return text
    return next((text for text in value.values() if text), "")
