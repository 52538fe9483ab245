"""Scans, notes and ratings that exhibitors collect."""
