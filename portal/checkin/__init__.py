"""Check-in lists and devices."""
