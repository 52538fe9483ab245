"""Changes of events and of what they are made of: products, questions, dates."""
