"""Tests of the manuals: every example in them is run."""
