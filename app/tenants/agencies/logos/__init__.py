"""The agency's logo: uploaded or fetched, re-encoded, and shown on its clients' pages."""
