"""Organizers, events, subevents, products, questions and settings."""
