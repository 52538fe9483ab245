"""Vouchers and their redemptions."""
