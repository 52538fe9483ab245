"""Pages of organizers: vouchers."""
