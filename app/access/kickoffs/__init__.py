"""Kickoffs: one live check of everything that a launch needs, stored with its result and shared by a secret link."""
