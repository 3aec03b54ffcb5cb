"""Platforms that cannot be read: what can be asked for there, and the steps to give and take it, as data."""
