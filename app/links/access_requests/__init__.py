"""What the agency asks of a living link beyond its preset: one more access, or another role."""
