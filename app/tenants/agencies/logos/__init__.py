"""The agency's logo: fetched or given, made anew by us, and shown on its clients' pages."""
