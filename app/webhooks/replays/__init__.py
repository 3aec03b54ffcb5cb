"""Sending again what an endpoint did not get, or all of a span of time."""
