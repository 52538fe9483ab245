"""Changes of seats: blocking and freeing, taking that back, choosing many, and plans."""

from portal.seating.services.blocking import MOST_AT_ONCE, bulk_set_blocked, change_seats, set_blocked

__all__ = ["MOST_AT_ONCE", "bulk_set_blocked", "change_seats", "set_blocked"]
