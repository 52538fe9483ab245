"""Orders, positions, carts and check-in rows: what was sold, to whom."""
