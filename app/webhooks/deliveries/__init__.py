"""Deliveries: creation, transitions, conditions, and their API."""
