"""Slugs of organizers and events: what one looks like, said once (contract decision 6)."""

import re

from portal.core.errors import InvalidInput
from portal.core.i18n import N_

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,49}")

MISSING = N_("Enter a short name for addresses.")
WRONG = N_("Use 1 to 50 letters, digits, dots and dashes; a letter or a digit comes first.")
TAKEN = N_("This short name is taken already. Upper and lower case make no difference.")


def read_slug(given: str) -> str:
    """A slug as it is stored; raises `InvalidInput` on ``slug`` for what is none."""
    slug = given.strip()
    if not slug:
        raise InvalidInput({"slug": [MISSING]})
    if not SLUG.fullmatch(slug):
        raise InvalidInput({"slug": [WRONG]})
    return slug


def taken() -> InvalidInput:
    """What is raised where another organizer, or another event of the organizer, has the slug."""
    return InvalidInput({"slug": [TAKEN]})
