"""What the search over tickets looks at."""

from portal.core.text import search_text


def position_search_text(
    *,
    attendee_name: str | None,
    attendee_email: str | None,
    company: str | None,
    parent_name: str | None = None,
    invoice_name: str | None = None,
    invoice_company: str | None = None,
) -> str:
    """The `OrderPosition.search_text` of these values; who changes one of them writes it anew.

    ``parent_name`` is the name on the ticket that this one is an add-on of. The secret and the order's code are not in
    it: they are found by how they begin.
    """
    return search_text(attendee_name, attendee_email, company, parent_name, invoice_name, invoice_company)
