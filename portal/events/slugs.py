"""Slugs of organizers and events: what one looks like, said once (contract decision 6)."""

import re

from portal.core.errors import InvalidInput
from portal.core.sentences import Sentence

MOST = 50
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,49}")

MISSING = Sentence("Enter a short name for addresses.")
WRONG = Sentence("Use 1 to 50 letters, digits, dots and dashes; a letter or a digit comes first.")
TAKEN = Sentence("This short name is taken already. Upper and lower case make no difference.")


def read_slug(given: str) -> str:
    """A slug as it is stored; raises `InvalidInput` on ``slug`` for what is none; nothing is taken off it first."""
    if not given:
        raise InvalidInput({"slug": [MISSING]})
    if not SLUG.fullmatch(given):
        raise InvalidInput({"slug": [WRONG]})
    return given


def taken() -> InvalidInput:
    """What is raised where another organizer, or another event of the organizer, has the slug."""
    return InvalidInput({"slug": [TAKEN]})
