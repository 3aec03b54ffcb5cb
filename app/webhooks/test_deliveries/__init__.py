"""Test deliveries: one event of a chosen type sent to one endpoint on request."""
