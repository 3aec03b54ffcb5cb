"""Seeing how dispatch is doing: figures, gauges, the worker's own pages, and notices to agencies."""
