"""Pages of organizers: their events, each event's home, and what an event is made of."""
