"""Deliveries while processes die: what was accepted arrives, and twice only where the documentation says so."""
