"""Slugs: what organizers and events are called in addresses (contract decision 6)."""

import re

from portal.core.sentences import Sentence

MOST = 50
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,49}")

WRONG_SLUG = Sentence("Use 1 to 50 letters, digits, dots and dashes, and begin with a letter or a digit.")
TAKEN_SLUG = Sentence("This short form is taken already. Choose another one.")


def is_slug(text: object) -> bool:
    """Whether a text may be the slug of an organizer or an event."""
    return isinstance(text, str) and _SLUG.fullmatch(text) is not None
