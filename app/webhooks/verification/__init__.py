"""Proof that an endpoint belongs to its owner: a challenge is sent to it and must come back."""
