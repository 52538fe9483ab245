"""Pages of an exhibitor's leads."""
