"""What the sign-in form hands in."""

from flask_babel import lazy_gettext
from marshmallow import EXCLUDE, Schema, fields, validate

from portal.accounts.passwords import MAX_LENGTH


class SignInForm(Schema):
    """E-mail and password. That one is missing may be said; whether one is known may not."""

    class Meta:
        """Other fields of the form are not for us."""

        unknown = EXCLUDE

    email = fields.String(
        load_default="",
        validate=[
            validate.Length(min=1, error=lazy_gettext("Enter your e-mail address.")),
            validate.Length(max=254, error=lazy_gettext("This is too long for an e-mail address.")),
        ],
    )
    password = fields.String(
        load_default="",
        validate=[
            validate.Length(min=1, error=lazy_gettext("Enter your password.")),
            validate.Length(max=MAX_LENGTH, error=lazy_gettext("This is too long for a password.")),
        ],
    )
