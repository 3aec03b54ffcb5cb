"""Partners: Business Centers that work with the agency's, as the platform lists them, with their clients."""
