"""Domain errors: what an operation says when it refuses. The web kit turns them into pages, fragments or JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

#: Messages by field, as the platform rules print them: ``{"field": ["message", …]}``.
FieldErrors = Mapping[str, Sequence[str]]


def _texts(messages: Any) -> list[str]:
    """The messages of a field; those of a list's entries or of an object's parts come by their place, and once each."""
    if isinstance(messages, Mapping):
        return list(dict.fromkeys(text for each in messages.values() for text in _texts(each)))
    return list(messages)


class DomainError(Exception):
    """Something the caller asked for cannot be done.

    ``code`` is stable and for programs, ``status`` is the HTTP status that fits, ``message`` is an English sentence
    that says what happened (translated where it is shown to a person).
    """

    status = 400
    code = "error"

    def __init__(self, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.headers = dict(headers or {})

    def body(self) -> Any:
        """The JSON body of the platform rules for this error."""
        return {"detail": self.message}


class InvalidInput(DomainError):
    """Values that cannot be accepted; ``fields`` names each one (``non_field_errors`` for what belongs to none)."""

    code = "invalid"

    def __init__(self, fields: FieldErrors) -> None:
        self.fields = {name: _texts(messages) for name, messages in fields.items()}
        first = next(iter(self.fields.items()), ("", ["Invalid input."]))
        super().__init__(f"{first[0]}: {first[1][0]}" if first[0] else first[1][0])

    def body(self) -> Any:
        return self.fields


class InvalidList(DomainError):
    """A list was sent and some of its entries are wrong: one mapping an entry, empty for a good one."""

    code = "invalid"

    def __init__(self, entries: Sequence[FieldErrors]) -> None:
        self.entries = [{name: _texts(messages) for name, messages in entry.items()} for entry in entries]
        super().__init__("Some entries are not valid.")

    def body(self) -> Any:
        return self.entries


class NotSignedIn(DomainError):
    """No credentials, or credentials that are not valid."""

    status = 401
    code = "not_authenticated"

    def __init__(
        self, message: str = "Authentication credentials were not provided.", *, scheme: str = "Token"
    ) -> None:
        super().__init__(message, headers={"WWW-Authenticate": scheme})


class Forbidden(DomainError):
    """Valid credentials without the permission, or something the caller may not know to exist."""

    status = 403
    code = "permission_denied"

    def __init__(
        self,
        message: str = "You do not have permission to perform this action.",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, headers=headers)


class NotFound(DomainError):
    """It does not exist, or not for this caller."""

    status = 404
    code = "not_found"

    def __init__(self, message: str = "Not found.") -> None:
        super().__init__(message)


class Conflict(DomainError):
    """Another change came first, or the same request is under way."""

    status = 409
    code = "conflict"


class TooManyRequests(DomainError):
    """A limit was reached; ``retry_after`` is in seconds."""

    status = 429
    code = "throttled"

    def __init__(self, message: str, *, retry_after: int) -> None:
        self.retry_after = max(1, retry_after)
        super().__init__(message, headers={"Retry-After": str(self.retry_after)})


class Unavailable(DomainError):
    """Something outside the portal did not answer (mail, for one)."""

    status = 503
    code = "unavailable"
