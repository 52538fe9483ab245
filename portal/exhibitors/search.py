"""What the search over exhibitors looks at."""

from portal.core.text import search_text


def exhibitor_search_text(
    *,
    name: str,
    booth: str | None = None,
    contact_name: str | None = None,
    contact_email: str | None = None,
    internal_id: str | None = None,
) -> str:
    """The `Exhibitor.search_text` of these values; who changes one of them writes it anew."""
    return search_text(name, booth, contact_name, contact_email, internal_id)
