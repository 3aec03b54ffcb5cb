"""Time to access: from the opening of a link to its verification."""
