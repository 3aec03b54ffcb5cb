"""The one-time page on which a member connects the agency's own side."""
