"""Sending what was claimed: each request made once, what came of it written down in batches."""
