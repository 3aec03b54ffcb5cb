"""Existing access: what clients share now, and findings about it."""
