"""Diagnostics of an agency's way to the platform: its app, redirect address, permissions, connection and reads."""
