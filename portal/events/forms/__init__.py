"""The forms of events and of their parts: what people type, as values of the services and back."""
