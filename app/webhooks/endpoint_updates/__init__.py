"""Changing and deleting endpoints, with what that means for the deliveries under way to them."""
