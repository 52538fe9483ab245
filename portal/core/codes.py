"""Secrets of all kinds: readable access codes, random tokens, and the hashes they are stored as."""

import hashlib
import secrets

#: 32 letters and digits that cannot be mistaken for each other on paper (no 0/O, 1/I).
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

#: Lengths of access codes that the portal makes (contract decision 23).
FULL_CODE_LENGTH = 9
SCANNING_CODE_LENGTH = 8


def make_code(length: int) -> str:
    """A random code of ``length`` characters from `ALPHABET`."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def normalise_code(typed: str) -> str:
    """What a person typed, reduced to what identifies a code: upper case, without spaces, dashes and dots."""
    return "".join(char for char in typed.upper() if char.isalnum())[:64]


def make_token() -> str:
    """A random token of 64 characters (380 bits), safe in headers and URLs."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(64))


def hash_token(token: str) -> str:
    """SHA-256, hex. Enough for secrets that are long and random (platform rules, Authentication)."""
    return hashlib.sha256(token.encode()).hexdigest()
