"""What every request and answer has in common: ids, limits, problems, pages of lists, health."""
