"""What the search over tickets looks at."""

from portal.core.text import search_text


def position_search_text(*, attendee_name: str | None, attendee_email: str | None, company: str | None) -> str:
    """The `OrderPosition.search_text` of these values; who changes one of them writes it anew."""
    return search_text(attendee_name, attendee_email, company)
