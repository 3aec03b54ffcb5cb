"""Endpoints as callers give them, and what to say about what they gave."""
