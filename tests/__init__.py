"""Tests, one folder a feature; `tests.fair` builds the people and things that they meet."""
