"""Buyers: giving an ad account that was shared to the agency's own people, and reading back that they can open it."""
