"""Changes of orders and tickets: sold by hand or from a file, paid, cancelled, given to somebody else."""
