"""Openings: who of the agency is to open an ad account that was shared, and whether they can."""
