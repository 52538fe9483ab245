"""Passwords: argon2, one place for its parameters, and the same work for an account that does not exist."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 8
MAX_LENGTH = 1024

#: OWASP's second choice: 19 MiB and two passes, so that eight threads hashing at once stay below 160 MiB.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

#: The hash of a random password that nobody has, by the same parameters: what unknown e-mails are checked against.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$tbifzAdwGVBdnigoLnY0ew$bdqT0cR5tRwXIIDupx4AfqMOJ1IIa1eaD938+gcf6SE"


def _plain(password: str) -> str:
    """One spelling for letters that can be typed in two ways."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """The argon2 hash to store."""
    return _hasher.hash(_plain(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one; without a stored hash the same time passes and the answer is no."""
    try:
        _hasher.verify(stored or NOBODY, _plain(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)
