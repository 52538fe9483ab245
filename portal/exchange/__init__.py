"""Bundles in and out."""
