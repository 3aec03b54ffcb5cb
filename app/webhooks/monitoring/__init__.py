"""Metrics, gauges, and the worker's own pages."""
