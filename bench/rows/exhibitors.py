"""Rows of the exhibitors' APIs."""

from bench.rows.base import AUTH, EVENT, Request, Row


def exhibitors_list() -> list[Request]:
    """Pages of fifty exhibitors with codes and tags."""
    return [Request("GET", f"{EVENT}/exhibitors/?page={page}", headers=AUTH) for page in range(1, 7)]


ROWS = (Row("exhibitors list", exhibitors_list),)
