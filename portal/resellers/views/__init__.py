"""The pages of resellers, and those of admins about them."""

from flask import request
from flask_babel import gettext

from portal.core.errors import InvalidInput


def given(*names: str) -> dict[str, str]:
    """What a form hands in."""
    return {name: request.form.get(name, "") for name in names}


def translated(error: InvalidInput) -> dict[str, list[str]]:
    """What is wrong with a form, by field, in the reader's language."""
    return {name: [gettext(each) for each in found] for name, found in error.fields.items()}
