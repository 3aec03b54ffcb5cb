"""Imports: assets that partners share with the agency's Business Centers already, read without a request."""
