"""Tests of leads: pages, changes, search."""
