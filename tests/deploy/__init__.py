"""Tests of the examples for running the portal behind nginx and systemd."""
