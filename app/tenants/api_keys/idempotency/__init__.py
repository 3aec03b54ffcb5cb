"""Idempotent POST requests: a repeated request with the same key gets the first response."""
