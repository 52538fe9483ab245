"""Exhibitors, their tags, vouchers, access codes and mail."""
