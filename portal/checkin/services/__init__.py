"""Writes of check-in: redeeming tickets, saving answers, stamping devices."""
