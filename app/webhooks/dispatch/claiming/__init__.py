"""Claiming what is due: whose turn it is, a lease on each, and all that is needed to send it."""
