"""What is shown of links: to events, flat, and to callers of the API."""
