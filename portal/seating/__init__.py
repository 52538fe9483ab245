"""Seating plans, seats and blocking."""
