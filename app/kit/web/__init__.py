"""Common parts of every request and response: ids, limits, errors, pages of lists, health."""
