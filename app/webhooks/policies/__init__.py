"""Decisions of the dispatcher: response classes, retries, fair shares, health of endpoints."""
