"""Platforms that an agency defines itself."""
