"""Names in parts, by the schemes that pretix uses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask_babel import lazy_gettext

from portal.core.sentences import Sentence

NameParts = Mapping[str, str]

#: Labels of the parts, in English; the doors translate them.
PART_LABELS = {
    "salutation": lazy_gettext("Salutation"),
    "title": lazy_gettext("Title"),
    "degree": lazy_gettext("Degree (after name)"),
    "given_name": lazy_gettext("Given name"),
    "middle_name": lazy_gettext("Middle name"),
    "family_name": lazy_gettext("Family name"),
    "full_name": lazy_gettext("Name"),
    "calling_name": lazy_gettext("Calling name"),
    "latin_transcription": lazy_gettext("Latin transcription"),
}


@dataclass(frozen=True, slots=True)
class Scheme:
    """The parts of a name scheme in their order, and how they make one string."""

    parts: tuple[str, ...]
    compose: Callable[[NameParts], str]


def _joined(*order: str) -> Callable[[NameParts], str]:
    def compose(parts: NameParts) -> str:
        return " ".join(value for key in order if (value := (parts.get(key) or "").strip()))

    return compose


def _with_degree(*order: str) -> Callable[[NameParts], str]:
    joined = _joined(*order)

    def compose(parts: NameParts) -> str:
        name, degree = joined(parts), (parts.get("degree") or "").strip()
        return f"{name}, {degree}" if name and degree else name or degree

    return compose


SCHEMES: dict[str, Scheme] = {
    "full": Scheme(("full_name",), _joined("full_name")),
    "given_family": Scheme(("given_name", "family_name"), _joined("given_name", "family_name")),
    "title_given_family": Scheme(("title", "given_name", "family_name"), _joined("title", "given_name", "family_name")),
    "given_middle_family": Scheme(
        ("given_name", "middle_name", "family_name"), _joined("given_name", "middle_name", "family_name")
    ),
    "title_given_middle_family": Scheme(
        ("title", "given_name", "middle_name", "family_name"),
        _joined("title", "given_name", "middle_name", "family_name"),
    ),
    "family_given": Scheme(("family_name", "given_name"), _joined("family_name", "given_name")),
    "family_nospace_given": Scheme(
        ("given_name", "family_name"),
        lambda parts: (parts.get("family_name") or "").strip() + (parts.get("given_name") or "").strip(),
    ),
    "family_comma_given": Scheme(
        ("given_name", "family_name"),
        lambda parts: ", ".join(
            value for key in ("family_name", "given_name") if (value := (parts.get(key) or "").strip())
        ),
    ),
    "calling_full": Scheme(("calling_name", "full_name"), _joined("full_name")),
    "full_transcription": Scheme(("full_name", "latin_transcription"), _joined("full_name")),
    "salutation_given_family": Scheme(
        ("salutation", "given_name", "family_name"), _joined("given_name", "family_name")
    ),
    "salutation_title_given_family": Scheme(
        ("salutation", "title", "given_name", "family_name"), _joined("title", "given_name", "family_name")
    ),
    "salutation_title_given_family_degree": Scheme(
        ("salutation", "title", "given_name", "family_name", "degree"),
        _with_degree("title", "given_name", "family_name"),
    ),
}

#: What ``_legacy`` holds on old pretix servers: one string without a scheme.
_LEGACY = "_legacy"


def check_parts(parts: object) -> dict[str, str]:
    """Parts as they may be stored: text values by the keys of their scheme, with ``_scheme``.

    ``{}`` stays empty; without ``_scheme`` the parts are taken as they are (``_legacy`` too). Raises `ValueError`
    with a sentence for what is no object of strings or names an unknown scheme.
    """
    if not isinstance(parts, Mapping):
        raise ValueError(Sentence("Names in parts are an object of strings."))
    for key, value in parts.items():
        if not isinstance(key, str) or not isinstance(value, str | None):
            raise ValueError(Sentence("Names in parts are an object of strings."))
    scheme = parts.get("_scheme")
    if scheme is None:
        return {key: value or "" for key, value in parts.items() if key in PART_LABELS or key == _LEGACY}
    if scheme not in SCHEMES:
        raise ValueError(Sentence("Unknown name scheme “%(name)s”.", name=scheme))
    return {"_scheme": scheme} | {key: parts[key] or "" for key in SCHEMES[scheme].parts if key in parts}


def compose(parts: NameParts | None) -> str:
    """One string from the parts, by their scheme; ``""`` where there is nothing."""
    if not parts:
        return ""
    if _LEGACY in parts:
        return (parts[_LEGACY] or "").strip()
    scheme = SCHEMES.get(parts.get("_scheme", ""))
    if scheme is None:
        return _joined(*PART_LABELS)(parts)
    return scheme.compose(parts)
