"""Changes to a living link beyond its preset: another access request, or another role."""
