"""Everything that knows no HTTP: database, clock, codes, errors, audit log, outbox, localised strings."""
