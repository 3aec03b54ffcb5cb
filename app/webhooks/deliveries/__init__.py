"""Deliveries as an agency sees them, and what it does to them."""
