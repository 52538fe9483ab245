"""Pages of exhibitors, one module for each part."""
