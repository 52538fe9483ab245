"""What keeps an installation well: its doctor, its backups."""
