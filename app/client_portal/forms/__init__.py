"""Parsing and validation of the forms on the client's screens."""
