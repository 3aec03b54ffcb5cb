"""Getting ready: what should be in place before access is shared, and how we know of each thing."""
