"""Reseller accounts and their clients."""
