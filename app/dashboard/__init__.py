"""Pages for the agency's members."""
