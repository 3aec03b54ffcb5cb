"""Revocations: access taken away on the agency's wish, one grant at a time, and read back."""
