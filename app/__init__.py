"""Keyturn: partner access requested with one link, verified by reading back, and revoked."""

VERSION = "0.1.0"
