"""The rows of the benchmark, a module for each feature."""

from bench.rows import checkin, exhibitors, leads, seats
from bench.rows.base import Request, Row

ROWS: tuple[Row, ...] = (*seats.ROWS, *exhibitors.ROWS, *leads.ROWS, *checkin.ROWS)

__all__ = ["ROWS", "Request", "Row"]
