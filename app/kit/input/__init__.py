"""Input from JSON bodies and URLs: field types, and sentences for invalid values."""
