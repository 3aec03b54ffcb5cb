"""Imports: what the agency's Business Center has from its partners already, found by looking and asked of nobody."""
