"""Reads of check-in: who scans, tickets at the gate, questions, figures and the copy for offline gates."""
