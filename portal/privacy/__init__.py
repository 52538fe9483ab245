"""A person's data: finding everything that an event holds of an attendee, and erasing it on request."""
