"""Changes of vouchers: made, set, deleted, and used by tickets."""
