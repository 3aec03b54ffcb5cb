"""Sending what is due: claimed in fair shares, each request made once, what came of it written down in batches."""
