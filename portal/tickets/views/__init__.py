"""Pages of organizers: orders and their tickets."""
