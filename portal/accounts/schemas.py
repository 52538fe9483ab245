"""What the sign-in form hands in."""

from collections.abc import Callable

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString
from marshmallow import EXCLUDE, Schema, ValidationError, fields

from portal.accounts.passwords import MAX_LENGTH


def _between(longest: int, missing: LazyString, too_long: LazyString) -> Callable[[str], None]:
    """A text that is there and no longer than that."""

    def check(value: str) -> None:
        if not value.strip():
            raise ValidationError(str(missing))
        if len(value) > longest:
            raise ValidationError(str(too_long))

    return check


class SignInForm(Schema):
    """E-mail and password. That one is missing may be said; whether one is known may not."""

    class Meta:
        """Other fields of the form are not for us."""

        unknown = EXCLUDE

    email = fields.String(
        load_default="",
        validate=_between(
            254, lazy_gettext("Enter your e-mail address."), lazy_gettext("This is too long for an e-mail address.")
        ),
    )
    password = fields.String(
        load_default="",
        validate=_between(
            MAX_LENGTH, lazy_gettext("Enter your password."), lazy_gettext("This is too long for a password.")
        ),
    )
